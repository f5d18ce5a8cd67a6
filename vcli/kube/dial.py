"""Open one connection to an API server: TCP, perhaps through a proxy, then TLS."""

import asyncio
import base64
import socket
import ssl
from typing import Any

from vcli import invocation
from vcli.kube.access import Origin
from vcli.kube.errors import Unreachable
from vcli.kube.proxy import Proxy

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]

# The reader pauses the socket at twice this many buffered bytes; a list of thousands of objects is megabytes.
_BUFFER = 256 * 1024
_HAPPY_EYEBALLS = 0.25
# A peer that vanished (laptop slept, node lost) is noticed after 15 + 3 * 5 seconds of silence.
_KEEPALIVE = {"TCP_KEEPIDLE": 15, "TCP_KEEPALIVE": 15, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3}
_USER_TIMEOUT = 30_000  # milliseconds that sent data may stay unacknowledged
_LEAST = 1.0
_OK, _LOGIN_WANTED = "200", "407"


async def dial(
    origin: Origin,
    *,
    tls: ssl.SSLContext | None,
    server_name: str | None = None,
    proxy: Proxy | None = None,
    proxy_tls: ssl.SSLContext | None = None,
    timeout: float = 5.0,  # noqa: ASYNC109 - part of the message, so it is made here
) -> Streams:
    """Connect, within ``timeout`` seconds in all.

    Args:
        origin: the API server.
        tls: for the server; None for plain http.
        server_name: the name to expect in its certificate, if that isn't its host.
        proxy: to go through.
        proxy_tls: for an https proxy.
        timeout: seconds; ``--timeout`` may make it less.

    Raises:
        Unreachable: names the server, the proxy and the cause.
    """
    # At least a moment near the deadline of the command: who waits for an answer bounds this as well.
    limit = max(invocation.within(timeout), min(timeout, _LEAST))
    try:
        async with asyncio.timeout(limit):
            if proxy is None:
                return await _open(origin.host, origin.port, tls, server_name or origin.host)
            return await _open_through(proxy, proxy_tls, origin, tls, server_name or origin.host)
    except TimeoutError as error:
        raise unreachable(origin, incomplete(invocation.spoken(limit, timeout)), proxy) from error
    except _ProxyError as error:
        raise unreachable(origin, str(error), proxy) from error.__cause__
    except (OSError, EOFError) as error:
        raise unreachable(origin, cause_of(error, origin.host), proxy) from error


class _ProxyError(Exception):
    """The proxy, not the server, is why there is no connection."""


def unreachable(origin: Origin, cause: str, proxy: Proxy | None = None) -> Unreachable:
    """The error for a server that doesn't answer."""
    through = f" through the proxy {proxy.url}" if proxy else ""
    hint = f"check that it runs, and that this is the right context: {invocation.kubectl('cluster-info')}"
    return Unreachable(f"can't reach the API server {origin.url}{through}: {cause}", hint=hint)


def incomplete(spoken: str) -> str:
    """The cause when connecting takes too long."""
    return f"the connection was not complete {spoken}"


