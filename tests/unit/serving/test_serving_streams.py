"""Splicing real sockets: what arrives, who is told of the end, and what is left behind."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from vcli.syncer.serving.sockets import keep_alive, listen_on
from vcli.syncer.serving.streams import first_of, splice

Pair = tuple[asyncio.StreamReader, asyncio.StreamWriter]
MEGABYTES = 8 * 1024 * 1024


@asynccontextmanager
async def spliced() -> AsyncIterator[tuple[Pair, Pair, "asyncio.Task[None]"]]:
    """Two outer ends whose inner ends are spliced in a task."""
    ends = [await connected() for _ in range(2)]
    (left, inner_left), (right, inner_right) = ends
    task = asyncio.create_task(splice(inner_left, inner_right))
    try:
        yield left, right, task
    finally:
        for _, writer in (left, right):
            writer.transport.abort()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def connected() -> tuple[Pair, Pair]:
    first, second = socket.socketpair()
    return await asyncio.open_connection(sock=first), await asyncio.open_connection(sock=second)


async def test_bytes_pass_both_ways_whatever_they_are() -> None:
    async with spliced() as (left, right, _):
        data = bytes(range(256)) * (MEGABYTES // 256)

        async def send(pair: Pair) -> None:
            pair[1].write(data)
            await pair[1].drain()

        results = await asyncio.gather(
            send(left), send(right), left[0].readexactly(len(data)), right[0].readexactly(len(data))
        )
        assert results[2:] == [data, data]


@pytest.mark.parametrize("closing", ["left", "right"])
async def test_the_end_of_one_side_is_the_end_of_the_other_after_its_last_byte(closing: str) -> None:
    async with spliced() as (left, right, task):
        one, other = (left, right) if closing == "left" else (right, left)
        one[1].write(b"last words")
        one[1].close()
        async with asyncio.timeout(5):
            assert await other[0].read() == b"last words"
            await task


async def test_a_reset_ends_both_sides() -> None:
    async with spliced() as (left, right, task):
        left[1].transport.abort()
        async with asyncio.timeout(5):
            assert await right[0].read() == b""
            await task


async def test_a_slow_receiver_holds_the_sender_back() -> None:
    async with spliced() as (left, right, _):
        right[0]._transport.pause_reading()  # type: ignore[attr-defined]
        left[1].transport.set_write_buffer_limits(high=1024)
        sent = 0

        async def send() -> None:
            nonlocal sent
            while True:
                left[1].write(b"x" * 65536)
                await left[1].drain()
                sent += 65536

        with pytest.raises(TimeoutError):
            await asyncio.wait_for(send(), 1)
        assert sent < MEGABYTES


async def test_cancelling_leaves_no_connection_behind() -> None:
    async with spliced() as (left, right, task):
        await asyncio.sleep(0)
        task.cancel()
        async with asyncio.timeout(5):
            await asyncio.gather(task, return_exceptions=True)
            assert await asyncio.gather(left[0].read(), right[0].read()) == [b"", b""]


async def test_the_first_error_is_raised_and_the_rest_is_cancelled() -> None:
    ended = asyncio.Event()

    async def fail() -> None:
        raise ValueError("first")

    async def wait() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    with pytest.raises(ValueError, match="first"):
        await first_of(wait(), fail())
    assert ended.is_set()


def test_a_port_can_be_had_only_once_and_again_at_once() -> None:
    first = listen_on(0)
    port = first.getsockname()[1]
    with pytest.raises(OSError, match="in use"):
        listen_on(port)
    keep_alive(first)
    with socket.create_connection(("127.0.0.1", port)):
        first.close()
    listen_on(port).close()
