"""An API server in memory, whose answers a test scripts: for errors, their order and retries.

Nothing of Kubernetes is played here: no resourceVersion is counted, no patch is applied, no conflict found.
What depends on these is tested against a real API server.
"""

import asyncio
import json
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

from vcli.kube.access import Access
from vcli.kube.client import Client
from vcli.kube.transport import Response, StreamResponse, Transport

Object = dict[str, Any]
NAMESPACE = "team-a"


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for, and when by the loop's clock."""

    method: str
    path: str
    body: Any
    at: float


class ScriptedApi(Transport):
    """Takes the place of the connections of a `Client`.

    The answers to a method and path are given in their order, the last one again and again. A watch stays
    open, and has the events that the test sends, unless answers to the method WATCH say otherwise.
    """

    def __init__(self) -> None:
        super().__init__(Access(server="https://scripted", namespace=NAMESPACE), user_agent="test")
        self.requests: list[Request] = []
        self._answers: dict[tuple[str, str], deque[Response | Exception]] = {}
        self._events: dict[str, asyncio.Queue[bytes]] = {}

    def client(self) -> Client:
        """A client of it."""
        return Client(self.access, transport=self)

    def on(self, method: str, path: str, *answers: Response | Exception) -> None:
        """Script the answers from now on."""
        self._answers[method, path] = deque(answers)

    def send_event(self, path: str, kind: str, obj: Object) -> None:
        """Send an event to the watch of a collection."""
        line = json.dumps({"type": kind, "object": obj}).encode() + b"\n"
        self._events.setdefault(path, asyncio.Queue()).put_nowait(line)

    def asked(self, method: str) -> list[Request]:
        """The requests of a method, in their order."""
        return [each for each in self.requests if each.method == method]

    async def send(  # type: ignore[override]  # headers and timeouts are nothing to us
        self, method: str, target: str, *, body: bytes, **_: Any
    ) -> Response:
        path = target.partition("?")[0]
        now = asyncio.get_running_loop().time()
        self.requests.append(Request(method, path, json.loads(body) if body else None, now))
        return self._next(method, path)

    @asynccontextmanager
    async def stream(  # type: ignore[override]
        self, method: str, target: str, **_: Any
    ) -> AsyncIterator[StreamResponse]:
        path = target.partition("?")[0]
        if ("WATCH", path) in self._answers:
            answer = self._next("WATCH", path)
            if answer.status >= 300:
                raise self.error_for(answer, method=method, path=path)
        events = self._events.setdefault(path, asyncio.Queue())
        yield cast("StreamResponse", _Chunks(events))

    async def aclose(self) -> None:
        """There is nothing to close."""

    def _next(self, method: str, path: str) -> Response:
        script = self._answers.get((method, path))
        assert script, f"no answer to {method} {path}"
        answer = script.popleft() if len(script) > 1 else script[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


class _Chunks:
    def __init__(self, events: asyncio.Queue[bytes]) -> None:
        self._events = events

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        while True:
            yield await self._events.get()


def ok(obj: Object, status: int = 200) -> Response:
    """A success."""
    return Response(status, {}, json.dumps(obj).encode())


def refused(status: int, reason: str, message: str = "no", **headers: str) -> Response:
    """A Status of failure."""
    body = {"kind": "Status", "reason": reason, "message": message, "code": status}
    return Response(status, headers, json.dumps(body).encode())


def listed(*items: Object, version: int = 1) -> Response:
    """A whole collection."""
    return ok({"kind": "List", "metadata": {"resourceVersion": str(version)}, "items": list(items)})


def thing(name: str, *, version: int = 1, **more: Any) -> Object:
    """A namespaced object."""
    metadata = {"name": name, "namespace": NAMESPACE, "uid": f"uid-{name}", "resourceVersion": str(version)}
    return {"metadata": {**metadata, **more.pop("metadata", {})}, **more}
