import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vcli.syncer.engine.queue import WorkQueue

InFakeTime = Callable[[Callable[[], Awaitable[Any]]], Any]


def now() -> float:
    return asyncio.get_running_loop().time()


def test_backoff_doubles_up_to_its_bound_and_starts_again_after_forget(in_fake_time: InFakeTime) -> None:
    async def delays() -> list[float]:
        queue: WorkQueue[str] = WorkQueue(first_retry=0.01, longest_retry=0.05)
        seen = []
        for _ in range(5):
            before = now()
            queue.retry("a")
            await queue.get()
            queue.done("a")
            seen.append(now() - before)
        queue.forget("a")
        before = now()
        queue.retry("a")
        await queue.get()
        return [*seen, now() - before]

    waited = in_fake_time(delays)
    for got, nominal in zip(waited, [0.01, 0.02, 0.04, 0.05, 0.05, 0.01], strict=True):
        assert nominal <= got <= nominal * 1.11


def test_retry_waits_as_long_as_the_server_asked(in_fake_time: InFakeTime) -> None:
    async def wait() -> float:
        queue: WorkQueue[str] = WorkQueue()
        queue.retry("a", at_least=7)
        await queue.get()
        return now()

    assert in_fake_time(wait) == pytest.approx(7, abs=0.001)


def test_an_urgent_wish_beats_the_backoff(in_fake_time: InFakeTime) -> None:
    async def wait() -> float:
        queue: WorkQueue[str] = WorkQueue()
        queue.add("a", after=60)
        taker = asyncio.create_task(queue.get())
        await asyncio.sleep(1)
        queue.add("a")
        await taker
        return now()

    assert in_fake_time(wait) == pytest.approx(1, abs=0.001)


def test_a_key_handed_to_a_cancelled_taker_goes_to_another(in_fake_time: InFakeTime) -> None:
    async def hand_over() -> str:
        queue: WorkQueue[str] = WorkQueue()
        first, second = asyncio.create_task(queue.get()), asyncio.create_task(queue.get())
        await asyncio.sleep(0)
        queue.add("a")
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        return await second

    assert in_fake_time(hand_over) == "a"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(
    wishes=st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(0, 20), st.integers(0, 10)), min_size=1, max_size=25
    ),
    workers=st.integers(1, 4),
    effort=st.integers(0, 7),
)
def test_nothing_is_lost_and_nothing_runs_twice_at_once(
    in_fake_time: InFakeTime, wishes: list[tuple[str, int, int]], workers: int, effort: int
) -> None:
    """Every wish is followed by a run that starts no earlier than the wish allows."""

    async def simulate() -> tuple[dict[str, float], dict[str, float]]:
        queue: WorkQueue[str] = WorkQueue()
        running: set[str] = set()
        last_start: dict[str, float] = {}
        last_wish: dict[str, float] = {}

        async def work() -> None:
            while True:
                key = await queue.get()
                assert key not in running, "one key, two workers"
                running.add(key)
                last_start[key] = now()
                await asyncio.sleep(effort)
                running.discard(key)
                queue.done(key)

        tasks = [asyncio.create_task(work()) for _ in range(workers)]
        for key, pause, after in wishes:
            await asyncio.sleep(pause)
            queue.add(key, after=after)
            last_wish[key] = now()
        await asyncio.sleep(1000)
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(end, asyncio.CancelledError) for end in ended), ended
        assert len(queue) == 0
        return last_wish, last_start

    last_wish, last_start = in_fake_time(simulate)
    for key, wished in last_wish.items():
        assert last_start[key] >= wished
