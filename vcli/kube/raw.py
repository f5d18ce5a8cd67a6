"""Requests to an API server by path: what the verbs of ``Client`` are made of."""

import asyncio
import logging
import random
import types
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Self
from urllib.parse import quote, urlencode

from vcli import invocation
from vcli._version import __version__
from vcli.kube import codec
from vcli.kube.access import Access
from vcli.kube.answers import not_json
from vcli.kube.errors import ApiError
from vcli.kube.transport import Connection, Response, StreamResponse, Transport
from vcli.kube.types import Object

logger = logging.getLogger(__name__)

Params = Mapping[str, str | int | bool | Sequence[str] | None]

MOST_RETRIES = 3
_LONGEST_RETRY_AFTER = 5.0
_OTHER_PLACE = 300
_BUSY = frozenset({429, 503})


class RawClient:
    """Any request, decoded or not, with retries for a busy server."""

    def __init__(
        self,
        access: Access,
        *,
        timeout: float = 30.0,
        max_inflight: int = 64,
        user_agent: str = f"vcli/{__version__}",
        reuse_delay: float = 0.0,
        transport: Transport | None = None,
    ) -> None:
        self.access = access
        self._timeout = timeout
        self._window = asyncio.Semaphore(max_inflight)
        self._transport = transport or Transport(access, user_agent=user_agent, reuse_delay=reuse_delay)
        self._prefix = self._transport.origin.prefix
        self.on_answer: Callable[[str, str, int], None] = _ignored
        """Called with method, path and status of each answer that came whole; streams don't count."""
        self.before_write: Callable[[], None] = _nothing
        """Called before each request that may change something, each time; what it raises prevents it."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: types.TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections; the client can't be used afterwards."""
        await self._transport.aclose()

    async def request(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - becomes an error that names the server
    ) -> Response:
        """Any request; ``body`` is encoded as JSON unless it is bytes.

        429 and 503 with Retry-After are repeated three times at most, waiting up to five seconds each.
        """
        return await self.send(method, path, params=params, body=body, headers=headers, timeout=timeout)

    def stream(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> AbstractAsyncContextManager[StreamResponse]:
        """An answer read as it comes: ``async with`` gives it, ``async for`` takes its chunks of bytes."""
        return self._transport.stream(
            method, self._target(path, params), headers=dict(headers or {}), timeout=self._timeout
        )

    async def upgrade(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        params: Params | None = None,
    ) -> Connection:
        """Switch protocols; ``headers`` has Connection and Upgrade. The caller closes the writer."""
        return await self._transport.upgrade(
            method, self._target(path, params), headers=dict(headers), timeout=self._timeout
        )

    async def _object(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        body: Any = None,
        content_type: str = "application/json",
    ) -> Object:
        headers = {"Content-Type": content_type} if body is not None else None
        response = await self.send(method, path, params=params, body=body, headers=headers)
        return self.decoded(response, path)

    async def send(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
        retries: int = MOST_RETRIES,
    ) -> Response:
        """Like ``request``, with the number of repetitions for a busy server."""
        data = b"" if body is None else body if isinstance(body, bytes) else codec.dumps(body)
        reads = method in ("GET", "HEAD")
        all_headers = {"Accept": "application/json", **(headers or {})}
        if data:
            all_headers.setdefault("Content-Type", "application/json")
            all_headers["Content-Length"] = str(len(data))
        elif not reads:
            all_headers["Content-Length"] = "0"
        target = self._target(path, params)
        attempt = 0
        while True:
            async with self._window:
                if not reads:
                    self.before_write()
                response = await self._transport.send(
                    method, target, headers=all_headers, body=data, timeout=timeout or self._timeout
                )
            self.on_answer(method, path, response.status)
            logger.debug("request", extra={"method": method, "path": path, "status": response.status})
            if response.status < _OTHER_PLACE:
                return response
            error = self._transport.error_for(response, method=method, path=target)
            after = error.retry_after if isinstance(error, ApiError) else None
            if response.status not in _BUSY or after is None or attempt == retries:
                raise error
            attempt += 1
            pause = min(after, _LONGEST_RETRY_AFTER)
            if invocation.within(pause) < pause:
                raise error
            await asyncio.sleep(pause * random.uniform(1.0, 1.2))  # noqa: S311 - spreads the returning crowd

    def decoded(self, response: Response, path: str) -> Object:
        """The object in an answer.

        Raises:
            Unreachable: there is none.
        """
        try:
            answer = response.json()
        except codec.DecodeError as error:
            raise not_json(self._transport.origin.url, path, response.body) from error
        return answer if isinstance(answer, dict) else {}

    def _target(self, path: str, params: Params | None) -> str:
        query = [
            (name, str(value).lower() if isinstance(value, bool) else value)
            for name, value in (params or {}).items()
            if value is not None
        ]
        if not query:
            return self._prefix + path
        return f"{self._prefix}{path}?{urlencode(query, doseq=True, quote_via=quote)}"


def _ignored(method: str, path: str, status: int) -> None:
    """Nobody counts."""


def _nothing() -> None:
    """Nobody minds."""
