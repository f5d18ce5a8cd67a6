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
from vcli.kube.answers import error_from, redirected
from vcli.kube.dial import cause_of, dial, incomplete, unreachable
from vcli.kube.errors import ApiError, Unreachable
from vcli.kube.http1 import SWITCHING_PROTOCOLS, Disconnected, HttpConnection, RawHeaders
from vcli.kube.proxy import Proxy, proxy_for
from vcli.kube.wait import Wait

if TYPE_CHECKING:
    import ssl

CONNECT_TIMEOUT = 5.0
# Load balancers drop idle connections after 60 seconds or more, some without a word.
_LONGEST_IDLE = 30.0
_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS"})
_OTHER_PLACE = 300
_FAILURES = 400
_UNAUTHORIZED = 401


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
            raise unreachable(self._origin, cause_of(error, self._origin.host)) from error


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
        reuse_delay: seconds that a request waits for the connection of another one, before a further one is
            made: that costs both sides as much as several requests.
        connect_timeout: seconds.
    """

    def __init__(
        self,
        access: Access,
        *,
        user_agent: str,
        reuse_delay: float = 0.0,
        connect_timeout: float = CONNECT_TIMEOUT,
    ) -> None:
        self.access = access
        self.origin = Origin.of(access.server)
        self._user_agent = user_agent
        self._reuse_delay = reuse_delay
        self._connect_timeout = connect_timeout
        self._under_way = 0
        self._waiting: deque[asyncio.Future[HttpConnection]] = deque()
        self._idle: deque[HttpConnection] = deque()
        self._busy: set[HttpConnection] = set()
        self._closing: set[asyncio.Task[None]] = set()
        self._tls: ssl.SSLContext | None = None
        self._shown: tuple[bytes, bytes] | None = None
        self._proxy: Proxy | None = None
        self._proxy_tls: ssl.SSLContext | None = None
        self._ready = False
        self._answered = False

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
        wait = Wait(timeout, answered=self._answered)
        connection: HttpConnection | None = None
        try:
            async with wait.limited():
                connection = await self._take()
                kept = connection.used
                try:
                    return await self._exchange(connection, method, target, raw, body, wait=wait)
                except Disconnected:
                    if not kept or method not in _IDEMPOTENT:
                        raise
                connection = await self._connect()
                return await self._exchange(connection, method, target, raw, body, wait=wait)
        except TimeoutError as error:
            raise self._silent(method, target, wait, connection) from error
        except (OSError, EOFError) as error:
            raise unreachable(self.origin, cause_of(error, self.origin.host), self._proxy) from error
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
        wait = Wait(timeout, answered=self._answered)
        try:
            async with wait.limited():
                connection = await self._connect()
                await connection.send(method, target, raw, b"")
                head = await (connection.upgraded_head() if upgrade else connection.head())
                self._has_answered(wait)
                if head.status >= _OTHER_PLACE or (upgrade and head.status != SWITCHING_PROTOCOLS):
                    body = b"".join([chunk async for chunk in connection.chunks()])
                    raise self.error_for(  # noqa: TRY301
                        Response(head.status, head.headers, body), method=method, path=target
                    )
                return connection, head.status, head.headers
        except BaseException as error:
            silent = isinstance(error, TimeoutError) and self._silent(method, target, wait, connection)
            if connection is not None:
                self._drop(connection)
            if silent:
                raise silent from error
            if isinstance(error, (OSError, EOFError)):
                raise unreachable(self.origin, cause_of(error, self.origin.host), self._proxy) from error
            raise

    def _has_answered(self, wait: Wait) -> None:
        self._answered = True
        wait.extend()

    def _silent(self, method: str, target: str, wait: Wait, connection: HttpConnection | None) -> Unreachable:
        if connection is None:
            return unreachable(self.origin, incomplete(wait.spoken), self._proxy)
        part = ", only the beginning of one" if connection.partial else ""
        path = target.partition("?")[0]
        return unreachable(self.origin, f"no answer to {method} {path} {wait.spoken}{part}", self._proxy)

    async def _exchange(
        self,
        connection: HttpConnection,
        method: str,
        target: str,
        headers: RawHeaders,
        body: bytes,
        *,
        wait: Wait,
    ) -> Response:
        keep = False
        try:
            await connection.send(method, target, headers, body)
            head = await connection.head()
            self._has_answered(wait)
            chunks = [chunk async for chunk in connection.chunks()]
            # A client certificate is shown when a connection begins: one that has ended needs another.
            keep = connection.finished() and head.status != _UNAUTHORIZED
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
        found = await self._handed_over() if self._reuse_delay and self._under_way > 1 else None
        return found or await self._connect()

    async def _handed_over(self) -> HttpConnection | None:
        """The connection of an exchange that is over soon, None if that takes too long."""
        turn: asyncio.Future[HttpConnection] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await asyncio.wait((turn,), timeout=self._reuse_delay)
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
            if self._proxy and self._proxy.scheme == "https":
                from vcli.kube.tls import proxy_context  # noqa: PLC0415 - rarely needed

                self._proxy_tls = proxy_context(self.access)
            self._ready = True
        streams = await dial(
            self.origin,
            tls=await self._tls_context() if self.origin.scheme == "https" else None,
            server_name=self.access.tls_server_name,
            proxy=self._proxy,
            proxy_tls=self._proxy_tls,
            timeout=self._connect_timeout,
        )
        connection = HttpConnection(*streams)
        self._busy.add(connection)
        return connection

    async def _tls_context(self) -> "ssl.SSLContext":
        """The context for the next connection, with the certificate that an exec plugin gives now."""
        shown = await self.access.certificate() if self.access.certificate else None
        if self._tls is None or shown != self._shown:
            from vcli.kube import tls  # noqa: PLC0415 - tempfile costs as much as ssl

            self._tls = tls.client_context(self.access)
            if shown is not None:
                tls.load_client_certificate(self._tls, self.access, *shown)
            self._shown = shown
        return self._tls

    def _drop(self, connection: HttpConnection) -> None:
        self._busy.discard(connection)
        connection.close()
        task = asyncio.create_task(connection.wait_closed())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _headers(self, headers: dict[str, str]) -> RawHeaders:
        raw = [("Host", self.origin.authority), ("User-Agent", self._user_agent)]
        access = self.access
        token = await access.token() if access.token is not None else ""
        if token:
            raw.append(("Authorization", f"Bearer {token}"))
        elif access.basic is not None:
            pair = base64.b64encode(":".join(access.basic).encode()).decode()
            raw.append(("Authorization", f"Basic {pair}"))
        for name, values in access.impersonate.items():
            raw.extend((name, value) for value in ((values,) if isinstance(values, str) else values))
        raw.extend(headers.items())
        return raw

    def error_for(self, response: Response, *, method: str, path: str) -> ApiError | Unreachable:
        """The error for an answer of 300 or more (or one that refuses an upgrade)."""
        if _OTHER_PLACE <= response.status < _FAILURES:
            return redirected(self.origin.url, method, path, response.status, response.headers)
        answer: Any
        try:
            answer = response.json()
        except codec.DecodeError:
            answer = response.text
        return error_from(
            answer,
            status=response.status,
            path=path,
            headers=response.headers,
            server=self.origin.url,
            identity=self.access.identity,
        )
