"""One listening TLS socket, the connections that it took, and the requests on each."""

import asyncio
import socket
import ssl
from asyncio import StreamReader, StreamWriter, Task
from collections.abc import Awaitable, Callable
from typing import Final

from vcli.syncer.engine.log import Log
from vcli.syncer.serving.exchange import TEXT, Exchange
from vcli.syncer.serving.requests import MAX_HEAD_BYTES, Refused, read_request, response
from vcli.syncer.serving.sockets import keep_alive
from vcli.syncer.serving.streams import close

log = Log(__name__)

Answer = Callable[[Exchange], Awaitable[None]]
"""Answers one request, or raises `Refused`."""

# Seconds to wait for the (next) request on a connection: more than the 90 after which a Go client drops an
# idle one, so that we never close one that it is about to use.
_IDLE: Final = 120.0
_HANDSHAKE: Final = 20.0
_SHUTDOWN: Final = 5.0


class Listener:
    """Takes connections on a socket until it is closed.

    Args:
        name: for the log.
        answer: answers each request.
    """

    def __init__(self, name: str, answer: Answer) -> None:
        self._name = name
        self._answer = answer
        self._connections: set[Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    async def start(self, sock: socket.socket, context: ssl.SSLContext) -> None:
        """Begin to take connections on a listening socket, which is ours from now on."""
        self.port = sock.getsockname()[1]
        self._server = await asyncio.start_server(
            self._accepted,
            sock=sock,
            ssl=context,
            limit=MAX_HEAD_BYTES,
            ssl_handshake_timeout=_HANDSHAKE,
            ssl_shutdown_timeout=_SHUTDOWN,
        )

    async def close(self) -> None:
        """Take no more, and end what is open."""
        if self._server is not None:
            self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def _accepted(self, reader: StreamReader, writer: StreamWriter) -> None:
        # A task of our own: in Python 3.11, asyncio takes the end of one that it made itself for a fault.
        task = asyncio.create_task(self._serve(reader, writer), name=self._name)
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Answer all requests on a connection."""
        keep_alive(writer.get_extra_info("socket"))
        try:
            while await self._exchange(reader, writer):
                pass
        except OSError as error:
            log.debug("client is gone", server=self._name, error=error)
        except asyncio.CancelledError:
            writer.transport.abort()
            raise
        except Exception as error:  # noqa: BLE001 - one bad request must not be the end of the syncer
            log.error("request failed", exc=error, server=self._name)  # noqa: TRY400 - fields, and the same traceback
            writer.transport.abort()
        finally:
            await close(writer)

    async def _exchange(self, reader: StreamReader, writer: StreamWriter) -> bool:
        """Answer the next request; tell whether another one may follow."""
        try:
            async with asyncio.timeout(_IDLE):
                request = await read_request(reader)
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
        exchange = Exchange(request=request, reader=reader, writer=writer)
        try:
            await self._answer(exchange)
        except Refused as refused:
            if exchange.started:
                # Too late to say so: an answer without its proper end tells that something is missing.
                writer.transport.abort()
                return False
            await exchange.reply(refused.message, status=refused.status)
        return exchange.keep
