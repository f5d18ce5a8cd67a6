"""What the engine does when a list is refused, or fails."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import Any

import pytest

from scripted_api import NAMESPACE, ScriptedApi, listed, refused, thing
from vcli.kube.errors import Unreachable
from vcli.kube.resources import CONFIGMAPS, PVCS
from vcli.syncer.engine.availability import Availability
from vcli.syncer.engine.caches import Caches
from vcli.syncer.engine.controller import Controller
from vcli.syncer.engine.enqueue import enqueue_on
from vcli.syncer.engine.runnables import Runnable

InFakeTime = Callable[[Callable[[], Awaitable[Any]]], Any]

CLAIMS = PVCS.path(namespace=NAMESPACE)
MAPS = CONFIGMAPS.path(namespace=NAMESPACE)
FORBIDDEN = refused(403, "Forbidden", "you may not list claims in team-a")


class Running:
    """Runs things until the block ends."""

    def __init__(self, *runnables: Runnable) -> None:
        self._runnables = runnables

    async def __aenter__(self) -> None:
        self._tasks = [asyncio.create_task(each.run()) for each in self._runnables]

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def caches_of(api: ScriptedApi, availability: Availability | None = None, **more: Any) -> Caches:
    caches = Caches(api.client(), name="host", availability=availability)
    caches.watch(PVCS, namespace=NAMESPACE, **more)
    caches.watch(CONFIGMAPS, namespace=NAMESPACE)
    return caches


async def synced(caches: Caches, *, within: float) -> bool:
    try:
        await asyncio.wait_for(caches.wait_synced(), within)
    except TimeoutError:
        return False
    return True


def test_a_forbidden_kind_is_said_once_and_holds_up_nothing(
    in_fake_time: InFakeTime, caplog: pytest.LogCaptureFixture
) -> None:
    async def simulate() -> list[str]:
        api, warnings = ScriptedApi(), []

        async def warn(message: str) -> None:
            warnings.append(message)

        availability = Availability(warn)
        caches = caches_of(api, availability, optional=True)
        api.on("GET", CLAIMS, FORBIDDEN)
        api.on("GET", MAPS, listed(thing("a")))
        async with Running(caches, availability):
            assert await synced(caches, within=1)
            assert caches[CONFIGMAPS].available
            assert not caches[PVCS].available
            await asyncio.sleep(600)
            assert availability.unavailable == {
                "host persistentvolumeclaims": "you may not list claims in team-a"
            }
        assert 20 < len(api.requests) < 60  # asked again, at most every 30 seconds
        return warnings

    with caplog.at_level(logging.WARNING):
        assert in_fake_time(simulate) == [
            "host persistentvolumeclaims unavailable: you may not list claims in team-a"
        ]
    assert [each.message for each in caplog.records] == ["unavailable, and left aside until it can be listed"]


def test_a_right_that_is_given_later_is_noticed(in_fake_time: InFakeTime) -> None:
    async def simulate() -> tuple[bool, dict[str, str], list[str]]:
        api, availability = ScriptedApi(), Availability()
        caches = caches_of(api, availability, optional=True)
        api.on("GET", CLAIMS, *[FORBIDDEN] * 12, listed(thing("data")))
        api.on("GET", MAPS, listed())
        async with Running(caches):
            await asyncio.sleep(200)
            return (
                caches[PVCS].available,
                availability.unavailable,
                [each["metadata"]["name"] for each in caches[PVCS].items()],
            )

    assert in_fake_time(simulate) == (True, {}, ["data"])


def test_a_kind_that_must_be_there_is_waited_for(in_fake_time: InFakeTime) -> None:
    async def simulate() -> tuple[bool, bool]:
        api = ScriptedApi()
        caches = caches_of(api)
        api.on("GET", CLAIMS, *[FORBIDDEN] * 10, listed())
        api.on("GET", MAPS, listed())
        async with Running(caches):
            return await synced(caches, within=5), await synced(caches, within=100)

    assert in_fake_time(simulate) == (False, True)


def test_a_list_that_fails_is_tried_again_with_growing_pauses(in_fake_time: InFakeTime) -> None:
    async def simulate() -> tuple[list[float], dict[str, str]]:
        api, availability = ScriptedApi(), Availability()
        caches = caches_of(api, availability, optional=True)
        failures = [Unreachable("cut"), refused(500, "InternalError"), refused(503, "ServiceUnavailable")]
        api.on("GET", CLAIMS, *failures, *failures, listed())
        api.on("GET", MAPS, listed())
        async with Running(caches):
            assert await synced(caches, within=60)
        return [each.at for each in api.requests if each.path == CLAIMS], availability.unavailable

    asked, unavailable = in_fake_time(simulate)
    pauses = [later - sooner for sooner, later in pairwise(asked)]
    assert len(pauses) == 6
    assert all(0.05 * 2**n <= pause <= 0.1 * 2**n for n, pause in enumerate(pauses))
    assert unavailable == {}


def test_keys_wait_for_a_kind_that_is_unavailable(in_fake_time: InFakeTime) -> None:
    async def simulate() -> tuple[list[str], list[str]]:
        api, done = ScriptedApi(), list[str]()
        caches = caches_of(api, optional=True)
        api.on("GET", CLAIMS, *[FORBIDDEN] * 8, listed())
        api.on("GET", MAPS, listed(thing("a"), thing("b")))

        async def reconcile(key: str) -> None:
            done.append(key)

        controller = Controller("claims", reconcile, caches=[caches[PVCS]])
        enqueue_on(caches[CONFIGMAPS], controller.queue, lambda obj: (obj["metadata"]["name"],))
        async with Running(caches, controller):
            await caches.wait_synced()
            controller.queue.add("a")
            await asyncio.sleep(5)
            before = list(done)
            await asyncio.sleep(100)
        return before, done

    assert in_fake_time(simulate) == ([], ["a", "b"])


def test_a_right_that_is_taken_away_stops_its_controller(in_fake_time: InFakeTime) -> None:
    async def simulate() -> tuple[list[str], bool, int]:
        api, done = ScriptedApi(), list[str]()
        caches = caches_of(api, optional=True)
        api.on("GET", CLAIMS, listed(thing("data")), FORBIDDEN)
        api.on("WATCH", CLAIMS, listed(), FORBIDDEN)
        api.on("GET", MAPS, listed())

        async def reconcile(key: str) -> None:
            done.append(key)

        controller = Controller("claims", reconcile, caches=[caches[PVCS]])
        async with Running(caches, controller):
            await caches.wait_synced()
            controller.queue.add("before")
            await asyncio.sleep(1)
            await asyncio.sleep(400)  # the silent watch ends, and can't be opened again
            controller.queue.add("after")
            await asyncio.sleep(1)
            return done, caches[PVCS].available, len(caches[PVCS].items())

    assert in_fake_time(simulate) == (["before"], False, 1)
