import asyncio
import contextlib

import pytest

from vcli.syncer.engine.gates import Gates
from vcli.syncer.health import Health, serve


@pytest.mark.parametrize(
    ("path", "waiting", "status"),
    [
        ("/healthz", {"caches"}, 200),
        ("/readyz", {"caches"}, 503),
        ("/readyz?verbose", {"caches"}, 503),
        ("/readyz", set(), 200),
        ("/metrics", {"caches"}, 200),
        ("/elsewhere", set(), 404),
    ],
)
async def test_answers(path: str, waiting: set[str], status: int) -> None:
    async with serve(Health(Gates(waiting)), port=0) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    if status == 503:
        assert b"waiting for caches" in answer


def test_ready_once_everything_was_reached() -> None:
    gates = Gates({"caches", "addons"})
    gates.reached("caches")
    assert gates.missing == ["addons"]
    gates.reached("addons")
    assert Health(gates).answer("/readyz") == (200, "ok")


def test_what_is_unavailable_is_named_and_holds_up_nothing() -> None:
    health = Health(Gates(), unavailable={"host persistentvolumeclaims": "forbidden in team-a"})
    assert health.answer("/readyz") == (200, "ok\nunavailable: host persistentvolumeclaims")


async def test_whoever_waits_is_answered_at_once() -> None:
    gates = Gates({"caches"})
    async with serve(Health(gates), port=0) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET /readyz?wait HTTP/1.1\r\nHost: x\r\n\r\n")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.2)
        gates.reached("caches")
        answer = await asyncio.wait_for(reader.read(), 1)
        writer.close()
        await writer.wait_closed()
    assert answer.startswith(b"HTTP/1.1 200 ")


async def test_waiting_has_an_end() -> None:
    gates = Gates({"caches"})
    await asyncio.wait_for(gates.wait_all(longest=0.05), 1)
    assert gates.missing


async def test_others_that_wait_do_not_keep_the_kubelet_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vcli.syncer.serving.acceptor._is_own", lambda *_: False)
    async with serve(Health(Gates({"caches"})), port=0) as server:
        held = []
        for _ in range(200):
            _, writer = await asyncio.open_connection("127.0.0.1", server.port, local_addr=("127.0.0.2", 0))
            writer.write(b"GET /readyz?wait HTTP/1.1\r\nHost: x\r\n\r\n")
            held.append(writer)
        for source in ("127.0.0.3", "127.0.0.2"):
            for _ in range(20):
                reader, writer = await asyncio.open_connection(
                    "127.0.0.1", server.port, local_addr=(source, 0)
                )
                writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                assert (await asyncio.wait_for(reader.read(), 2)).startswith(b"HTTP/1.1 200 ")
                held.append(writer)
        for writer in held:
            writer.transport.abort()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


async def test_a_head_that_is_slow_or_large_gets_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vcli.syncer.health._TIMEOUT", 0.3)
    async with serve(Health(Gates()), port=0) as server:
        for head in (b"GET /healthz HTTP/1.1\r\n", b"GET /healthz HTTP/1.1\r\nX: " + b"x" * 20_000):
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(head)
            with contextlib.suppress(OSError):
                assert await asyncio.wait_for(reader.read(), 5) == b""
            writer.transport.abort()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
