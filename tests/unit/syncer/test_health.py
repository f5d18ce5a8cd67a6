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
        ("/metrics", set(), 404),
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
