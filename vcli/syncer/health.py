"""`/readyz` and `/healthz` for the host's kubelet, `/metrics` for Prometheus: plain HTTP, answers only.

``/readyz?wait`` answers once it is ready, or after a while: `vcli create` knows it at once, where the kubelet
asks every second.
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from vcli.syncer.serving import ConnectionLimiter
from vcli.syncer.serving.acceptor import Acceptor
from vcli.syncer.serving.limiter import Slot
from vcli.syncer.serving.sockets import listen_on
from vcli.syncer.serving.streams import close

_HEAD_LIMIT = 8192
_PATIENCE = 5.0
_LONGEST_WAIT = 20.0
_LONGEST = _PATIENCE + _LONGEST_WAIT + _PATIENCE


@dataclass(slots=True)
class Health:
    """What still has to happen before a pod can be created in the virtual cluster.

    Args:
        waiting: names of the things that are missing; ready once it is empty.
        metrics: gives what ``/metrics`` answers.
    """

    waiting: set[str] = field(default_factory=set)
    metrics: Callable[[], str] = str
    _complete: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._look()

    def reached(self, name: str) -> None:
        """One thing fewer to wait for."""
        self.waiting.discard(name)
        self._look()

    async def wait(self, *, longest: float = _LONGEST_WAIT) -> None:
        """Return when nothing is missing, or after so many seconds."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._complete.wait(), longest)

    def _look(self) -> None:
        if not self.waiting:
            self._complete.set()

    @property
    def ready(self) -> bool:
        """Whether nothing is missing."""
        return not self.waiting

    def answer(self, path: str) -> tuple[int, str]:
        """HTTP status and body for a request path."""
        if path == "/healthz":
            return 200, "ok"
        if path == "/metrics":
            return 200, self.metrics()
        if path != "/readyz":
            return 404, "not found"
        if self.ready:
            return 200, "ok"
        return 503, "waiting for " + ", ".join(sorted(self.waiting))


class HealthServer:
    """Answers for a `Health`.

    Clients are not authenticated here, so all connections are limited. The kubelet's probes are served even
    while others open connections without end.

    Args:
        health: what to answer.
        limiter: for the connections.
    """

    def __init__(self, health: Health, limiter: ConnectionLimiter | None = None) -> None:
        self._health = health
        self._acceptor = Acceptor(
            "health", limiter or ConnectionLimiter(seconds=_LONGEST, limits_rate=False), self._serve
        )
        self.port = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._acceptor.close()

    def start(self, sock: socket.socket) -> None:
        """Begin to accept connections on a listening socket, which is closed by `__aexit__`."""
        self.port = sock.getsockname()[1]
        self._acceptor.start(sock)

    async def _serve(self, sock: socket.socket, _: Slot) -> None:
        reader = asyncio.StreamReader(limit=_HEAD_LIMIT)
        protocol = asyncio.StreamReaderProtocol(reader)
        loop = asyncio.get_running_loop()
        transport, _protocol = await loop.connect_accepted_socket(lambda: protocol, sock)
        writer = asyncio.StreamWriter(transport, protocol, reader, loop)
        try:
            await self._answer(reader, writer)
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
            transport.abort()
        except asyncio.CancelledError:
            transport.abort()
            raise
        finally:
            await close(writer, linger=_PATIENCE)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(_PATIENCE):
            head = await reader.readuntil(b"\r\n\r\n")
        parts = head.split(b" ", 2)
        target = parts[1].decode("latin-1") if len(parts) > 1 else ""
        path, _, query = target.partition("?")
        if query == "wait":
            await self._health.wait()
        status, body = self._health.answer(path)
        phrase = {200: "OK", 404: "Not Found"}.get(status, "Service Unavailable")
        writer.write(
            f"HTTP/1.1 {status} {phrase}\r\nContent-Type: text/plain\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode()
        )


def serve(health: Health, *, port: int) -> HealthServer:
    """Listen on all addresses; the caller closes the server.

    Raises:
        OSError: the port is taken.
    """
    server = HealthServer(health)
    server.start(listen_on(port))
    return server
