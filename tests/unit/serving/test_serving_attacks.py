"""A real listener with TLS, flooded by one that has no credentials, and those who have some."""

import asyncio
import contextlib
import gc
import ssl
import sys
import time
from asyncio.sslproto import SSLProtocol
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from vcli.host.pki import Authority
from vcli.syncer.engine.metrics import resident
from vcli.syncer.serving import ConnectionLimiter, Exchange, Listener, Refused, acceptor
from vcli.syncer.serving.limiter import LIMIT, SECONDS
from vcli.syncer.serving.sockets import listen_on

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]

FLOOD, STRANGER, OWN = "127.0.0.2", "127.0.0.3", "127.0.0.1"
ASK = b"GET /ask HTTP/1.1\r\nHost: x\r\n\r\n"
GOOD_TOKEN = b"GET /ask HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer good\r\n\r\n"
MIB = 1024 * 1024


class Server:
    """A listener, and the ways to come to it."""

    def __init__(self, folder: Path) -> None:
        authority = Authority(folder, "test")
        authority.issue("server", "server", hosts=["localhost"])
        authority.issue("client", "client")
        self._folder = folder
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(folder / "server.crt", folder / "server.key")
        self.context.load_verify_locations(folder / "ca.crt")
        self.context.verify_mode = ssl.CERT_OPTIONAL
        self.port = 0

    async def connect(self, source: str, *, certificate: bool = False, tls: bool = True) -> Streams:
        client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        client.check_hostname = False
        client.verify_mode = ssl.CERT_NONE
        if certificate:
            client.load_cert_chain(self._folder / "client.crt", self._folder / "client.key")
        return await asyncio.open_connection(
            "127.0.0.1", self.port, ssl=client if tls else None, local_addr=(source, 0)
        )

    async def ask(self, source: str, request: bytes = ASK, *, certificate: bool = False) -> bytes:
        """The answer to a request on a connection of its own; empty where there is none."""
        reader, writer = await self.connect(source, certificate=certificate)
        with contextlib.suppress(OSError):
            writer.write(request)
            await writer.drain()
            answer = await asyncio.wait_for(reader.read(4096), 5)
            await end(writer)
            return answer
        return b""


