"""Objects without effect on the host are told so, once each; which kinds follows from the catalog."""

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import pytest
from two_clusters import TwoClusters

from scripted_api import NAMESPACE, Request, listed, ok, refused, thing
from vcli.catalog import SYNCED
from vcli.kube.resources import (
    DEVICECLASSES,
    INGRESSCLASSES,
    INGRESSES,
    NETWORKPOLICIES,
    PDBS,
    PODS,
    PRIORITYCLASSES,
    PVS,
    RESOURCECLAIMS,
    RUNTIMECLASSES,
    SERVICEACCOUNTS,
    STORAGECLASSES,
    Resource,
)
from vcli.syncer.engine.context import SyncContext
from vcli.syncer.engine.recorder import Recorder
from vcli.syncer.sync.inert import InertKind, InertObjects
from vcli.syncer.unsynced import inert_kinds

Object = dict[str, Any]
InFakeTime = Callable[[Callable[[], Awaitable[Any]]], Any]

EVENTS_OF = f"/api/v1/namespaces/{NAMESPACE}/events"
PATH = PDBS.path()
INERT = InertKind(resource=PDBS, message="has no effect")


def clusters() -> tuple[TwoClusters, SyncContext]:
    found = TwoClusters(PDBS)
    found.virtual.on("POST", EVENTS_OF, ok({}, 201))
    return found, dataclasses.replace(found.ctx, recorder=Recorder(found.ctx.virtual.client))


async def run_for(seconds: float, *works: Awaitable[None]) -> None:
    tasks = [asyncio.ensure_future(each) for each in works]
    await asyncio.sleep(seconds)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def told(
    in_fake_time: InFakeTime,
    kinds: Iterable[InertKind],
    script: Callable[[TwoClusters], None],
    *,
    later: Callable[[TwoClusters], None] = lambda _: None,
) -> list[Request]:
    """The events that are created within seconds."""

    async def simulate() -> list[Request]:
        found, ctx = clusters()
        script(found)
        inert = InertObjects(ctx, kinds)

        async def then() -> None:
            await asyncio.sleep(1)
            later(found)

        await run_for(10, inert.run(), inert.controller.run(), then())
        return found.virtual.asked("POST")

    result: list[Request] = in_fake_time(simulate)
    return result


def test_each_object_gets_one_event(in_fake_time: InFakeTime) -> None:
    def script(found: TwoClusters) -> None:
        found.virtual.on("GET", PATH, listed(thing("web", spec={"minAvailable": 1}), thing("db")))

    def later(found: TwoClusters) -> None:
        found.virtual.send_event(PATH, "MODIFIED", thing("web", version=2))
        found.virtual.send_event(PATH, "ADDED", thing("new", version=3))
        again = thing("db", version=4, metadata={"uid": "another"})
        found.virtual.send_event(PATH, "DELETED", thing("db", version=4))
        found.virtual.send_event(PATH, "ADDED", again)

    events = [each.body for each in told(in_fake_time, [INERT], script, later=later)]
    about = [(each["involvedObject"]["name"], each["involvedObject"]["uid"]) for each in events]
    assert sorted(about[:2]) == [("db", "uid-db"), ("web", "uid-web")]
    assert sorted(about[2:]) == [("db", "another"), ("new", "uid-new")]
    assert {(each["type"], each["reason"], each["message"]) for each in events} == {
        ("Warning", "NotSynced", "has no effect")
    }


def test_an_event_that_is_there_already_is_enough(in_fake_time: InFakeTime) -> None:
    def script(found: TwoClusters) -> None:
        found.virtual.on("GET", PATH, listed(thing("web")))
        found.virtual.on("POST", EVENTS_OF, refused(409, "AlreadyExists"))

    first = told(in_fake_time, [INERT], script)
    second = told(in_fake_time, [INERT], script)
    assert len(first) == len(second) == 1
    assert first[0].body["metadata"]["name"] == second[0].body["metadata"]["name"]


