import asyncio
import os
import time
from pathlib import Path

import pytest

from vcli.kubeconfig.lock import lock_file, locked
from vcli.operations.cancelling import answered, finished, raise_if_cancelled, to_its_end


class Server:
    """Carries out a request as soon as it is let."""

    def __init__(self) -> None:
        self.asked, self.let = asyncio.Event(), asyncio.Event()
        self.done: list[str] = []

    async def change(self, *, error: Exception | None = None) -> str:
        self.asked.set()
        await self.let.wait()
        self.done.append("changed")
        if error:
            raise error
        return "answer"


async def test_the_answer_is_returned() -> None:
    server = Server()
    server.let.set()
    assert await answered(server.change()) == "answer"
    with pytest.raises(ZeroDivisionError):
        await answered(server.change(error=ZeroDivisionError()))


@pytest.mark.parametrize("error", [None, ZeroDivisionError()])
async def test_a_cancellation_is_heard_after_the_answer(error: Exception | None) -> None:
    server = Server()
    task = asyncio.ensure_future(answered(server.change(error=error)))
    await server.asked.wait()
    task.cancel()
    await asyncio.wait([task], timeout=0.05)
    assert not task.done()
    server.let.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert server.done == ["changed"]


async def test_a_second_cancellation_does_not_wait() -> None:
    server = Server()
    task = asyncio.ensure_future(answered(server.change()))
    await server.asked.wait()
    for _ in range(2):
        task.cancel()
        await asyncio.wait([task], timeout=0.05)
    assert task.cancelled()
    assert server.done == []


async def test_a_cleanup_is_finished_and_the_first_error_goes_on() -> None:
    server = Server()

    async def clean() -> None:
        await server.change()

    async def fails() -> None:
        try:
            _ = 1 / 0
        except ZeroDivisionError:
            await finished(clean())
            raise

    task = asyncio.ensure_future(fails())
    await server.asked.wait()
    task.cancel()
    await asyncio.wait([task], timeout=0.05)
    assert not task.done()
    server.let.set()
    with pytest.raises(ZeroDivisionError):
        await task
    assert server.done == ["changed"]


async def test_who_cancels_a_cleanup_is_heard_once_and_then_obeyed() -> None:
    server = Server()
    heard: list[str] = []

    async def clean() -> None:
        await server.change()

    task = asyncio.ensure_future(finished(clean(), first_asked=lambda: heard.append("asked")))
    await server.asked.wait()
    task.cancel()
    await asyncio.wait([task], timeout=0.05)
    assert (task.done(), heard) == (False, ["asked"])
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (server.done, heard) == ([], ["asked"])


async def test_what_has_begun_comes_to_its_end_however_often_it_is_cancelled() -> None:
    done: list[str] = []

    def work() -> str:
        time.sleep(0.3)
        done.append("work")
        return "answer"

    async def run() -> str:
        answer = await to_its_end(work)
        done.append(answer)
        raise_if_cancelled()
        return answer

    task = asyncio.ensure_future(run())
    for _ in range(3):
        await asyncio.sleep(0.02)
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert done == ["work", "answer"]


async def test_waiting_for_a_lock_ends_at_once(tmp_path: Path) -> None:
    path = tmp_path / "config"
    lock_file(path).touch()

    def work() -> None:
        with locked([path]):
            path.touch()

    task = asyncio.ensure_future(to_its_end(work))
    await asyncio.sleep(0.1)
    begin = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - begin < 5
    assert os.listdir(tmp_path) == ["config.lock"]  # noqa: PTH208


async def test_an_error_of_the_work_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        await to_its_end(lambda: 1 // 0)
