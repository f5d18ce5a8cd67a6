"""One listening TLS socket, the connections that it took, and the requests on each."""

import asyncio
import socket
import ssl
from asyncio import StreamReader, StreamReaderProtocol, StreamWriter
from collections.abc import Awaitable, Callable
from typing import Final

from vcli.syncer.engine.log import Log
from vcli.syncer.serving.acceptor import Acceptor
from vcli.syncer.serving.exchange import TEXT, Exchange
from vcli.syncer.serving.limiter import SECONDS, ConnectionLimiter, Slot
from vcli.syncer.serving.requests import FIRST_HEAD_BYTES, MAX_HEAD_BYTES, Refused, read_request, response
from vcli.syncer.serving.sockets import keep_alive
from vcli.syncer.serving.streams import close, drop_traceback

log = Log(__name__)

Answer = Callable[[Exchange], Awaitable[None]]
"""Answers one request, or raises `Refused`."""

# Seconds to wait for the (next) request on a connection: more than the 90 after which a Go client drops an
# idle one, so that we never close one that it is about to use.
_IDLE: Final = 120.0
_SHUTDOWN: Final = 5.0
_BUFFER: Final = 64 * 1024
"""Bytes of a connection that wait to be read, before no more are taken; twice as many at the most."""


class Listener:
    """Takes connections on a socket until it is closed.

    Args:
        name: for the log.
        answer: answers each request; calls `Exchange.authenticated` where it accepts a token.
        limiter: for connections without an accepted client certificate or token.
    """

    def __init__(self, name: str, answer: Answer, limiter: ConnectionLimiter) -> None:
        self._name = name
        self._answer = answer
        self._acceptor = Acceptor(name, limiter, self._serve)
        self._context: ssl.SSLContext | None = None
        self.port = 0

    async def start(self, sock: socket.socket, context: ssl.SSLContext) -> None:
        """Begin to take connections on a listening socket, which is ours from now on."""
        self.port = sock.getsockname()[1]
        self._context = context
        self._acceptor.start(sock)

    async def close(self) -> None:
        """Take no more, and end what is open."""
        await self._acceptor.close()

    async def _serve(self, sock: socket.socket, slot: Slot) -> None:
        """Answer all requests on a connection."""
        reader = StreamReader(limit=_BUFFER)
        protocol = StreamReaderProtocol(reader)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.connect_accepted_socket(
            lambda: protocol,
            sock,
            ssl=self._context,
            ssl_handshake_timeout=SECONDS,
            ssl_shutdown_timeout=_SHUTDOWN,
        )
        writer = StreamWriter(transport, protocol, reader, loop)
        if writer.get_extra_info("peercert"):
            slot.authenticated()
        keep_alive(writer.get_extra_info("socket"))
        try:
            while await self._exchange(reader, writer, slot):
                pass
        except OSError as error:
            log.debug("client is gone", server=self._name, error=error)
            drop_traceback(error)
        except asyncio.CancelledError:
            writer.transport.abort()
            raise
        except Exception as error:  # noqa: BLE001 - one bad request must not be the end of the syncer
            log.error("request failed", exc=error, server=self._name)  # noqa: TRY400 - fields, and the same traceback
            writer.transport.abort()
        finally:
            await close(writer)

    async def _exchange(self, reader: StreamReader, writer: StreamWriter, slot: Slot) -> bool:
        """Answer the next request; True if another one may follow."""
        try:
            async with asyncio.timeout(_IDLE):  # unauthenticated clients have less: the limiter sees to it
                most = MAX_HEAD_BYTES if slot.is_authenticated else FIRST_HEAD_BYTES
                request = await read_request(reader, max_head=most)
        except TimeoutError:
            return False
        except Refused as refused:
            writer.write(
                response(refused.status, refused.message.encode(), content_type=TEXT, keep_alive=False)
            )
            await writer.drain()
            return False
        if request is None:
            return False
        exchange = Exchange(request=request, reader=reader, writer=writer, authenticated=slot.authenticated)
        try:
            await self._answer(exchange)
        except Refused as refused:
            if exchange.started:
                # Too late to say so: an answer without its proper end says that something is missing.
                writer.transport.abort()
                return False
            exchange.keep &= slot.is_authenticated
            await exchange.reply(refused.message, status=refused.status)
        return exchange.keep and slot.is_authenticated