def test_an_event_that_could_not_be_written_is_tried_again(in_fake_time: InFakeTime) -> None:
    def script(found: TwoClusters) -> None:
        found.virtual.on("GET", PATH, listed(thing("web")))
        found.virtual.on("POST", EVENTS_OF, refused(403, "Forbidden"), ok({}, 201))

    assert len(told(in_fake_time, [INERT], script)) == 2


def test_a_terminating_object_is_told_nothing(in_fake_time: InFakeTime) -> None:
    def script(found: TwoClusters) -> None:
        ending = thing("web", metadata={"deletionTimestamp": "2026-01-01T00:00:00Z"})
        found.virtual.on("GET", PATH, listed(ending))

    assert told(in_fake_time, [INERT], script) == []


def test_of_an_object_only_what_the_event_takes_is_kept(in_fake_time: InFakeTime) -> None:
    async def simulate() -> list[Object]:
        found, ctx = clusters()
        found.virtual.on(
            "GET", PATH, listed(thing("web", metadata={"annotations": {"a": "b"}}, spec={"a": 1}))
        )
        inert = InertObjects(ctx, [INERT])
        await run_for(1, inert.run())
        return inert._informers[PDBS].items()

    [kept] = in_fake_time(simulate)
    assert kept == {
        "metadata": {"name": "web", "namespace": NAMESPACE, "uid": "uid-web", "resourceVersion": "1"}
    }


def kinds(*, scheduler: bool = False, **on: bool) -> dict[Resource, InertKind]:
    settings = dataclasses.replace(TwoClusters(PODS).ctx.settings, kinds=on, scheduler=scheduler)
    return {kind.resource: kind for kind in inert_kinds(settings)}


def test_by_default_these_kinds_have_no_effect() -> None:
    found = kinds()
    classes = {STORAGECLASSES, PRIORITYCLASSES, RUNTIMECLASSES, INGRESSCLASSES}
    assert set(found) == {PVS, NETWORKPOLICIES, *classes}
    assert "sync.fromHost.storageClasses.enabled=true shows them here" in found[STORAGECLASSES].message
    assert {found[each].label_selector for each in classes} == {"!vcli.dev/mirror,!vcli.dev/volume"}


def test_a_kind_that_is_turned_off_names_its_value() -> None:
    message = kinds(**{"toHost.networkPolicies": False})[NETWORKPOLICIES].message
    assert "the value sync.toHost.networkPolicies.enabled=true turns that on" in message


def test_a_scheduler_inside_asks_for_priorities() -> None:
    assert kinds().keys() - kinds(scheduler=True).keys() == {PRIORITYCLASSES}


def test_without_ingresses_on_the_host_only_a_controller_inside_looks_at_classes() -> None:
    found = kinds(**{"toHost.ingresses": False})
    assert INGRESSES in found
    assert INGRESSCLASSES not in found


def test_with_resource_claims_on_the_host_a_tenants_class_of_devices_is_none_there() -> None:
    assert DEVICECLASSES not in kinds()
    message = kinds(**{"toHost.resourceClaims": True})[DEVICECLASSES].message
    assert "only its own DeviceClass objects count" in message


@pytest.mark.parametrize(
    "kind",
    [each for each in SYNCED if each.direction == "toHost" and each.switch],
    ids=lambda each: each.path,
)
def test_a_kind_that_is_off_is_told_its_value(kind: Any) -> None:
    off = kinds(**{kind.path: False})
    # A ServiceAccount has its effect inside, a claim of devices only by pods, which are told; and without
    # its definition there is no custom resource.
    if kind.resource in (SERVICEACCOUNTS, RESOURCECLAIMS) or kind.custom:
        assert kind.resource not in off
    else:
        assert f"{kind.switch}=true" in off[kind.resource].message
    assert kind.resource not in kinds(**{kind.path: True})


def test_classes_of_the_host_that_are_shown_leave_a_tenants_own_without_effect() -> None:
    found = kinds(**{"fromHost.storageClasses": True})
    assert "shows them here" not in found[STORAGECLASSES].message
    assert "sync.toHost.storageClasses.enabled=true gives the host" in found[STORAGECLASSES].message
