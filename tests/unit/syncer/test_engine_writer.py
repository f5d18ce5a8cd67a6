"""Writes through the engine: what is sent, what is stored, what is raised."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from scripted_api import NAMESPACE, ScriptedApi, listed, ok, refused, thing
from vcli.kube.errors import Conflict, Forbidden, NotFound
from vcli.kube.resources import CONFIGMAPS, LEASES
from vcli.syncer.engine.caches import Caches
from vcli.syncer.engine.controller import Controller
from vcli.syncer.engine.writer import Writer, stamped

InFakeTime = Callable[[Callable[[], Awaitable[Any]]], Any]

MAPS = CONFIGMAPS.path(namespace=NAMESPACE)
ONE = f"{MAPS}/one"
WANTED = {"metadata": {"name": "one", "namespace": NAMESPACE}, "data": {"a": "b"}}


@pytest.fixture
def api() -> ScriptedApi:
    return ScriptedApi()


@pytest.fixture
def caches(api: ScriptedApi) -> Caches:
    caches = Caches(api.client(), name="host")
    caches.watch(CONFIGMAPS, namespace=NAMESPACE)
    return caches


def cached(caches: Caches) -> Any:
    return caches[CONFIGMAPS].get(NAMESPACE, "one")


@pytest.mark.parametrize(
    ("method", "path", "write"),
    [
        ("POST", MAPS, lambda writer: writer.create(CONFIGMAPS, WANTED)),
        ("PATCH", ONE, lambda writer: writer.apply(CONFIGMAPS, WANTED, current=None)),
        ("POST", MAPS, lambda writer: writer.create_or_replace(CONFIGMAPS, WANTED, current=None)),
        ("PUT", ONE, lambda writer: writer.create_or_replace(CONFIGMAPS, WANTED, current=thing("one"))),
        ("PATCH", ONE, lambda writer: writer.patch(CONFIGMAPS, thing("one"), {"data": {"a": "b"}})),
        ("PATCH", f"{ONE}/status", lambda writer: writer.patch_status(CONFIGMAPS, thing("one"), {"a": 1})),
    ],
)
async def test_the_answer_to_a_write_is_in_the_cache(
    api: ScriptedApi, caches: Caches, method: str, path: str, write: Callable[[Writer], Awaitable[Any]]
) -> None:
    api.on(method, path, ok(thing("one", version=7)))
    answer = await write(caches.writer)
    assert cached(caches) == answer
    assert answer["metadata"]["resourceVersion"] == "7"
    assert len(api.requests) == 1


async def test_a_kind_without_a_cache_is_written_as_well(api: ScriptedApi, caches: Caches) -> None:
    api.on("PATCH", f"{LEASES.path(namespace=NAMESPACE)}/one", ok(thing("one")))
    await caches.writer.patch(LEASES, thing("one"), {"spec": {}})


async def test_what_was_applied_before_costs_no_request(api: ScriptedApi, caches: Caches) -> None:
    current = stamped(WANTED)
    current["metadata"]["resourceVersion"] = "1"
    assert await caches.writer.apply(CONFIGMAPS, WANTED, current=current) is current
    assert api.requests == []


async def test_a_patch_is_for_this_very_object(api: ScriptedApi, caches: Caches) -> None:
    api.on("PATCH", ONE, refused(409, "Conflict"))
    patch = {"metadata": {"labels": {"a": "b"}}}
    with pytest.raises(Conflict):
        await caches.writer.patch(CONFIGMAPS, thing("one"), patch)
    assert api.requests[0].body == {"metadata": {"labels": {"a": "b"}, "uid": "uid-one"}}
    assert patch == {"metadata": {"labels": {"a": "b"}}}
    assert cached(caches) is None


@pytest.mark.parametrize("answer", [refused(404, "NotFound"), refused(409, "Conflict"), ok({})])
async def test_a_deletion_is_of_this_very_object_and_may_be_late(
    api: ScriptedApi, caches: Caches, answer: Any
) -> None:
    api.on("DELETE", ONE, answer)
    await caches.writer.delete(CONFIGMAPS, thing("one"), grace=3)
    assert api.requests[0].body["preconditions"] == {"uid": "uid-one"}
    assert api.requests[0].body["gracePeriodSeconds"] == 3


async def test_a_refused_deletion_is_raised(api: ScriptedApi, caches: Caches) -> None:
    api.on("DELETE", ONE, refused(403, "Forbidden"))
    with pytest.raises(Forbidden):
        await caches.writer.delete(CONFIGMAPS, thing("one"))


async def test_what_the_cache_does_not_know_is_replaced(api: ScriptedApi, caches: Caches) -> None:
    api.on("POST", MAPS, refused(409, "AlreadyExists"))
    api.on("PUT", ONE, ok(thing("one", version=7)))
    await caches.writer.create_or_replace(CONFIGMAPS, WANTED, current=None)
    assert [each.method for each in api.requests] == ["POST", "PUT"]
    assert cached(caches)["metadata"]["resourceVersion"] == "7"


async def test_a_replacement_of_what_is_gone_is_raised(api: ScriptedApi, caches: Caches) -> None:
    api.on("PUT", ONE, refused(404, "NotFound"))
    with pytest.raises(NotFound):
        await caches.writer.create_or_replace(CONFIGMAPS, WANTED, current=thing("one"))


async def test_an_answer_that_was_overtaken_is_not_stored(api: ScriptedApi, caches: Caches) -> None:
    api.on("PATCH", ONE, ok(thing("one", version=9)), ok(thing("one", version=8)))
    for _ in range(2):
        await caches.writer.patch(CONFIGMAPS, thing("one"), {})
    assert cached(caches)["metadata"]["resourceVersion"] == "9"


def test_conflicts_are_tried_again_while_others_go_on(in_fake_time: InFakeTime) -> None:
    """In which order, and how long after one another, requests are sent."""

    async def simulate() -> tuple[list[tuple[str, float]], Controller[str]]:
        api = ScriptedApi()
        caches = Caches(api.client(), name="host")
        for name, answers in {
            "one": [refused(409, "Conflict"), refused(409, "Conflict"), ok(thing("one"))],
            "two": [refused(403, "Forbidden"), ok(thing("two"))],
            "three": [refused(500, "InternalError", **{"retry-after": "2"}), ok(thing("three"))],
            "four": [ok(thing("four"))],
        }.items():
            api.on("PATCH", f"{MAPS}/{name}", *answers)

        async def reconcile(key: str) -> None:
            await caches.writer.patch(CONFIGMAPS, thing(key), {})

        controller = Controller("test", reconcile, workers=1)
        for key in ("one", "two", "three", "four"):
            controller.queue.add(key)
        task = asyncio.create_task(controller.run())
        await asyncio.sleep(10)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return [(each.path.rpartition("/")[2], each.at) for each in api.requests], controller

    sent, controller = in_fake_time(simulate)
    assert [name for name, _ in sent] == ["one", "two", "three", "four", "one", "one", "two", "three"]
    times = [at for _, at in sent[4:]]
    # Conflicts after 5 and 10 ms, what was rejected after 0.16 s, a busy server when it said.
    assert times[0] == pytest.approx(0.005, rel=0.11)
    assert times[1] - times[0] == pytest.approx(0.010, rel=0.11)
    assert times[2] == pytest.approx(0.16, rel=0.11)
    assert times[3] == pytest.approx(2.0, rel=0.11)
    assert (controller.reconciles, controller.errors) == (8, 4)


def test_what_reconciles_take_and_keys_wait_is_added_up(in_fake_time: InFakeTime) -> None:
    async def simulate() -> tuple[float, float]:
        async def reconcile(_: str) -> None:
            await asyncio.sleep(2)

        controller = Controller("test", reconcile, workers=1)
        for key in ("a", "b", "c"):
            controller.queue.add(key)
        task = asyncio.create_task(controller.run())
        await asyncio.sleep(100)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return controller.seconds, controller.queue.waited

    assert in_fake_time(simulate) == pytest.approx((6.0, 2.0 + 4.0), abs=0.01)


def test_a_watch_brings_what_others_write(in_fake_time: InFakeTime) -> None:
    async def simulate() -> list[str]:
        api = ScriptedApi()
        caches = Caches(api.client(), name="host")
        caches.watch(CONFIGMAPS, namespace=NAMESPACE)
        api.on("GET", MAPS, listed(thing("one")))
        task = asyncio.create_task(caches.run())
        await caches.wait_synced()
        api.send_event(MAPS, "ADDED", thing("two", version=2))
        api.send_event(MAPS, "DELETED", thing("one", version=3))
        await asyncio.sleep(1)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return [each["metadata"]["name"] for each in caches[CONFIGMAPS].items()]

    assert in_fake_time(simulate) == ["two"]