async def end(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


async def answer(exchange: Exchange) -> None:
    """As a kubelet does it: a certificate, or a good token."""
    if not exchange.writer.get_extra_info("peercert"):
        if exchange.request.header("authorization") != "Bearer good":
            raise Refused(401, "Unauthorized")
        exchange.authenticated()
    await exchange.reply("hello")


FEW = 5  # of 100


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Server:
    return Server(tmp_path_factory.mktemp("pki"))


@pytest.fixture(autouse=True)
def one_own_address(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Of all the addresses that this machine has for itself, take one for our pod's."""
    monkeypatch.setattr(acceptor, "_is_own", lambda _, source: source == OWN)
    return iter([None])


@asynccontextmanager
async def serving(server: Server, limiter: ConnectionLimiter) -> AsyncIterator[Server]:
    listener = Listener("test", answer, limiter)
    await listener.start(listen_on(0), server.context)
    server.port = listener.port
    try:
        yield server
    finally:
        await listener.close()


async def flood(server: Server, count: int, request: bytes = b"") -> list[asyncio.StreamWriter]:
    """Open connections, send something on each, and keep them."""
    held: list[asyncio.StreamWriter] = []
    few = asyncio.Semaphore(16)

    async def one() -> None:
        async with few:
            with contextlib.suppress(OSError, asyncio.TimeoutError):
                _, writer = await asyncio.wait_for(server.connect(FLOOD), 20)
                held.append(writer)
                if request:
                    writer.write(request)
                    await asyncio.wait_for(writer.drain(), 2)

    await asyncio.gather(*(one() for _ in range(count)))
    return held


ATTACKER = """
import socket, ssl, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
held = []
for number in range(int(sys.argv[2])):
    try:
        raw = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 5, source_address=(sys.argv[3], 0))
        held.append(raw)
        raw = context.wrap_socket(raw)
        raw.settimeout(1)
        held.append(raw)
        raw.sendall(b"GET / HTTP/1.1\\r\\nX: " + b"a" * 500_000)
    except OSError:
        pass
"""


async def test_a_flood_of_large_heads_costs_little_and_keeps_nobody_out(prepared: Server) -> None:
    limiter = ConnectionLimiter(limits_rate=False)  # no client is refused for connecting too often
    async with serving(prepared, limiter) as server:
        assert (await server.ask(OWN, certificate=True)).startswith(b"HTTP/1.1 200 ")
        gc.collect()
        before = most = resident()
        attack = await asyncio.create_subprocess_exec(
            sys.executable, "-c", ATTACKER, str(server.port), "600", FLOOD
        )
        ended = asyncio.create_task(attack.wait())
        answers, slowest = 0, 0.0
        while not ended.done():
            for source, request, certificate in ((OWN, ASK, True), (STRANGER, GOOD_TOKEN, False)):
                began = time.monotonic()
                found = await server.ask(source, request, certificate=certificate)
                assert found.startswith(b"HTTP/1.1 200 "), found
                slowest = max(slowest, time.monotonic() - began)
                answers += 1
            assert len(limiter) <= LIMIT + 1
            most = max(most, resident())
            await asyncio.sleep(0.1)
        assert answers > 2
        assert slowest < 5
        assert most - before < 60 * MIB
        async with asyncio.timeout(10):
            while len(limiter):  # noqa: ASYNC110 - it can't notify us
                await asyncio.sleep(0.05)


async def test_what_ended_is_freed_without_the_garbage_collector(prepared: Server) -> None:
    """It seldom comes, and each connection has half a megabyte."""
    limiter = ConnectionLimiter(limits_rate=False)
    async with serving(prepared, limiter) as server:
        await server.ask(STRANGER)
        gc.collect()
        gc.disable()
        try:
            command = [sys.executable, "-c", ATTACKER, str(server.port), "100", FLOOD]
            attack = await asyncio.create_subprocess_exec(*command)
            await attack.wait()
            async with asyncio.timeout(10):
                while len(limiter):  # noqa: ASYNC110 - it can't notify us
                    await asyncio.sleep(0.05)
                # Each goes with the last callback of its connection.
                while sum(isinstance(each, SSLProtocol) for each in gc.get_objects()) >= FEW:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
        finally:
            gc.enable()


async def test_who_is_not_authenticated_in_time_is_ended(prepared: Server) -> None:
    assert SECONDS <= 10
    limiter = ConnectionLimiter(seconds=0.5)
    async with serving(prepared, limiter) as server:
        silent = await server.connect(STRANGER, tls=False)
        slow = await server.connect(STRANGER)
        known = await server.connect(STRANGER, certificate=True)
        own = await server.connect(OWN)
        slow[1].write(b"GET / HTTP/1.1\r\nX: ")
        for reader, writer in (silent, slow, own):
            with contextlib.suppress(OSError):
                assert await asyncio.wait_for(reader.read(), 5) == b""
            await end(writer)
        assert len(limiter) == 0
        known[1].write(ASK)
        assert (await known[0].read(4096)).startswith(b"HTTP/1.1 200 ")
        await end(known[1])


async def test_a_head_of_a_stranger_is_small_and_one_of_a_certificate_may_be_large(prepared: Server) -> None:
    large = b"GET /ask HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 20_000 + b"\r\n\r\n"
    async with serving(prepared, ConnectionLimiter()) as server:
        assert (await server.ask(STRANGER, large)).startswith(b"HTTP/1.1 431 ")
        assert (await server.ask(OWN, large)).startswith(b"HTTP/1.1 431 ")
        assert (await server.ask(STRANGER, large, certificate=True)).startswith(b"HTTP/1.1 200 ")
        very = large.replace(b"a" * 20_000, b"a" * 300_000)
        assert (await server.ask(OWN, very, certificate=True)).startswith(b"HTTP/1.1 200 ")


async def test_a_stranger_may_ask_once(prepared: Server) -> None:
    async with serving(prepared, ConnectionLimiter()) as server:
        reader, writer = await server.connect(STRANGER)
        writer.write(ASK + GOOD_TOKEN)
        answers = await asyncio.wait_for(reader.read(), 5)
        assert answers.startswith(b"HTTP/1.1 401 ")
        assert b"Connection: close" in answers
        assert answers.count(b"HTTP/1.1") == 1
        await end(writer)
        reader, writer = await server.connect(STRANGER)
        writer.write(GOOD_TOKEN + ASK)
        both = await asyncio.wait_for(reader.readuntil(b"hello"), 5)
        assert both.startswith(b"HTTP/1.1 200 ")
        await end(writer)


async def test_listeners_share_a_gate(prepared: Server) -> None:
    limiter = ConnectionLimiter(limit=4)
    async with serving(prepared, limiter) as first:
        held = await flood(first, 4)
        async with serving(prepared, limiter) as second:
            held += await flood(second, 4)
            assert len(limiter) <= 4
            for writer in held:
                await end(writer)
