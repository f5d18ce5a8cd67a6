"""`/readyz` and `/healthz` for the host's kubelet, `/metrics` for Prometheus: plain HTTP, answers only.

``/readyz?wait`` answers once it is ready, or after a while: `vcli create` knows it at once, where the kubelet
asks every second.
"""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field

_HEAD_LIMIT = 8192
_PATIENCE = 5.0
_LONGEST_WAIT = 20.0


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


async def serve(health: Health, *, port: int, host: str | None = None) -> asyncio.Server:
    """Listen; the caller closes the server.

    Raises:
        OSError: the port is taken.
    """

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, ValueError, asyncio.IncompleteReadError, TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                head = await reader.readuntil(b"\r\n\r\n")
                parts = head.split(b" ", 2)
                target = parts[1].decode("latin-1") if len(parts) > 1 else ""
            path, _, query = target.partition("?")
            if query == "wait":
                await health.wait()
            async with asyncio.timeout(_PATIENCE):
                status, body = health.answer(path)
                phrase = {200: "OK", 404: "Not Found"}.get(status, "Service Unavailable")
                writer.write(
                    f"HTTP/1.1 {status} {phrase}\r\nContent-Type: text/plain\r\n"
                    f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode()
                )
                await writer.drain()
        writer.close()

    return await asyncio.start_server(handle, host=host, port=port, limit=_HEAD_LIMIT)
