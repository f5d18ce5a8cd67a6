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


def test_what_would_fail_again_in_a_moment_begins_with_a_longer_delay(in_fake_time: InFakeTime) -> None:
    async def delays() -> list[float]:
        queue: WorkQueue[str] = WorkQueue(first_retry=0.01)
        return [queue.retry("a", quickly=False), queue.retry("a", quickly=False), queue.retry("b")]

    first, second, other = in_fake_time(delays)
    assert 0.32 <= first <= 0.36
    assert 0.64 <= second <= 0.71
    assert other < 0.02


def test_all_that_keep_failing_are_tried_at_a_rate(in_fake_time: InFakeTime) -> None:
    async def delays() -> tuple[list[float], list[float]]:
        queue: WorkQueue[int] = WorkQueue(first_retry=0.01, longest_retry=60)
        persistent = [queue.retry(key, quickly=False) for key in range(1000)]
        passing = [queue.retry(key) for key in range(1000, 1100)]
        return persistent, passing

    persistent, passing = in_fake_time(delays)
    assert max(persistent[:100]) < 0.4
    assert max(persistent) == pytest.approx(90, abs=0.1)
    assert max(passing) < 0.02


async def count_of_runs(queue: WorkQueue[int], *, seconds: float) -> int:
    """How often keys are handed out to a worker that always fails."""
    runs = 0

    async def work() -> None:
        nonlocal runs
        while True:
            key = await queue.get()
            runs += 1
            queue.retry(key, quickly=False)
            queue.done(key)

    task = asyncio.create_task(work())
    await asyncio.sleep(seconds)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return runs


def test_events_without_end_do_not_make_more_tries_without_end(in_fake_time: InFakeTime) -> None:
    """A client relabels the namespace of 500 pods that the host refuses, twenty times a second."""

    async def simulate() -> int:
        queue: WorkQueue[int] = WorkQueue()

        async def flap() -> None:
            while True:
                for key in range(500):
                    queue.add(key)
                await asyncio.sleep(0.05)

        flapping = asyncio.create_task(flap())
        runs = await count_of_runs(queue, seconds=60)
        flapping.cancel()
        await asyncio.gather(flapping, return_exceptions=True)
        return runs

    # Each once; then a burst and ten a second, for tries that are due and for those of events.
    assert 500 < in_fake_time(simulate) < 500 + 2 * (100 + 60 * 10) + 100


def test_an_event_that_was_postponed_is_not_lost(in_fake_time: InFakeTime) -> None:
    """It came while the key was worked on, for the last time in vain or for the first time with success."""

    async def simulate() -> tuple[float, float]:
        queue: WorkQueue[str] = WorkQueue()
        queue.retry("a", quickly=False)
        assert await queue.get() == "a"
        for key in map(str, range(200)):  # nothing is left for events
            queue.retry(key, quickly=False)
            queue.add(key)
        queue.add("a")
        queue.forget("a")
        queue.done("a")
        before = now()
        while await queue.get() != "a":
            pass
        return before, now()

    before, after = in_fake_time(simulate)
    assert after == before


def test_after_an_outage_all_come_back_by_their_backoff(in_fake_time: InFakeTime) -> None:
    async def longest() -> float:
        queue: WorkQueue[int] = WorkQueue()
        for _ in range(20):
            delays = [queue.retry(key) for key in range(1000)]
        return max(delays)

    assert in_fake_time(longest) < 66.1
