"""Takes connections from a listening socket, through a gate, and has each served by a task of its own."""

import asyncio
import contextlib
import ipaddress
import socket
from asyncio import Task
from collections.abc import Awaitable, Callable
from typing import Final

from vcli.syncer.engine.log import Log
from vcli.syncer.serving.gate import Gate, Visit
from vcli.syncer.serving.streams import release

log = Log(__name__)

Serve = Callable[[socket.socket, Visit], Awaitable[None]]
"""Serves a connection; the socket is its to close. Cancelled when the gate drops it."""

_PAUSE: Final = 0.5


class Doorkeeper:
    """Takes connections until it is closed.

    asyncio's own servers take all that come, and make buffers for each before anybody is asked.

    Args:
        name: of the tasks, and for the log.
        gate: bounds the connections of strangers; several listeners may share one.
        serve: serves each connection.
    """

    def __init__(self, name: str, gate: Gate, serve: Serve) -> None:
        self._name = name
        self._gate = gate
        self._serve = serve
        self._socket: socket.socket | None = None
        self._taking: Task[None] | None = None
        self._connections: set[Task[None]] = set()

    def start(self, sock: socket.socket) -> None:
        """Begin to take connections on a listening socket, which is ours from now on."""
        sock.setblocking(False)
        self._socket = sock
        self._taking = asyncio.create_task(self._take(sock), name=self._name)

    async def close(self) -> None:
        """Take no more, and end what is open."""
        if self._taking is not None:
            self._taking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._taking
        if self._socket is not None:
            self._socket.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _take(self, sock: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, peer = await loop.sock_accept(sock)
            except ConnectionError:  # it was gone before we looked
                continue
            except OSError as error:
                log.warning("no connection can be taken now", server=self._name, error=error)
                await asyncio.sleep(_PAUSE)
                continue
            self._let_in(connection, peer[0])
            # Where one waits already, nothing above has let others have their turn.
            await asyncio.sleep(0)

    def _let_in(self, connection: socket.socket, source: str) -> None:
        visit = self._gate.enter(source, own=_is_own(connection, source))
        if visit is None:
            connection.close()
            return
        task = asyncio.create_task(self._one(connection, visit), name=self._name)
        visit.drop = task.cancel
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _one(self, connection: socket.socket, visit: Visit) -> None:
        try:
            await self._serve(connection, visit)
        except OSError as error:
            log.debug("client is gone", server=self._name, error=error)
            release(error)
        finally:
            visit.end()


def _is_own(connection: socket.socket, source: str) -> bool:
    """Whether the other end is on this machine, which is our pod: nobody else has its address."""
    with contextlib.suppress(OSError, ValueError):
        here, there = connection.getsockname()[0], ipaddress.ip_address(source.partition("%")[0])
        mapped = there.ipv4_mapped if isinstance(there, ipaddress.IPv6Address) else None
        return bool(here == source or (mapped or there).is_loopback)
    return False
