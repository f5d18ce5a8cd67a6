"""Service account tokens of pods: when they are requested, and what becomes of them if the host says no."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from scripted_pods import SPACE, PodLab, host_pod, virtual_pod

from scripted_api import NAMESPACE, refused
from vcli.kube.resources import SECRETS, SERVICEACCOUNTS

InFakeTime = Callable[[Callable[[], Awaitable[Any]]], Any]
Object = dict[str, Any]

HOST_SECRETS = SECRETS.path(namespace=NAMESPACE)
TOKENS = f"{SERVICEACCOUNTS.path(namespace=SPACE)}/default/token"


def requested(lab: PodLab) -> list[str]:
    """The uids of the pods that tokens were requested for."""
    sent = [each for each in lab.virtual.asked("POST") if each.path == TOKENS]
    return [each.body["spec"]["boundObjectRef"]["uid"] for each in sent]


def test_tokens_are_requested_when_the_pod_is_bound_and_not_before(in_fake_time: InFakeTime) -> None:
    async def simulate() -> tuple[list[str], list[str]]:
        async with PodLab().running() as lab:
            pod = virtual_pod(tokens=True)
            lab.send_virtual_event("ADDED", pod)
            await asyncio.sleep(1)
            before = requested(lab)
            host = host_pod(lab, pod, node="n1")
            lab.send_host_event("MODIFIED", host)
            await asyncio.sleep(1)
            lab.send_virtual_event("MODIFIED", {**pod, "spec": {**pod["spec"], "nodeName": "n1"}})
            await asyncio.sleep(1)
            return before, requested(lab)

    assert in_fake_time(simulate) == ([], ["uid-1"])


def test_a_token_that_the_host_rejected_is_not_requested_again(in_fake_time: InFakeTime) -> None:
    async def simulate() -> tuple[int, int, list[str]]:
        lab = PodLab()
        lab.host.on("POST", HOST_SECRETS, refused(403, "Forbidden", "exceeded quota: secrets"))
        async with lab.running():
            lab.send_virtual_event("ADDED", virtual_pod(tokens=True, nodeName="n1"))
            await asyncio.sleep(10)
            lab.host.answer_willingly("POST", HOST_SECRETS)
            await asyncio.sleep(100)
            reasons = [reason for reason, _ in lab.warnings()]
            return len(requested(lab)), len(lab.sent("POST", "secrets")), reasons

    tokens, writes, reasons = in_fake_time(simulate)
    assert tokens == 1
    assert writes > 2
    assert set(reasons) == {"SyncFailed"}


def test_another_pod_of_the_name_gets_tokens_of_its_own(in_fake_time: InFakeTime) -> None:
    async def simulate() -> tuple[list[str], list[str]]:
        async with PodLab().running() as lab:
            for uid in ("uid-1", "uid-2"):
                lab.send_virtual_event("MODIFIED", virtual_pod(uid=uid, tokens=True, nodeName="n1"))
                await asyncio.sleep(1)
            writes = [each.method for each in lab.host.requests if "/secrets" in each.path]
            return requested(lab), writes

    tokens, writes = in_fake_time(simulate)
    assert tokens == ["uid-1", "uid-2"]
    assert writes == ["GET", "POST", "PUT"]  # the first list, and one Secret


@pytest.mark.parametrize("successor", [None, virtual_pod(uid="uid-2", tokens=True)])
def test_the_secret_goes_with_the_pod(in_fake_time: InFakeTime, successor: Object | None) -> None:
    async def simulate() -> list[str]:
        async with PodLab().running() as lab:
            pod = virtual_pod(tokens=True, nodeName="n1")
            lab.send_virtual_event("ADDED", pod)
            await asyncio.sleep(1)
            lab.send_virtual_event("DELETED", pod)
            if successor is not None:  # it has no node yet
                lab.send_virtual_event("ADDED", successor)
            await asyncio.sleep(1)
            return [each.path for each in lab.sent("DELETE", "secrets")]

    assert len(in_fake_time(simulate)) == 1
