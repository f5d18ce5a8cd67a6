"""A pod that is on both sides: bound, its status and its changes synced, with what is rejected on the way."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from scripted_pods import PodLab, host_path, host_pod, virtual_path, virtual_pod

from scripted_api import refused
from vcli.kube.errors import Unreachable
from vcli.kube.resources import PODS
from vcli.syncer.engine.context import name_of

InFakeTime = Callable[[Callable[[], Awaitable[Any]]], Any]
Object = dict[str, Any]

RUNNING = {"phase": "Running", "startTime": "2026-01-01T00:00:01Z"}
CREATING = {"containerStatuses": [{"name": "main", "state": {"waiting": {"reason": "ContainerCreating"}}}]}


@asynccontextmanager
async def pair(
    lab: PodLab, *, bound: bool = True, node: str = "n1", **status: Any
) -> AsyncIterator[tuple[Object, Object]]:
    """A virtual pod and its host pod, as a syncer finds them that has just started."""
    virtual = virtual_pod(**({"nodeName": "n1"} if bound else {}))
    host = host_pod(lab, virtual, node=node, hostIPs=[{"ip": "10.0.0.1"}], **status)
    async with lab.running(virtual=[virtual], host=[host]):
        await asyncio.sleep(0.001)
        yield virtual, host


def bindings(lab: PodLab) -> list[tuple[str, str]]:
    """Pod and node of each binding in the virtual cluster."""
    sent = [each for each in lab.virtual.asked("POST") if each.path.endswith("/binding")]
    return [(each.body["metadata"]["uid"], each.body["target"]["name"]) for each in sent]


def test_a_pod_is_bound_once_although_the_cache_learns_it_late(in_fake_time: InFakeTime) -> None:
    async def simulate() -> tuple[list[tuple[str, str]], list[str], list[Object]]:
        lab = PodLab()
        async with pair(lab, bound=False) as (_, host):
            for number in range(3):
                lab.send_host_event(
                    "MODIFIED", {**host, "status": {**host["status"], "message": str(number)}}
                )
                await asyncio.sleep(0.1)
            return bindings(lab), lab.nodes.ensured, lab.told_status()

    bound, ensured, statuses = in_fake_time(simulate)
    assert bound == [("uid-1", "n1")]
    assert ensured == ["n1"]
    assert statuses == []  # it was only scheduled, and the binding says that


def test_a_binding_that_fails_is_tried_again(in_fake_time: InFakeTime) -> None:
    async def simulate() -> int:
        lab = PodLab()
        lab.virtual.on("POST", f"{virtual_path()}/binding", refused(409, "Conflict"))
        async with pair(lab, bound=False):
            await asyncio.sleep(0.1)
            lab.virtual.answer_willingly("POST", f"{virtual_path()}/binding")
            await asyncio.sleep(10)
            return len(bindings(lab))

    assert in_fake_time(simulate) in range(3, 8)


def test_a_pod_that_a_tenants_scheduler_bound_is_bound_on_the_host(in_fake_time: InFakeTime) -> None:
    async def simulate() -> list[str]:
        lab = PodLab()
        async with pair(lab, node=""):
            await asyncio.sleep(0.1)
            return [each.path for each in lab.sent("POST")]

    assert f"{host_path()}/binding" in in_fake_time(simulate)


@pytest.mark.parametrize("bound", [True, False])
def test_a_host_pod_that_waits_for_the_hosts_scheduler_goes_where_pods_are_scheduled_inside(
    in_fake_time: InFakeTime, bound: Any
) -> None:
    async def simulate() -> tuple[int, list[str]]:
        lab = PodLab(scheduler=True)
        async with pair(lab, bound=bound, node=""):
            await asyncio.sleep(0.1)
            return len(lab.sent("DELETE")), [each.path for each in lab.sent("POST")]

    deletions, others = in_fake_time(simulate)
    assert deletions > 0
    assert others == []


def test_pods_on_different_nodes_cannot_be_and_the_host_pod_goes(in_fake_time: InFakeTime) -> None:
    async def simulate() -> tuple[list[Object], list[str]]:
        lab = PodLab()
        async with pair(lab, node="n2"):
            await asyncio.sleep(0.1)
            return [each.body for each in lab.sent("DELETE")], [message for _, message in lab.warnings()]

    deletions, messages = in_fake_time(simulate)
    assert {each["gracePeriodSeconds"] for each in deletions} == {0}
    assert {each["preconditions"]["uid"] for each in deletions} == {"host-uid-1"}
    assert set(messages) == {"bound to node n1, but the host chose another one"}


def test_status_is_synced_at_once_when_the_pod_runs(in_fake_time: InFakeTime) -> None:
    async def simulate() -> list[Object]:
        lab = PodLab()
        async with pair(lab, **RUNNING):
            return lab.told_status()

    [status] = in_fake_time(simulate)
    assert status["phase"] == "Running"


def test_an_unchanged_status_costs_no_request(in_fake_time: InFakeTime) -> None:
    async def simulate() -> list[Object]:
        lab = PodLab()
        async with pair(lab, **RUNNING) as (_, host):
            for number in range(3):
                labels = {**host["metadata"]["labels"], "of-the-host": str(number)}
                lab.send_host_event("MODIFIED", {**host, "metadata": {**host["metadata"], "labels": labels}})
                await asyncio.sleep(1)
            return lab.told_status()

    assert len(in_fake_time(simulate)) == 1


def test_status_waits_for_more_while_containers_are_created(in_fake_time: InFakeTime) -> None:
    async def simulate() -> tuple[list[float], int]:
        lab = PodLab()
        async with pair(lab, **CREATING) as (_, host):
            counted = len(lab.pods.starting)
            for number in range(10):
                status = {**host["status"], "podIPs": [{"ip": f"10.0.1.{number}"}]}
                lab.send_host_event("MODIFIED", {**host, "status": status})
                await asyncio.sleep(0.1)
            return [each.at for each in lab.virtual.asked("PATCH")], counted

    times, counted = in_fake_time(simulate)
    assert times == pytest.approx([0.75], abs=0.02)
    assert counted == 1


def test_a_pod_that_runs_is_not_starting_any_more(in_fake_time: InFakeTime) -> None:
    async def simulate() -> tuple[list[float], int]:
        lab = PodLab()
        async with pair(lab, **CREATING) as (_, host):
            await asyncio.sleep(0.3)
            lab.send_host_event("MODIFIED", {**host, "status": {**host["status"], **RUNNING}})
            await asyncio.sleep(0.1)
            return [each.at for each in lab.virtual.asked("PATCH")], len(lab.pods.starting)

    times, counted = in_fake_time(simulate)
    assert times == pytest.approx([0.3], abs=0.02)
    assert counted == 0


@pytest.mark.parametrize(
    "failure", [refused(409, "Conflict"), refused(500, "InternalError"), Unreachable("no route")]
)
def test_a_status_that_could_not_be_written_is_written_later(in_fake_time: InFakeTime, failure: Any) -> None:
    async def simulate() -> tuple[int, list[Object]]:
        lab = PodLab()
        lab.virtual.on("PATCH", f"{virtual_path()}/status", failure)
        async with pair(lab, **RUNNING):
            await asyncio.sleep(0.1)
            before = len(lab.told_status())
            lab.virtual.answer_willingly("PATCH", f"{virtual_path()}/status")
            await asyncio.sleep(10)
            return before, lab.told_status()

    before, after = in_fake_time(simulate)
    assert len(after) == before + 1
    assert after[-1]["phase"] == "Running"


def test_a_change_is_synced_once(in_fake_time: InFakeTime) -> None:
    async def simulate() -> tuple[list[Object], list[Object]]:
        lab = PodLab()
        async with pair(lab, **RUNNING) as (virtual, host):
            await asyncio.sleep(1)
            before = [each.body for each in lab.sent("PATCH")]
            known = lab.ctx.in_virtual(*_named(virtual))
            assert known is not None
            metadata = {**known["metadata"], "labels": {"tier": "web"}}
            lab.send_virtual_event("MODIFIED", {**known, "metadata": metadata})
            await asyncio.sleep(1)
            for number in range(3):
                status = {**host["status"], "message": str(number)}
                current = lab.ctx.on_host(*_named(virtual))
                assert current is not None
                lab.send_host_event("MODIFIED", {**current, "status": status})
                await asyncio.sleep(1)
            return before, [each.body for each in lab.sent("PATCH")][len(before) :]

    before, [patch] = in_fake_time(simulate)
    assert all("labels" not in each["metadata"] for each in before)
    assert patch["metadata"]["labels"] == {"tier": "web"}


def test_what_one_subresource_rejects_holds_up_no_other(in_fake_time: InFakeTime) -> None:
    async def simulate() -> tuple[list[str], list[tuple[str, str]]]:
        lab = PodLab()
        lab.host.on("PATCH", f"{host_path()}/resize", refused(403, "Forbidden", "no resize"))
        async with pair(lab, **RUNNING) as (virtual, _):
            await asyncio.sleep(1)
            known = lab.ctx.in_virtual(*_named(virtual))
            assert known is not None
            count = len(lab.sent("PATCH"))
            main = {"name": "main", "image": "busybox:2", "resources": {"limits": {"cpu": "2"}}}
            spec = {**known["spec"], "containers": [main]}
            metadata = {**known["metadata"], "generation": 2}
            lab.send_virtual_event("MODIFIED", {**known, "metadata": metadata, "spec": spec})
            await asyncio.sleep(0.1)
            return [each.path for each in lab.sent("PATCH")][count:], lab.warnings()

    paths, warnings = in_fake_time(simulate)
    assert paths[:2] == [f"{host_path()}/resize", host_path()]
    assert set(warnings) == {("SyncFailed", "no resize")}


def _named(virtual: Object) -> Any:
    return PODS, name_of(virtual)
