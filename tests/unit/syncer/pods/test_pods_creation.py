"""The way of a virtual pod to the host: in which order, what is waited for, and what is tried again."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from scripted_pods import SPACE, PodLab, host_path, host_pod, newer, virtual_pod

from scripted_api import NAMESPACE, ok, refused
from vcli.kube.errors import Unreachable
from vcli.kube.resources import CONFIGMAPS, NODES, PODS, SERVICEACCOUNTS

InFakeTime = Callable[[Callable[[], Awaitable[Any]]], Any]
Object = dict[str, Any]

HOST_PODS = PODS.path(namespace=NAMESPACE)
CONFIG_MAP = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "settings", "namespace": SPACE, "uid": "uid-settings"},
    "data": {"key": "value"},
}
WITH_CONFIG = {"volumes": [{"name": "settings", "configMap": {"name": "settings"}}]}
OVER_QUOTA = refused(403, "Forbidden", "exceeded quota: pods")


def test_a_pod_is_created_with_one_request(in_fake_time: InFakeTime) -> None:
    async def simulate() -> list[tuple[str, str]]:
        async with PodLab().running() as lab:
            lab.send_virtual_event("ADDED", virtual_pod())
            await asyncio.sleep(1)
            return [(each.method, each.path) for each in lab.host.requests if each.method != "GET"]

    assert in_fake_time(simulate) == [("POST", HOST_PODS)]


def test_what_a_pod_refers_to_is_on_the_host_before_it(in_fake_time: InFakeTime) -> None:
    async def simulate() -> list[tuple[str, str]]:
        async with PodLab().running() as lab:
            lab.send_virtual_event("ADDED", virtual_pod(**WITH_CONFIG))
            lab.send_virtual_event("ADDED", CONFIG_MAP, CONFIGMAPS)
            await asyncio.sleep(1)
            return [
                (each.method, each.path.split("/")[5]) for each in lab.host.requests if each.method != "GET"
            ]

    assert in_fake_time(simulate) == [("PATCH", "configmaps"), ("POST", "pods")]


def test_what_exists_nowhere_is_not_waited_for(in_fake_time: InFakeTime) -> None:
    async def simulate() -> list[float]:
        async with PodLab().running() as lab:
            lab.send_virtual_event("ADDED", virtual_pod(**WITH_CONFIG))
            await asyncio.sleep(1)
            return [each.at for each in lab.sent("POST")]

    assert len(in_fake_time(simulate)) == 1


def test_a_pod_waits_while_its_config_is_rejected(in_fake_time: InFakeTime) -> None:
    async def simulate() -> tuple[list[float], list[float]]:
        lab = PodLab()
        path = f"{CONFIGMAPS.path(namespace=NAMESPACE)}/settings-x-default-x-demo"
        lab.host.on("PATCH", path, refused(403, "Forbidden"))
        async with lab.running():
            lab.send_virtual_event("ADDED", CONFIG_MAP, CONFIGMAPS)
            lab.send_virtual_event("ADDED", virtual_pod(**WITH_CONFIG))
            await asyncio.sleep(5)
            before = [each.at for each in lab.sent("POST")]
            lab.host.answer_willingly("PATCH", path)
            await asyncio.sleep(120)
            return before, [each.at for each in lab.sent("POST")]

    before, after = in_fake_time(simulate)
    assert before == []
    assert len(after) == 1


@pytest.mark.parametrize(
    ("failure", "first_pause"),
    [
        (refused(409, "Conflict"), 0.005),
        (refused(500, "InternalError"), 0.005),
        (Unreachable("no route"), 0.005),
        (refused(429, "TooManyRequests", **{"retry-after": "3"}), 3.0),
        (refused(403, "Forbidden", "a webhook says so"), 0.16),
        (refused(422, "Invalid", "no such field"), 0.16),
    ],
)
def test_a_creation_that_fails_is_tried_again(
    in_fake_time: InFakeTime, failure: Any, first_pause: float
) -> None:
    async def simulate() -> tuple[list[float], list[str]]:
        lab = PodLab()
        lab.host.on("POST", HOST_PODS, failure)
        async with lab.running():
            lab.send_virtual_event("ADDED", virtual_pod())
            await asyncio.sleep(4)
            lab.host.answer_willingly("POST", HOST_PODS)
            await asyncio.sleep(100)
            return [each.at for each in lab.sent("POST")], [reason for reason, _ in lab.warnings()]

    times, reasons = in_fake_time(simulate)
    assert times[1] - times[0] == pytest.approx(first_pause, rel=0.3)
    assert times[-1] > 4  # it succeeded, and then no more was sent
    rejected = getattr(failure, "status", 0) in (403, 422)
    assert ("SyncFailed" in reasons) == rejected


def test_a_warning_has_the_tenants_names(in_fake_time: InFakeTime) -> None:
    async def simulate() -> list[tuple[str, str]]:
        lab = PodLab()
        message = f'pods "web-x-default-x-demo" is forbidden in namespace "{NAMESPACE}"'
        lab.host.on("POST", HOST_PODS, refused(403, "Forbidden", message))
        async with lab.running():
            lab.send_virtual_event("ADDED", virtual_pod())
            await asyncio.sleep(0.1)
            return lab.warnings()

    [(reason, message)] = in_fake_time(simulate)
    assert reason == "SyncFailed"
    assert '"web"' in message
    assert NAMESPACE not in message


def test_a_pod_that_is_there_already_is_taken_over_if_it_is_ours(in_fake_time: InFakeTime) -> None:
    async def simulate() -> tuple[int, list[str]]:
        lab = PodLab()
        virtual = virtual_pod()
        lab.host.on("POST", HOST_PODS, refused(409, "AlreadyExists"))
        lab.host.on("GET", host_path(), _found(host_pod(lab, virtual)))
        async with lab.running():
            lab.send_virtual_event("ADDED", virtual)
            await asyncio.sleep(5)
            return len(lab.sent("POST")), [reason for reason, _ in lab.warnings()]

    requests, reasons = in_fake_time(simulate)
    assert requests == 1
    assert "SyncFailed" not in reasons


def test_a_pod_of_somebody_else_is_left_alone(in_fake_time: InFakeTime) -> None:
    async def simulate() -> tuple[list[str], list[str]]:
        lab = PodLab()
        virtual = virtual_pod()
        lab.host.on("POST", HOST_PODS, refused(409, "AlreadyExists"))
        theirs = host_pod(lab, virtual)
        theirs["metadata"] = {**theirs["metadata"], "labels": {}}
        lab.host.on("GET", host_path(), _found(theirs))
        async with lab.running():
            lab.send_virtual_event("ADDED", virtual)
            await asyncio.sleep(1)
            writes = {each.method for each in lab.host.requests} - {"GET"}
            return sorted(writes), [message for _, message in lab.warnings()]

    methods, messages = in_fake_time(simulate)
    assert methods == ["POST"]
    assert ["not ours" in each for each in messages] == [True] * len(messages) != []


def test_when_a_quota_has_room_the_pods_it_rejected_go_one_after_the_other(in_fake_time: InFakeTime) -> None:
    async def simulate() -> list[float]:
        lab = PodLab()
        lab.host.on("POST", HOST_PODS, OVER_QUOTA)
        async with lab.running():
            ended = virtual_pod("other", uid="uid-other", nodeName="n1")
            ended["status"]["phase"] = "Running"
            other = host_pod(lab, ended, node="n1", phase="Running")
            lab.send_virtual_event("ADDED", ended)
            lab.send_host_event("ADDED", other)
            for name in ("a", "b", "c"):
                lab.send_virtual_event("ADDED", virtual_pod(name, uid=f"uid-{name}"))
            await asyncio.sleep(100)
            lab.host.answer_willingly("POST", HOST_PODS)
            rejected, now = len(lab.sent("POST")), asyncio.get_running_loop().time()
            lab.send_host_event("DELETED", other)
            await asyncio.sleep(0.5)
            return [each.at - now for each in lab.sent("POST")[rejected:]]

    assert in_fake_time(simulate) == pytest.approx([0, 0, 0], abs=0.01)


def test_few_pods_are_on_the_host_before_their_tokens_are(in_fake_time: InFakeTime) -> None:
    async def simulate() -> list[float]:
        async with PodLab().running() as lab:
            for number in range(5):
                lab.send_virtual_event("ADDED", virtual_pod(f"p{number}", uid=f"uid-{number}", tokens=True))
            await asyncio.sleep(2)
            return [each.at for each in lab.sent("POST")]

    # Nobody gives them a node, so none gets tokens; after 0.3 s nobody waits for that any more.
    assert in_fake_time(simulate) == pytest.approx([0, 0, 0, 0.3, 0.3], abs=0.01)


def test_a_slot_is_free_as_soon_as_a_creation_fails(in_fake_time: InFakeTime) -> None:
    async def simulate() -> list[float]:
        lab = PodLab()
        lab.host.on("POST", HOST_PODS, refused(403, "Forbidden"))
        async with lab.running():
            for number in range(5):
                lab.send_virtual_event("ADDED", virtual_pod(f"p{number}", uid=f"uid-{number}", tokens=True))
            await asyncio.sleep(0.1)
            return [each.at for each in lab.sent("POST")]

    assert in_fake_time(simulate) == pytest.approx([0] * 5, abs=0.01)


def test_a_pod_that_the_host_cannot_run_is_said_and_not_tried(in_fake_time: InFakeTime) -> None:
    async def simulate() -> tuple[int, list[str]]:
        async with PodLab().running() as lab:
            lab.send_virtual_event("ADDED", virtual_pod(resourceClaims=[{"name": "gpu"}]))
            await asyncio.sleep(600)
            return len(lab.sent("POST")), [message for _, message in lab.warnings()]

    requests, messages = in_fake_time(simulate)
    assert requests == 0
    assert len(messages) == 1


def test_a_scheduler_of_the_tenants_own_is_waited_for(in_fake_time: InFakeTime) -> None:
    async def simulate() -> tuple[list[str], list[str], list[str]]:
        async with PodLab().running() as lab:
            pod = virtual_pod(schedulerName="mine")
            lab.send_virtual_event("ADDED", pod)
            await asyncio.sleep(1)
            reasons = [reason for reason, _ in lab.warnings()]
            before = [each.path for each in lab.sent("POST")]
            lab.send_virtual_event("MODIFIED", {**pod, "spec": {**pod["spec"], "nodeName": "n1"}})
            await asyncio.sleep(1)
            return reasons, before, [each.body["spec"]["nodeName"] for each in lab.sent("POST")]

    assert in_fake_time(simulate) == (["WaitingForScheduler"], [], ["n1"])


def test_a_pod_that_is_scheduled_inside_goes_to_the_host_once_it_is_bound(in_fake_time: InFakeTime) -> None:
    async def simulate() -> tuple[list[str], list[str], list[str]]:
        async with PodLab(scheduler=True).running() as lab:
            pod = virtual_pod()
            lab.send_virtual_event("ADDED", pod)
            await asyncio.sleep(600)
            reasons = [reason for reason, _ in lab.warnings()]
            before = [each.path for each in lab.sent("POST")]
            lab.send_virtual_event("MODIFIED", {**pod, "spec": {**pod["spec"], "nodeName": "n1"}})
            await asyncio.sleep(1)
            return reasons, before, [each.body["spec"]["nodeName"] for each in lab.sent("POST")]

    assert in_fake_time(simulate) == ([], [], ["n1"])


def test_a_pod_whose_runtime_class_the_host_lacks_is_bound_and_stays(in_fake_time: InFakeTime) -> None:
    async def simulate() -> tuple[list[Object], list[str]]:
        lab = PodLab()
        message = 'pods "web" is forbidden: pod rejected: RuntimeClass "sandbox" not found'
        lab.host.on("POST", HOST_PODS, refused(403, "Forbidden", message))
        async with lab.running():
            for name, spec in {"cordoned": {"unschedulable": True}, "n1": {}}.items():
                node = {
                    "apiVersion": "v1",
                    "kind": "Node",
                    "metadata": {"name": name, "uid": name},
                    "spec": spec,
                }
                lab.send_virtual_event("ADDED", node, NODES)
            await asyncio.sleep(1)
            lab.send_virtual_event("ADDED", virtual_pod(runtimeClassName="sandbox"))
            await asyncio.sleep(0.1)
            bindings = [each for each in lab.virtual.asked("POST") if each.path.endswith("/binding")]
            return [each.body["target"] for each in bindings], [reason for reason, _ in lab.warnings()]

    targets, reasons = in_fake_time(simulate)
    assert {each["name"] for each in targets} == {"n1"}
    assert reasons == ["SyncFailed"]


def test_the_tokens_of_a_bound_pod_come_first(in_fake_time: InFakeTime) -> None:
    async def simulate() -> list[str]:
        async with PodLab().running() as lab:
            lab.send_virtual_event("ADDED", virtual_pod(tokens=True, nodeName="n1"))
            await asyncio.sleep(1)
            return [each.path.rpartition("/")[2] for each in lab.host.asked("POST")]

    assert in_fake_time(simulate) == ["secrets", "pods"]


def test_a_pod_without_service_account_says_why_it_waits(in_fake_time: InFakeTime) -> None:
    async def simulate() -> tuple[int, list[str]]:
        lab = PodLab()
        path = f"{SERVICEACCOUNTS.path(namespace=SPACE)}/default/token"
        lab.virtual.on("POST", path, refused(404, "NotFound", 'serviceaccounts "default" not found'))
        async with lab.running():
            lab.send_virtual_event("ADDED", virtual_pod(tokens=True, nodeName="n1"))
            await asyncio.sleep(1)
            return len(lab.sent("POST")), [message for _, message in lab.warnings()]

    requests, messages = in_fake_time(simulate)
    assert requests == 0
    assert set(messages) == {'no service account token: serviceaccounts "default" not found'}


def _found(obj: Object) -> Any:
    return ok(newer(obj))


def test_that_a_pod_is_too_large_for_the_host_is_said(in_fake_time: InFakeTime) -> None:
    message = "rpc error: code = ResourceExhausted desc = trying to send message larger than max (3 vs. 2)"

    async def simulate() -> list[tuple[str, str]]:
        lab = PodLab()
        lab.host.on("POST", HOST_PODS, refused(500, "", message))
        async with lab.running():
            lab.send_virtual_event("ADDED", virtual_pod())
            await asyncio.sleep(5)
            return lab.warnings()

    assert ("SyncFailed", f"too large for the host: {message}") in in_fake_time(simulate)