def cause_of(error: BaseException, host: str) -> str:  # noqa: PLR0911 - one line for each cause
    """Say in a few words why a connection failed."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {(error.reason or str(error)).replace('_', ' ').lower()}"
    if isinstance(error, socket.gaierror):
        return f"the name {host} can't be resolved ({error.strerror})"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, (asyncio.IncompleteReadError, ConnectionResetError, BrokenPipeError)):
        return "it closed the connection"
    if isinstance(error, OSError) and error.strerror:
        # "Multiple exceptions: …" has no strerror: one cause for each address tried.
        return error.strerror.lower()
    text = str(error)
    if "Connect call failed" in text:
        return "connection refused" if "[Errno 111]" in text or "[Errno 61]" in text else text
    return text or type(error).__name__


async def _open(host: str, port: int, tls: ssl.SSLContext | None, server_name: str) -> Streams:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=_BUFFER)
    protocol = _Protocol(reader)
    try:
        transport, _ = await loop.create_connection(
            lambda: protocol,
            host,
            port,
            ssl=tls,
            server_hostname=server_name if tls else None,
            # Only for names: a cancelled race of asyncio's leaves a socket to the garbage collector.
            happy_eyeballs_delay=None if _is_address(host) else _HAPPY_EYEBALLS,
        )
    except BaseException:
        # Cancelled just when TLS was ready, asyncio would say goodbye to the server, for longer than we live.
        if protocol.transport is not None:
            protocol.transport.abort()
        raise
    writer = asyncio.StreamWriter(transport, protocol, reader, loop)
    _keep_alive(writer)
    return reader, writer


class _Protocol(asyncio.StreamReaderProtocol):
    """Keeps its transport as soon as there is one, before `create_connection` returns it."""

    transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.WriteTransport):
            self.transport = transport
        super().connection_made(transport)


def _is_address(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit()


def _keep_alive(writer: asyncio.StreamWriter) -> None:
    sock: socket.socket = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in _KEEPALIVE.items():
        if hasattr(socket, option):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _USER_TIMEOUT)


async def _open_through(
    proxy: Proxy,
    proxy_tls: ssl.SSLContext | None,
    origin: Origin,
    tls: ssl.SSLContext | None,
    server_name: str,
) -> Streams:
    """CONNECT, then TLS inside; plain http goes through CONNECT as well, which proxies allow for any port."""
    try:
        reader, writer = await _open(
            proxy.host, proxy.port, proxy_tls if proxy.scheme == "https" else None, proxy.host
        )
    except OSError as error:
        raise _ProxyError(f"the proxy can't be reached: {cause_of(error, proxy.host)}") from error
    try:
        if proxy.scheme in ("http", "https"):
            await _connect(reader, writer, proxy, origin)
        else:
            await _socks_connect(reader, writer, proxy, origin)
        return await _start_tls(writer, tls, server_name) if tls else (reader, writer)
    except BaseException:
        writer.transport.abort()
        raise


async def _connect(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, proxy: Proxy, origin: Origin
) -> None:
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    target = f"{host}:{origin.port}"
    lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
    if proxy.login:
        pair = base64.b64encode(":".join(proxy.login).encode()).decode()
        lines.append(f"Proxy-Authorization: Basic {pair}")
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (EOFError, asyncio.LimitOverrunError, OSError) as error:
        raise _ProxyError("the proxy gave no proper answer to CONNECT") from error
    status = head.split(b"\r\n", 1)[0].decode("latin-1")
    code = status.split(" ")[1:2]
    if code == [_LOGIN_WANTED]:
        wrong = "does not accept the user and the password" if proxy.login else "wants a user and a password"
        raise _ProxyError(f"the proxy {wrong} of its URL (407)")
    if code != [_OK]:
        raise _ProxyError(f"the proxy answered {status!r} to CONNECT {target}")


async def _socks_connect(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, proxy: Proxy, origin: Origin
) -> None:
    from vcli.kube import socks  # noqa: PLC0415 - rarely needed

    try:
        await socks.connect(reader, writer, host=origin.host, port=origin.port, login=proxy.login)
    except socks.SocksError as error:
        raise _ProxyError(f"the proxy says: {error}") from error
    except (EOFError, OSError) as error:
        raise _ProxyError("the proxy closed the connection") from error


async def _start_tls(writer: asyncio.StreamWriter, tls: ssl.SSLContext, server_name: str) -> Streams:
    """TLS over an open connection, on streams of its own.

    ``StreamWriter.start_tls`` of Python 3.11 leaves the reader tied to the plain transport, so that its flow
    control pauses the wrong one.
    """
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=_BUFFER)
    protocol = asyncio.StreamReaderProtocol(reader)
    transport = await loop.start_tls(writer.transport, protocol, tls, server_hostname=server_name)
    if transport is None:
        raise ConnectionResetError
    protocol.connection_made(transport)
    return reader, _InnerWriter(writer, transport, protocol, reader, loop)


class _InnerWriter(asyncio.StreamWriter):
    """Keeps the writer of the plain connection: when that one is collected, it closes the connection."""

    def __init__(self, outer: asyncio.StreamWriter, *args: Any) -> None:
        super().__init__(*args)
        self._outer = outer
