import asyncio

import pytest

from vcli.operations.cancelling import answered, finished


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
