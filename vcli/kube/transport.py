"""Requests over connections that are kept: the HTTP half of the client.

Not built on httpx, although it would be the obvious library: on one machine its import adds 100 to 150 ms
to a start-up that may take 350 ms in all (30 ms with its own command line hidden from it), h11 adds 10.
What is needed of HTTP here is small: one host, JSON bodies, no cookies, no redirects. See
docs/designs/0005-http-client.md.
"""

import asyncio
import base64
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vcli.kube import codec
from vcli.kube.access import Access, Origin
from vcli.kube.dial import cause_of, dial, unreachable
from vcli.kube.errors import ApiError, error_from
from vcli.kube.http1 import SWITCHING_PROTOCOLS, Disconnected, HttpConnection, RawHeaders
from vcli.kube.proxy import Proxy, proxy_for

if TYPE_CHECKING:
    import ssl

CONNECT_TIMEOUT = 5.0
# Load balancers drop idle connections after 60 seconds or more, some without a word.
_LONGEST_IDLE = 30.0
_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS"})
_FAILURES = 400


@dataclass(frozen=True, slots=True)
class Response:
    """A whole answer; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The decoded body, None if it is empty."""
        return codec.loads(self.body) if self.body else None

    @property
    def text(self) -> str:
        """The body as UTF-8, with broken bytes replaced (a log may be cut anywhere)."""
        return self.body.decode("utf-8", "replace")


class StreamResponse:
    """An answer whose body is still coming: iterate over it once."""

    __slots__ = ("_connection", "_origin", "headers", "status")

    def __init__(
        self, status: int, headers: dict[str, str], connection: HttpConnection, origin: Origin
    ) -> None:
        self.status = status
        self.headers = headers
        self._connection = connection
        self._origin = origin

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        try:
            async for chunk in self._connection.chunks():
                yield chunk
        except (OSError, EOFError) as error:
            raise unreachable(self._origin, cause_of(error, self._origin)) from error


