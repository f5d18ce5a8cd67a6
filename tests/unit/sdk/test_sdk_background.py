import asyncio
import os
import signal
import threading
import time

import pytest

from vcli.sdk.background import Background


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
