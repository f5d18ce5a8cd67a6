"""The ConfigMaps of a pod on the host: there before it, restored, up to date, and gone with it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from scripted_pods import SPACE, PodLab, newer, virtual_pod

from scripted_api import NAMESPACE, Request, refused
from vcli.kube.resources import CONFIGMAPS, PODS

InFakeTime = Callable[[Callable[[], Awaitable[Any]]], Any]
Object = dict[str, Any]

COLLECTION = CONFIGMAPS.path(namespace=NAMESPACE)
ALL = {"downwardAPI": {"items": [{"path": "a", "fieldRef": {"fieldPath": "metadata.annotations"}}]}}


def large(text: str = "x", **metadata: Any) -> Object:
    """A pod that shows large annotations in a file."""
    made = virtual_pod(volumes=[{"name": "about", **ALL}])
    return {**made, "metadata": {**made["metadata"], "annotations": {"template": text * 150_000}, **metadata}}


def written(lab: PodLab) -> list[Request]:
    return [*lab.sent("POST", "configmaps"), *lab.sent("PUT", "configmaps")]


def test_it_is_there_before_the_pod_and_goes_with_it(in_fake_time: InFakeTime) -> None:
    async def simulate() -> list[tuple[str, str]]:
        async with PodLab().running() as lab:
            virtual = large()
            lab.send_virtual_event("ADDED", virtual)
            await asyncio.sleep(1)
            [made] = written(lab)
            [pod] = lab.sent("POST")
            volume = pod.body["spec"]["volumes"][0]["projected"]["sources"][0]["configMap"]
            assert volume["name"] == made.body["metadata"]["name"]
            lab.send_virtual_event("DELETED", virtual)
            await asyncio.sleep(1)
            requests = [(each.method, each.path.split("/")[5]) for each in lab.host.requests]
            return [each for each in requests if each[0] != "GET"]

    both = ["configmaps", "pods"]
    created, deleted = [("POST", each) for each in both], [("DELETE", each) for each in reversed(both)]
    assert in_fake_time(simulate) == [*created, *deleted]


def test_what_the_host_rejects_of_it_is_said_and_no_pod_is_created(in_fake_time: InFakeTime) -> None:
    async def simulate() -> tuple[list[tuple[str, str]], list[Request]]:
        lab = PodLab()
        lab.host.on("POST", COLLECTION, refused(403, "Forbidden", "exceeded quota: configmaps"))
        async with lab.running():
            lab.send_virtual_event("ADDED", large())
            await asyncio.sleep(5)
            return lab.warnings(), [each for each in lab.sent("POST") if each.path.endswith("/pods")]

    warnings, pods = in_fake_time(simulate)
    assert ("SyncFailed", "exceeded quota: configmaps") in warnings
    assert pods == []


def test_it_follows_the_annotations_and_is_restored(in_fake_time: InFakeTime) -> None:
    async def simulate() -> list[str]:
        async with PodLab().running() as lab:
            lab.send_virtual_event("ADDED", large())
            await asyncio.sleep(1)
            [made] = written(lab)
            running = {**lab.host_pod_in_cache(), "spec": {"nodeName": "n", "containers": []}}
            running["status"] = {"phase": "Running", "startTime": "2026-01-01T00:00:00Z"}
            lab.send_host_event("MODIFIED", running)
            await asyncio.sleep(1)
            lab.send_virtual_event("MODIFIED", large("y", generation=2))
            await asyncio.sleep(1)
            assert len(written(lab)) == 2
            gone = {**made.body, "metadata": {**made.body["metadata"], "uid": "made"}}
            lab.send_host_event("DELETED", newer(gone), CONFIGMAPS)
            await asyncio.sleep(1)
            return [each.body["data"]["annotations"][:12] for each in written(lab)]

    assert in_fake_time(simulate) == ['template="xx', 'template="yy', 'template="yy']


def test_what_is_left_of_a_pod_that_is_gone_goes(in_fake_time: InFakeTime) -> None:
    async def simulate() -> list[str]:
        first = PodLab()
        async with first.running():
            first.send_virtual_event("ADDED", large())
            await asyncio.sleep(1)
            [made] = written(first)
        lab = PodLab()
        lab.host.hold(COLLECTION, newer({**made.body, "metadata": {**made.body["metadata"], "uid": "made"}}))
        async with lab.running():
            await asyncio.sleep(1)
            return [each.path for each in lab.sent("DELETE", "configmaps")]

    [path] = in_fake_time(simulate)
    assert path.startswith(f"{COLLECTION}/web-x-{SPACE}-x-demo-")
    assert PODS.plural not in path
