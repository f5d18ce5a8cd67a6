"""A real HTTP or SOCKS5 proxy on loopback, which remembers what went through it."""

import asyncio
import base64
import ipaddress
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Self

_CHUNK = 65536


class ProxyServer:
    """Carries connections to wherever it is asked.

    Args:
        scheme: http, https or socks5.
        login: user and password that it demands.
        names: that only the proxy can resolve, with their addresses.
        tls: for https.
    """

    def __init__(
        self,
        scheme: str,
        *,
        login: tuple[str, str] | None = None,
        names: Mapping[str, str] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.scheme = scheme
        self._login = login
        self._names = names or {}
        self._tls = tls
        self._tasks: set[asyncio.Task[None]] = set()
        self.targets: list[tuple[str, int]] = []
        self.forwarded = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self._tls)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def url(self, login: tuple[str, str] | None = None, *, scheme: str | None = None) -> str:
        """As it stands in a kubeconfig."""
        who = f"{login[0]}:{login[1]}@" if login else ""
        return f"{scheme or self.scheme}://{who}127.0.0.1:{self.port}"

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            negotiate = self._negotiate_socks if self.scheme == "socks5" else self._negotiate_http
            target = await negotiate(reader, writer)
            if target is None:
                return
            host, port = target
            self.targets.append(target)
            there = await asyncio.open_connection(self._names.get(host, host), port)
            try:
                writer.write(self._accepted())
                await asyncio.gather(self._copy(reader, there[1]), self._copy(there[0], writer))
            finally:
                there[1].close()
        except (OSError, EOFError):
            pass
        finally:
            writer.close()

    def _accepted(self) -> bytes:
        if self.scheme == "socks5":
            return b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"
        return b"HTTP/1.1 200 Connection established\r\n\r\n"

    async def _negotiate_http(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> tuple[str, int] | None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        method, target, _ = head.splitlines()[0].split(" ")
        assert method == "CONNECT"
        if self._login:
            wanted = base64.b64encode(":".join(self._login).encode()).decode()
            if f"Proxy-Authorization: Basic {wanted}\r\n" not in head:
                writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
                return None
        host, _, port = target.rpartition(":")
        return host.strip("[]"), int(port)

    async def _negotiate_socks(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> tuple[str, int] | None:
        version, count = await reader.readexactly(2)
        assert version == 5
        methods = await reader.readexactly(count)
        method = 2 if self._login else 0
        if method not in methods:
            writer.write(b"\x05\xff")
            return None
        writer.write(bytes((5, method)))
        if self._login:
            assert await reader.readexactly(1) == b"\x01"
            user = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
            password = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
            if (user, password) != self._login:
                writer.write(b"\x01\x01")
                return None
            writer.write(b"\x01\x00")
        assert await reader.readexactly(3) == b"\x05\x01\x00"
        kind = (await reader.readexactly(1))[0]
        if kind == 3:
            host = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
        else:
            host = str(ipaddress.ip_address(await reader.readexactly({1: 4, 4: 16}[kind])))
        return host, int.from_bytes(await reader.readexactly(2), "big")

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(_CHUNK):
            self.forwarded += len(data)
            writer.write(data)
            await writer.drain()
        writer.close()


@contextmanager
def in_a_thread(proxy: ProxyServer) -> Iterator[ProxyServer]:
    """Run it beside code that blocks."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(proxy.__aenter__(), loop).result(10)
        try:
            yield proxy
        finally:
            asyncio.run_coroutine_threadsafe(proxy.__aexit__(), loop).result(10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
