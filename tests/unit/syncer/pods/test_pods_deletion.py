"""The end of pods, whichever side it begins on."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from scripted_pods import PodLab, host_path, host_pod, newer, terminating, virtual_path, virtual_pod

from scripted_api import ok, refused

InFakeTime = Callable[[Callable[[], Awaitable[Any]]], Any]
Object = dict[str, Any]

RUNNING = {"phase": "Running", "startTime": "2026-01-01T00:00:01Z"}


def deletions(lab: PodLab) -> list[tuple[str, str, int | None]]:
    """Cluster, uid and grace of each request to delete a pod."""
    return [
        (cluster, each.body["preconditions"]["uid"], each.body.get("gracePeriodSeconds"))
        for cluster, api in (("host", lab.host), ("virtual", lab.virtual))
        for each in api.asked("DELETE")
    ]


def running_pod(**metadata: Any) -> Object:
    pod = virtual_pod(nodeName="n1")
    return {**pod, "metadata": {**pod["metadata"], **metadata}, "status": {**pod["status"], **RUNNING}}


@pytest.mark.parametrize(
    ("virtual", "host", "expected"),
    [
        pytest.param(None, {}, [("host", "host-uid-1", None)], id="the virtual pod is gone"),
        pytest.param(None, {"grace": 30}, [], id="gone, and the host pod terminates"),
        pytest.param(
            None, {"grace": 30, "node": ""}, [("host", "host-uid-1", 0)], id="deleted without a kubelet"
        ),
        pytest.param({"uid": "uid-2"}, {}, [("host", "host-uid-1", 0)], id="of a former virtual pod"),
        pytest.param({"grace": 7}, {}, [("host", "host-uid-1", 7)], id="terminating"),
        pytest.param({"grace": 7}, {"grace": 30}, [("host", "host-uid-1", 7)], id="with a shorter grace"),
        pytest.param({"grace": 30}, {"grace": 7}, [], id="the host's grace is shorter"),
        pytest.param({}, {"grace": 5}, [("virtual", "uid-1", 5)], id="evicted on the host"),
    ],
)
def test_which_pod_is_deleted_and_how(
    in_fake_time: InFakeTime, virtual: Object | None, host: Object, expected: Any
) -> None:
    async def simulate() -> list[tuple[str, str, int | None]]:
        lab = PodLab()
        on_host = host_pod(lab, running_pod(), node=host.get("node", "n1"), **RUNNING)
        pods = []
        if virtual is not None:
            pod = running_pod(uid=virtual.get("uid", "uid-1"))
            pods = [_ending(pod, virtual.get("grace"))]
        async with lab.running(virtual=pods, host=[_ending(on_host, host.get("grace"))]):
            await asyncio.sleep(1)
            return deletions(lab)

    assert in_fake_time(simulate) == expected


def test_a_pod_that_ends_on_the_host_before_it_started_is_created_again(in_fake_time: InFakeTime) -> None:
    async def simulate() -> tuple[list[Any], int]:
        lab, virtual = PodLab(), virtual_pod()
        host = host_pod(lab, virtual, node="n1")
        async with lab.running(virtual=[virtual], host=[host]):
            await asyncio.sleep(1)
            lab.send_host_event("MODIFIED", terminating(host))
            await asyncio.sleep(1)
            before = len(lab.sent("POST"))
            lab.send_host_event("DELETED", host)
            await asyncio.sleep(1)
            return deletions(lab), len(lab.sent("POST")) - before

    assert in_fake_time(simulate) == ([], 1)


def test_the_final_status_comes_before_the_end(in_fake_time: InFakeTime) -> None:
    """The last event of a host pod may carry its last status and its end at once."""

    async def simulate() -> tuple[list[str], list[Object], list[Any]]:
        lab, virtual = PodLab(), running_pod()
        host = host_pod(lab, virtual, node="n1", **RUNNING)
        async with lab.running(virtual=[virtual], host=[host]):
            await asyncio.sleep(1)
            count = len(lab.virtual.requests)
            ended = host_pod(lab, virtual, node="n1", **{**RUNNING, "phase": "Succeeded"})
            lab.send_host_event("MODIFIED", ended)
            lab.send_host_event("DELETED", ended)
            await asyncio.sleep(1)
            methods = [each.method for each in lab.virtual.requests[count:] if each.method != "GET"]
            return methods, lab.told_status(), deletions(lab)

    methods, statuses, deleted = in_fake_time(simulate)
    assert methods[:2] == ["PATCH", "DELETE"]
    assert [each["phase"] for each in statuses] == ["Succeeded"]
    assert set(deleted) == {("virtual", "uid-1", 0)}


def test_a_final_status_that_could_not_be_written_is_not_lost(in_fake_time: InFakeTime) -> None:
    async def simulate() -> tuple[list[Any], list[str], list[str]]:
        lab, virtual = PodLab(), running_pod()
        host = host_pod(lab, virtual, node="n1", **RUNNING)
        async with lab.running(virtual=[virtual], host=[host]):
            await asyncio.sleep(1)
            count = len(lab.virtual.requests)
            path = f"{virtual_path()}/status"
            lab.virtual.on("PATCH", path, refused(500, "InternalError"))
            ended = host_pod(lab, virtual, node="n1", **{**RUNNING, "phase": "Failed"})
            lab.send_host_event("MODIFIED", ended)
            lab.send_host_event("DELETED", ended)
            await asyncio.sleep(0.02)
            before = deletions(lab)
            lab.virtual.answer_willingly("PATCH", path)
            await asyncio.sleep(5)
            methods = [each.method for each in lab.virtual.requests[count:]]
            return before, methods, [each["phase"] for each in lab.told_status()]

    before, methods, phases = in_fake_time(simulate)
    assert before == []
    assert len(phases) > 1
    assert set(phases) == {"Failed"}
    assert methods[: len(phases) + 1] == ["PATCH"] * len(phases) + ["DELETE"]


def test_a_pod_that_is_only_hidden_is_left_alone_and_looked_at_again(in_fake_time: InFakeTime) -> None:
    async def simulate() -> tuple[list[Any], list[float], list[Any]]:
        lab = PodLab()
        async with lab.running():
            virtual = running_pod()
            lab.host.on("GET", host_path(), ok(newer(host_pod(lab, virtual, node="n1", **RUNNING))))
            lab.send_virtual_event("ADDED", virtual)
            await asyncio.sleep(12)
            asked = [each.at for each in lab.host.asked("GET") if each.path == host_path()]
            before = deletions(lab)
            lab.host.answer_willingly("GET", host_path())
            await asyncio.sleep(6)
            return before, asked, deletions(lab)

    before, asked, after = in_fake_time(simulate)
    assert before == []
    assert asked == pytest.approx([0, 5, 10], abs=0.01)
    assert after == [("virtual", "uid-1", 0)]


def test_a_pod_is_not_removed_while_the_host_cannot_be_asked(in_fake_time: InFakeTime) -> None:
    async def simulate() -> list[Any]:
        lab = PodLab()
        lab.host.on("GET", host_path(), refused(503, "ServiceUnavailable"))
        async with lab.running():
            lab.send_virtual_event("ADDED", running_pod())
            await asyncio.sleep(100)
            return deletions(lab)

    assert in_fake_time(simulate) == []


@pytest.mark.parametrize(("grace", "expected"), [(0, 0), (30, 1)])
def test_finalizers_are_waited_for_without_a_request_each_time(
    in_fake_time: InFakeTime, grace: int, expected: int
) -> None:
    async def simulate() -> int:
        async with PodLab().running() as lab:
            pod = terminating(running_pod(finalizers=["example.com/mine"]), grace=grace)
            lab.send_virtual_event("ADDED", pod)
            await asyncio.sleep(10)
            return len(deletions(lab))

    assert in_fake_time(simulate) == expected


def test_a_deletion_that_fails_is_tried_again(in_fake_time: InFakeTime) -> None:
    async def simulate() -> list[Any]:
        lab = PodLab()
        lab.host.on("DELETE", host_path(), refused(500, "InternalError"), ok({}))
        host = host_pod(lab, running_pod(), node="n1", **RUNNING)
        async with lab.running(host=[host]):
            await asyncio.sleep(5)
            return deletions(lab)

    assert in_fake_time(simulate) == [("host", "host-uid-1", None)] * 2


def _ending(obj: Object, grace: int | None) -> Object:
    return obj if grace is None else terminating(obj, grace=grace)
