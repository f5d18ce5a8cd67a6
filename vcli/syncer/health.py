"""`/readyz` and `/healthz` for the host's kubelet, `/metrics` for Prometheus: plain HTTP, answers only.

``/readyz?wait`` answers once it is ready, or after a while: `vcli create` knows it at once, where the kubelet
asks every second.
"""

import asyncio
import socket
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Self

from vcli.syncer.engine.gates import Gates
from vcli.syncer.serving import ConnectionLimiter
from vcli.syncer.serving.acceptor import Acceptor
from vcli.syncer.serving.limiter import Slot
from vcli.syncer.serving.sockets import listen_on
from vcli.syncer.serving.streams import close

_HEAD_LIMIT = 8192
_TIMEOUT = 5.0
_LONGEST_WAIT = 20.0
_LONGEST = _TIMEOUT + _LONGEST_WAIT + _TIMEOUT


@dataclass(frozen=True, slots=True)
class Health:
    """What is answered.

    Args:
        gates: what still has to happen before a pod can be created in the virtual cluster.
        metrics: gives what ``/metrics`` answers.
        unavailable: the kinds that can't be synced.
    """

    gates: Gates
    metrics: Callable[[], str] = str
    unavailable: Collection[str] = ()

    def answer(self, path: str) -> tuple[int, str]:
        """HTTP status and body for a request path."""
        if path == "/healthz":
            return 200, "ok"
        if path == "/metrics":
            return 200, self.metrics()
        if path != "/readyz":
            return 404, "not found"
        # Kinds alone: reasons name the host namespace, and tenants may ask as well.
        note = f"\nunavailable: {', '.join(sorted(self.unavailable))}" if self.unavailable else ""
        missing = self.gates.missing
        return (503, "waiting for " + ", ".join(missing) + note) if missing else (200, "ok" + note)


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
            await close(writer, linger=_TIMEOUT)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(_TIMEOUT):
            head = await reader.readuntil(b"\r\n\r\n")
        parts = head.split(b" ", 2)
        target = parts[1].decode("latin-1") if len(parts) > 1 else ""
        path, _, query = target.partition("?")
        if query == "wait":
            await self._health.gates.wait_all(longest=_LONGEST_WAIT)
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
