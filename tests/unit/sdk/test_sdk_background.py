import asyncio
import os
import signal
import threading
import time

import pytest

from vcli.sdk.background import Background, in_thread


@pytest.fixture
def background():
    it = Background("test")
    it.start()
    yield it
    it.close()


async def where():
    return threading.current_thread().name


def test_runs_elsewhere(background):
    assert background.call(where()) == "test"


async def test_from_a_loop(background):
    assert await background.acall(where()) == "test"


def test_errors_come_back(background):
    async def fail():
        raise ValueError("so")

    with pytest.raises(ValueError, match="so"):
        background.call(fail())


async def test_a_cancellation_waits_for_the_clean_up(background):
    seen = []

    async def work():
        try:
            begun.set()
            await asyncio.sleep(30)
        finally:
            await asyncio.sleep(0.1)
            seen.append("cleaned")

    begun = threading.Event()
    task = asyncio.create_task(background.acall(work()))
    await asyncio.to_thread(begun.wait)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert seen == ["cleaned"]


def test_ctrl_c_waits_for_the_clean_up(background):
    seen = []

    async def work():
        try:
            interrupt.set()
            await asyncio.sleep(30)
        finally:
            await asyncio.sleep(0.1)
            seen.append("cleaned")

    interrupt = threading.Event()

    def press():
        interrupt.wait()
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=press).start()
    with pytest.raises(KeyboardInterrupt):
        background.call(work())
    assert seen == ["cleaned"]


def test_close_ends_what_runs(background):
    ended = threading.Event()

    async def work():
        try:
            await asyncio.sleep(30)
        finally:
            ended.set()

    async def begin():
        background.kept = asyncio.create_task(work())
        await asyncio.sleep(0)

    background.call(begin())
    started = time.monotonic()
    background.close()
    assert ended.is_set()
    assert time.monotonic() - started < 5


def test_starts_once(background):
    with pytest.raises(RuntimeError):
        background.start()


async def test_many_at_once_take_none_of_the_loops_own_threads(background):
    """The executor of a loop has a few threads only, which name lookups need too."""
    hold = threading.Event()

    async def held():
        while not hold.is_set():  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    many = [asyncio.create_task(background.acall(held())) for _ in range(100)]
    many += [asyncio.create_task(in_thread(hold.wait, cancel=hold.set)) for _ in range(100)]
    await asyncio.sleep(0.05)
    async with asyncio.timeout(5):
        assert await asyncio.to_thread(lambda: "free") == "free"
    hold.set()
    async with asyncio.timeout(5):
        await asyncio.gather(*many)


async def test_what_a_thread_raises_comes_back():
    def fail():
        raise ValueError("so")

    with pytest.raises(ValueError, match="so"):
        await in_thread(fail, cancel=lambda: None)


async def test_a_cancellation_ends_the_thread_and_waits_for_it():
    stop, seen = threading.Event(), []

    def work():
        stop.wait()
        seen.append("ended")

    task = asyncio.create_task(in_thread(work, cancel=stop.set))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert seen == ["ended"]
