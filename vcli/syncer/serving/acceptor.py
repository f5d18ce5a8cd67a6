"""Accepts connections on a listening socket, within limits, and serves each in a task of its own."""

import asyncio
import contextlib
import ipaddress
import socket
from asyncio import Task
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from vcli.syncer.engine.log import Log
from vcli.syncer.serving.limiter import ConnectionLimiter, Slot
from vcli.syncer.serving.streams import drop_traceback

log = Log(__name__)

Serve = Callable[[socket.socket, Slot], Awaitable[None]]
"""Serves a connection, and closes it. Cancelled when the limiter closes the connection."""

_PAUSE: Final = 0.5


class Acceptor:
    """Accepts connections until it is closed.

    The servers of asyncio accept all connections, and allocate buffers and TLS for each.

    Args:
        name: of the tasks, and for the log.
        limiter: for clients that are not authenticated; several servers may share one.
        serve: serves each connection.
    """

    def __init__(self, name: str, limiter: ConnectionLimiter, serve: Serve) -> None:
        self._name = name
        self._limiter = limiter
        self._serve = serve
        self._socket: socket.socket | None = None
        self._accepting: Task[None] | None = None
        self._connections: set[Task[None]] = set()

    def start(self, sock: socket.socket) -> None:
        """Begin to accept connections on a listening socket, which is closed by `close`."""
        sock.setblocking(False)
        self._socket = sock
        self._accepting = asyncio.create_task(self._accept(sock), name=self._name)

    async def close(self) -> None:
        """Accept no more, and close what is open."""
        if self._accepting is not None:
            self._accepting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._accepting
        if self._socket is not None:
            self._socket.close()
        await asyncio.sleep(0)  # a task that was never run would leave its socket open
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _accept(self, sock: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, peer = await loop.sock_accept(sock)
            except ConnectionError:  # closed by the client before it was accepted
                continue
            except OSError as error:
                log.warning("connection not accepted", server=self._name, error=error)
                await asyncio.sleep(_PAUSE)
                continue
            self._start(connection, peer[0])
            await asyncio.sleep(0)  # sock_accept does not yield where a connection is there already

    def _start(self, connection: socket.socket, address: str) -> None:
        slot = self._limiter.acquire(address, own=_is_own(connection, address))
        if slot is None:
            connection.close()
            return
        task = asyncio.create_task(self._run(connection, slot), name=self._name)
        # Not at once: a task that was never run would leave its socket open.
        slot.close = partial(asyncio.get_running_loop().call_soon, task.cancel)
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _run(self, connection: socket.socket, slot: Slot) -> None:
        try:
            await self._serve(connection, slot)
        except OSError as error:
            log.debug("client is gone", server=self._name, error=error)
            drop_traceback(error)
        finally:
            slot.release()


def _is_own(connection: socket.socket, address: str) -> bool:
    """Whether the client is in our own pod, which no other pod shares its addresses with."""
    with contextlib.suppress(OSError, ValueError):
        here, there = connection.getsockname()[0], ipaddress.ip_address(address.partition("%")[0])
        mapped = there.ipv4_mapped if isinstance(there, ipaddress.IPv6Address) else None
        return bool(here == address or (mapped or there).is_loopback)
    return False
