import asyncio

import pytest

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
    async with await serve(Health(waiting), port=0, host="127.0.0.1") as server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    if status == 503:
        assert b"waiting for caches" in answer


def test_ready_once_everything_was_reached() -> None:
    health = Health({"caches", "addons"})
    health.reached("caches")
    assert not health.ready
    health.reached("addons")
    assert health.ready


async def test_whoever_waits_is_answered_at_once() -> None:
    health = Health({"caches"})
    async with await serve(health, port=0, host="127.0.0.1") as server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b"GET /readyz?wait HTTP/1.1\r\nHost: x\r\n\r\n")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.2)
        health.reached("caches")
        answer = await asyncio.wait_for(reader.read(), 1)
        writer.close()
        await writer.wait_closed()
    assert answer.startswith(b"HTTP/1.1 200 ")


async def test_waiting_has_an_end() -> None:
    health = Health({"caches"})
    await asyncio.wait_for(health.wait(longest=0.05), 1)
    assert not health.ready
