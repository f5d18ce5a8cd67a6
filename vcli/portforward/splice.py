"""Join a local connection and a link, both ways, each as fast as the other side can take it."""

import asyncio
import contextlib

from vcli.kube.errors import Unreachable
from vcli.portforward.link import Link

_READ = 64 * 1024
# A local end-of-file can't be sent to the pod (the protocol has no half-close); what the pod still has to say
# is delivered until it pauses this long.
_LINGER = 1.0
# More than a TLS client ever says before it waits for an answer.
_LONGEST_FIRST_FLIGHT = 64 * 1024


class Local:
    """A connection that a program on this machine opened to the tunnel.

    It remembers what was sent until the first answer: until then the whole exchange can be moved to another
    link, since a server that has said nothing yet has done nothing (TLS: it has not finished the
    handshake).
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._first_flight = bytearray()
        self._committed = False
        self._received_at = 0.0

    @property
    def committed(self) -> bool:
        """Has the pod answered, or been sent too much to say it again?"""
        return self._committed

    @property
    def gone(self) -> bool:
        """Has the program given up?"""
        return self._reader.at_eof() or self._writer.is_closing()

    async def splice(self, link: Link) -> None:
        """Carry bytes until either side ends; the link may be replaced until ``committed``."""
        upstream = asyncio.create_task(self._send_all(link))
        downstream = asyncio.create_task(self._receive_all(link))
        try:
            await asyncio.wait({upstream, downstream}, return_when=asyncio.FIRST_COMPLETED)
            if not downstream.done():
                await self._linger(downstream)
        finally:
            for task in (upstream, downstream):
                task.cancel()
            await asyncio.gather(upstream, downstream, return_exceptions=True)

    async def close(self) -> None:
        """Send what is buffered, then close; at once if cancelled meanwhile."""
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except OSError:
            pass
        finally:
            self._writer.transport.abort()

    async def _send_all(self, link: Link) -> None:
        with contextlib.suppress(OSError, Unreachable):
            if self._first_flight:
                await link.send(bytes(self._first_flight))
            while data := await self._reader.read(_READ):
                if not self._committed:
                    self._first_flight += data
                    if len(self._first_flight) > _LONGEST_FIRST_FLIGHT:
                        self._commit()
                await link.send(data)

    async def _receive_all(self, link: Link) -> None:
        with contextlib.suppress(OSError):
            while data := await link.recv():
                if not self._committed:
                    self._commit()
                self._received_at = asyncio.get_running_loop().time()
                self._writer.write(data)
                await self._writer.drain()

    def _commit(self) -> None:
        self._committed = True
        self._first_flight.clear()

    async def _linger(self, downstream: "asyncio.Task[None]") -> None:
        loop = asyncio.get_running_loop()
        self._received_at = loop.time()
        while (left := self._received_at + _LINGER - loop.time()) > 0:
            done, _ = await asyncio.wait({downstream}, timeout=left)
            if done:
                return