@dataclass(frozen=True, slots=True)
class Connection:
    """The raw streams after ``101 Switching Protocols``; the next byte is the first of the new protocol."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    status: int
    headers: dict[str, str]


class Transport:
    """The connections to one API server: a pool for requests, one of its own for each stream and upgrade.

    Args:
        access: the server and the credentials.
        user_agent: as the server's audit log shows it.
        patience: seconds that a request waits for another one to be done, before it has a connection of its
            own made: that costs both sides as much as several requests.
        connect_timeout: seconds.
    """

    def __init__(
        self,
        access: Access,
        *,
        user_agent: str,
        patience: float = 0.0,
        connect_timeout: float = CONNECT_TIMEOUT,
    ) -> None:
        self.access = access
        self.origin = Origin.of(access.server)
        self._user_agent = user_agent
        self._patience = patience
        self._connect_timeout = connect_timeout
        self._under_way = 0
        self._waiting: deque[asyncio.Future[HttpConnection]] = deque()
        self._idle: deque[HttpConnection] = deque()
        self._busy: set[HttpConnection] = set()
        self._closing: set[asyncio.Task[None]] = set()
        self._tls: ssl.SSLContext | None = None
        self._proxy: Proxy | None = None
        self._ready = False

    async def send(
        self,
        method: str,
        target: str,
        *,
        headers: dict[str, str],
        body: bytes,
        timeout: float,  # noqa: ASYNC109 - becomes an error that names the server
    ) -> Response:
        """One request, one whole answer, whatever its status.

        A kept connection that turns out to be closed is replaced once: for a GET always, for others only
        if the request can't have reached the server.

        Raises:
            Unreachable: no connection, or no whole answer within ``timeout`` seconds.
        """
        raw = await self._headers(headers)
        self._under_way += 1
        try:
            async with asyncio.timeout(timeout):
                connection = await self._take()
                kept = connection.used
                try:
                    return await self._exchange(connection, method, target, raw, body)
                except Disconnected:
                    if not kept or method not in _IDEMPOTENT:
                        raise
                return await self._exchange(await self._connect(), method, target, raw, body)
        except TimeoutError as error:
            raise unreachable(self.origin, f"no answer to {method} within {timeout:g} seconds") from error
        except (OSError, EOFError) as error:
            raise unreachable(self.origin, cause_of(error, self.origin), self._proxy) from error
        finally:
            self._under_way -= 1

    @asynccontextmanager
    async def stream(
        self,
        method: str,
        target: str,
        *,
        headers: dict[str, str],
        timeout: float,  # noqa: ASYNC109
    ) -> AsyncIterator[StreamResponse]:
        """One request on a connection of its own, whose answer is read as it comes.

        Args:
            method: GET, usually.
            target: path and query.
            headers: besides those of every request.
            timeout: seconds until status and headers must be there; the body may take for ever.

        Raises:
            ApiError: the status is 400 or more.
            Unreachable: no connection, or no answer.
        """
        connection, status, answer_headers = await self._open(method, target, headers, timeout=timeout)
        try:
            yield StreamResponse(status, answer_headers, connection, self.origin)
        finally:
            self._drop(connection)

    async def upgrade(
        self,
        method: str,
        target: str,
        *,
        headers: dict[str, str],
        timeout: float,  # noqa: ASYNC109
    ) -> Connection:
        """Ask for another protocol; the caller owns the streams and closes the writer.

        Raises:
            ApiError: any answer other than 101.
            Unreachable: no connection, or no answer.
        """
        connection, status, answer_headers = await self._open(
            method, target, headers, timeout=timeout, upgrade=True
        )
        self._busy.discard(connection)
        return Connection(connection.reader, connection.writer, status, answer_headers)

    async def aclose(self) -> None:
        """Close every connection, also those in use."""
        for connection in [*self._idle, *self._busy]:
            self._drop(connection)
        self._idle.clear()
        await asyncio.gather(*self._closing)

    async def _open(
        self,
        method: str,
        target: str,
        headers: dict[str, str],
        *,
        timeout: float,  # noqa: ASYNC109
        upgrade: bool = False,
    ) -> tuple[HttpConnection, int, dict[str, str]]:
        raw = await self._headers(headers)
        connection: HttpConnection | None = None
        try:
            async with asyncio.timeout(timeout):
                connection = await self._connect()
                await connection.send(method, target, raw, b"")
                head = await (connection.upgraded_head() if upgrade else connection.head())
                if head.status >= _FAILURES or (upgrade and head.status != SWITCHING_PROTOCOLS):
                    body = b"".join([chunk async for chunk in connection.chunks()])
                    raise error_for(  # noqa: TRY301
                        Response(head.status, head.headers, body), path=target
                    )
                return connection, head.status, head.headers
        except BaseException as error:
            if connection is not None:
                self._drop(connection)
            if isinstance(error, TimeoutError):
                raise unreachable(self.origin, f"no answer to {method} within {timeout:g} seconds") from error
            if isinstance(error, (OSError, EOFError)):
                raise unreachable(self.origin, cause_of(error, self.origin), self._proxy) from error
            raise

    async def _exchange(
        self, connection: HttpConnection, method: str, target: str, headers: RawHeaders, body: bytes
    ) -> Response:
        keep = False
        try:
            await connection.send(method, target, headers, body)
            head = await connection.head()
            chunks = [chunk async for chunk in connection.chunks()]
            keep = connection.finished()
        finally:
            # A cancelled exchange leaves an answer on its way: that connection can't be used again.
            if keep:
                self._free(connection)
            else:
                self._drop(connection)
        return Response(head.status, head.headers, chunks[0] if len(chunks) == 1 else b"".join(chunks))

    async def _take(self) -> HttpConnection:
        """The connection used last, so that those too many grow old and are closed."""
        while self._idle and not (self._idle[0].open and self._idle[0].idle < _LONGEST_IDLE):
            self._drop(self._idle.popleft())
        while self._idle:
            connection = self._idle.pop()
            if connection.open:
                self._busy.add(connection)
                return connection
            self._drop(connection)
        found = await self._handed_over() if self._patience and self._under_way > 1 else None
        return found or await self._connect()

    async def _handed_over(self) -> HttpConnection | None:
        """The connection of an exchange that is over soon, None if that takes too long."""
        turn: asyncio.Future[HttpConnection] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await asyncio.wait((turn,), timeout=self._patience)
        except asyncio.CancelledError:
            if turn.done():
                self._free(turn.result())
            raise
        finally:
            if not turn.done():
                self._waiting.remove(turn)
        return turn.result() if turn.done() else None

    def _free(self, connection: HttpConnection) -> None:
        """The connection may carry the next exchange: whoever has waited longest gets it."""
        if self._waiting:
            self._waiting.popleft().set_result(connection)
        else:
            self._busy.discard(connection)
            self._idle.append(connection)

    async def _connect(self) -> HttpConnection:
        if not self._ready:
            self._proxy = proxy_for(self.access, self.origin)
            if self.origin.scheme == "https":
                from vcli.kube.tls import client_context  # noqa: PLC0415 - tempfile costs as much as ssl

                self._tls = client_context(self.access)
            self._ready = True
        streams = await dial(
            self.origin,
            tls=self._tls,
            server_name=self.access.tls_server_name,
            proxy=self._proxy,
            timeout=self._connect_timeout,
        )
        connection = HttpConnection(*streams)
        self._busy.add(connection)
        return connection

    def _drop(self, connection: HttpConnection) -> None:
        self._busy.discard(connection)
        connection.close()
        task = asyncio.create_task(connection.wait_closed())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _headers(self, headers: dict[str, str]) -> RawHeaders:
        raw = [("Host", self.origin.authority), ("User-Agent", self._user_agent)]
        access = self.access
        if access.token is not None:
            raw.append(("Authorization", f"Bearer {await access.token()}"))
        elif access.basic is not None:
            pair = base64.b64encode(":".join(access.basic).encode()).decode()
            raw.append(("Authorization", f"Basic {pair}"))
        for name, values in access.impersonate.items():
            raw.extend((name, value) for value in ((values,) if isinstance(values, str) else values))
        raw.extend(headers.items())
        return raw


def error_for(response: Response, *, path: str) -> ApiError:
    """The error for an answer of 400 or more (or one that refuses an upgrade)."""
    answer: Any
    try:
        answer = response.json()
    except codec.DecodeError:
        answer = response.text
    return error_from(answer, status=response.status, path=path, headers=response.headers)
