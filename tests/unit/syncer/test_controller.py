import asyncio
from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import Any

import pytest

from scripted_api import NAMESPACE, ScriptedApi, listed, refused
from vcli.errors import VcliError
from vcli.kube.errors import TooManyRequests
from vcli.kube.informer import Informer
from vcli.kube.resources import PVCS
from vcli.syncer.engine.controller import Controller, RequeueAfter, TerminalError

InFakeTime = Callable[[Callable[[], Awaitable[Any]]], Any]
CLAIMS = PVCS.path(namespace=NAMESPACE)


async def run_for(controller: Controller[str], seconds: float) -> None:
    task = asyncio.create_task(controller.run())
    await asyncio.sleep(seconds)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def times(outcome: Callable[[int], RequeueAfter | None]) -> Callable[[], Awaitable[list[float]]]:
    """When a key is worked on, for a minute, if each time ends as `outcome(number)` does."""

    async def simulate() -> list[float]:
        seen: list[float] = []

        async def reconcile(key: str) -> RequeueAfter | None:
            seen.append(asyncio.get_running_loop().time())
            return outcome(len(seen))

        controller = Controller("test", reconcile)
        controller.queue.add("a")
        await run_for(controller, 60)
        return seen

    return simulate


def raising(error: Exception) -> Callable[[int], None]:
    def outcome(number: int) -> None:
        raise error

    return outcome


def test_success_is_done_once(in_fake_time: InFakeTime) -> None:
    assert len(in_fake_time(times(lambda _: None))) == 1


def test_requeue_after_comes_back_at_that_time(in_fake_time: InFakeTime) -> None:
    seen = in_fake_time(times(lambda number: RequeueAfter(10) if number < 3 else None))
    assert seen == pytest.approx([0, 10, 20], abs=0.001)


def test_what_is_pointless_is_not_tried_again(in_fake_time: InFakeTime) -> None:
    assert len(in_fake_time(times(raising(TerminalError("no such thing"))))) == 1


@pytest.mark.parametrize("error", [VcliError("refused"), ValueError("a bug")])
def test_a_failure_is_tried_again_with_growing_pauses(in_fake_time: InFakeTime, error: Exception) -> None:
    seen = in_fake_time(times(raising(error)))
    pauses = [later - sooner for sooner, later in pairwise(seen)]
    assert len(seen) > 8
    assert all(later > sooner * 1.5 for sooner, later in pairwise(pauses))


def test_retry_after_is_kept(in_fake_time: InFakeTime) -> None:
    busy = TooManyRequests("busy", status=429, retry_after=25.0)
    assert in_fake_time(times(raising(busy))) == pytest.approx([0, 25, 50], abs=0.001)


def test_one_key_that_fails_does_not_hold_up_another(in_fake_time: InFakeTime) -> None:
    async def simulate() -> list[str]:
        done: list[str] = []

        async def reconcile(key: str) -> None:
            if key == "bad":
                await asyncio.sleep(1)
                raise VcliError("refused")
            done.append(key)

        controller = Controller("test", reconcile, workers=2)
        for key in ("bad", "b", "c"):
            controller.queue.add(key)
        await run_for(controller, 5)
        return done

    assert in_fake_time(simulate) == ["b", "c"]


def test_what_waits_for_a_cache_is_said_and_done_when_it_is_there(in_fake_time: InFakeTime) -> None:
    async def simulate() -> tuple[list[str], list[str]]:
        api, said, done = ScriptedApi(), [], []
        api.on("GET", CLAIMS, *[refused(403, "Forbidden")] * 3, listed())
        informer = Informer(api.client(), PVCS, namespace=NAMESPACE)

        async def reconcile(key: str) -> None:
            done.append(key)

        async def unavailable(key: str) -> None:
            said.append(key)
            if key == "bad":
                raise VcliError("no")

        controller = Controller("test", reconcile, caches=[informer], unavailable=unavailable)
        following = asyncio.create_task(informer.run())
        await informer.wait_tried()
        for key in ("a", "bad"):
            controller.queue.add(key)
        running = asyncio.create_task(run_for(controller, 60))
        await asyncio.sleep(0.01)
        assert (sorted(said), done) == (["a", "bad"], [])
        await running
        following.cancel()
        return said, done

    said, done = in_fake_time(simulate)
    assert said.count("a") == 1
    assert {"a", "bad"} <= set(done)
