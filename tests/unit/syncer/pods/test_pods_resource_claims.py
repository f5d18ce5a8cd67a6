"""Pods wait for their ResourceClaims to be on the host, where those are synced."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from scripted_pods import SPACE, PodLab, terminating, virtual_pod

from vcli.kube.resources import RESOURCECLAIMS
from vcli.syncer.translate.metadata import host_metadata

Object = dict[str, Any]
InFakeTime = Callable[[Callable[[], Awaitable[Any]]], Any]
ON = ("toHost.resourceClaims",)
TEMPLATED = [{"name": "gpu", "resourceClaimTemplateName": "each"}]
DIRECT = [{"name": "gpu", "resourceClaimName": "shared"}]


def claim(name: str = "shared", uid: str = "uid-claim") -> Object:
    return {"metadata": {"name": name, "namespace": SPACE, "uid": uid}, "spec": {}}


def on_host(lab: PodLab, virtual: Object) -> Object:
    metadata = host_metadata(virtual, kind="ResourceClaim", scope=lab.ctx.scope)
    return {"metadata": {**metadata, "uid": "host-claim"}, "spec": {}}


def test_a_pod_waits_for_its_claim_on_the_host(in_fake_time: InFakeTime) -> None:
    async def simulate() -> list[Any]:
        seen: list[Any] = []
        async with PodLab(kinds=ON).running() as lab:
            lab.send_virtual_event("ADDED", virtual_pod(resourceClaims=DIRECT))
            await asyncio.sleep(60)
            seen.append((len(lab.sent("POST")), lab.warnings()))
            virtual = claim()
            lab.send_virtual_event("ADDED", virtual, RESOURCECLAIMS)
            await asyncio.sleep(60)
            seen.append(len(lab.sent("POST")))
            lab.send_host_event("ADDED", on_host(lab, claim(uid="of one before")), RESOURCECLAIMS)
            await asyncio.sleep(60)
            seen.append(len(lab.sent("POST")))
            lab.send_host_event("DELETED", on_host(lab, claim(uid="of one before")), RESOURCECLAIMS)
            lab.send_host_event("ADDED", on_host(lab, virtual), RESOURCECLAIMS)
            await asyncio.sleep(1)
            [created] = lab.sent("POST")
            return [*seen, created.body["spec"]["resourceClaims"]]

    expected = [{"name": "gpu", "resourceClaimName": f"shared-x-{SPACE}-x-demo"}]
    missing = (0, [("FailedScheduling", 'resourceclaim "shared" not found')])
    assert in_fake_time(simulate) == [missing, 0, 0, expected]


def test_a_pod_waits_for_the_claim_that_is_made_from_its_template(in_fake_time: InFakeTime) -> None:
    async def simulate() -> list[Any]:
        async with PodLab(kinds=ON).running() as lab:
            pod = virtual_pod(resourceClaims=TEMPLATED)
            lab.send_virtual_event("ADDED", pod)
            await asyncio.sleep(60)
            before = len(lab.sent("POST")), lab.warnings()
            virtual = claim("web-gpu-x7")
            lab.send_virtual_event("ADDED", virtual, RESOURCECLAIMS)
            lab.send_host_event("ADDED", on_host(lab, virtual), RESOURCECLAIMS)
            made = [{"name": "gpu", "resourceClaimName": "web-gpu-x7"}]
            status = {**pod["status"], "resourceClaimStatuses": made}
            lab.send_virtual_event("MODIFIED", {**pod, "status": status})
            await asyncio.sleep(1)
            [created] = lab.sent("POST")
            return [before, created.body["spec"]["resourceClaims"]]

    expected = [{"name": "gpu", "resourceClaimName": f"web-gpu-x7-x-{SPACE}-x-demo"}]
    assert in_fake_time(simulate) == [(0, []), expected]


def test_a_claim_that_is_being_deleted_is_not_used(in_fake_time: InFakeTime) -> None:
    async def simulate() -> tuple[int, list[tuple[str, str]]]:
        async with PodLab(kinds=ON).running() as lab:
            virtual = claim()
            lab.send_host_event("ADDED", on_host(lab, virtual), RESOURCECLAIMS)
            lab.send_virtual_event("ADDED", terminating(virtual), RESOURCECLAIMS)
            lab.send_virtual_event("ADDED", virtual_pod(resourceClaims=DIRECT))
            await asyncio.sleep(60)
            return len(lab.sent("POST")), lab.warnings()

    said = [("FailedScheduling", 'resourceclaim "shared" is being deleted')]
    assert in_fake_time(simulate) == (0, said)
