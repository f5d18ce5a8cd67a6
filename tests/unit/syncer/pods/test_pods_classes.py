"""PriorityClass and ServiceAccount of a pod: those of the host, or waited for until the host has them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from scripted_pods import SPACE, PodLab, virtual_pod

from scripted_api import refused
from vcli.kube.resources import PRIORITYCLASSES, RUNTIMECLASSES, SERVICEACCOUNTS, Resource
from vcli.syncer.translate import keys
from vcli.syncer.translate.metadata import host_metadata

InFakeTime = Callable[[Callable[[], Awaitable[Any]]], Any]
Object = dict[str, Any]

TO_HOST = ("toHost.priorityClasses",)
FROM_HOST = ("fromHost.priorityClasses",)
ACCOUNTS = ("toHost.serviceAccounts",)
MIRROR = {keys.MIRROR: "true"}


def priority_class(name: str = "high", **metadata: Any) -> Object:
    return {"metadata": {"name": name, "uid": f"uid-{name}", **metadata}, "value": 1000}


def account(name: str = "web") -> Object:
    return {"metadata": {"name": name, "namespace": SPACE, "uid": f"uid-{name}"}}


def copied(lab: PodLab, virtual: Object, resource: Resource) -> Object:
    """The host object for a virtual one."""
    metadata = host_metadata(virtual, kind=resource.kind, scope=lab.ctx.scope)
    return {**virtual, "metadata": {**metadata, "uid": "uid-on-host"}}


def created(lab: PodLab) -> list[Object]:
    """The specs of the host pods that were created."""
    return [each.body["spec"] for each in lab.sent("POST")]


def simulated(
    in_fake_time: InFakeTime,
    kinds: Sequence[str],
    *before: tuple[Resource, Object],
    then: Callable[[PodLab], Any] | None = None,
    **spec: Any,
) -> list[list[Object]]:
    """The host pods of a pod that comes after these objects; and those that there are after `then`."""

    async def simulate() -> list[list[Object]]:
        async with PodLab(kinds=kinds).running() as lab:
            for resource, obj in before:
                lab.send_virtual_event("ADDED", obj, resource)
            await asyncio.sleep(1)
            lab.send_virtual_event("ADDED", virtual_pod(**spec))
            await asyncio.sleep(60)
            found = [created(lab)]
            if then is not None:
                then(lab)
                await asyncio.sleep(0.01)
                found.append(created(lab))
            return found

    result: list[list[Object]] = in_fake_time(simulate)
    return result


def test_a_class_of_the_tenants_own_is_waited_for(in_fake_time: InFakeTime) -> None:
    def arrives(lab: PodLab) -> None:
        lab.send_host_event("ADDED", copied(lab, priority_class(), PRIORITYCLASSES), PRIORITYCLASSES)

    found = simulated(
        in_fake_time, TO_HOST, (PRIORITYCLASSES, priority_class()), then=arrives, priorityClassName="high"
    )
    assert found[0] == []
    [spec] = found[1]
    assert spec["priorityClassName"] == "vcli-high-x-team-a-x-demo"


def test_a_class_that_is_deleted_is_waited_for_no_more(in_fake_time: InFakeTime) -> None:
    def goes(lab: PodLab) -> None:
        lab.send_virtual_event("DELETED", priority_class(), PRIORITYCLASSES)

    found = simulated(
        in_fake_time, TO_HOST, (PRIORITYCLASSES, priority_class()), then=goes, priorityClassName="high"
    )
    assert found[0] == []
    [spec] = found[1]
    assert "priorityClassName" not in spec


@pytest.mark.parametrize("name", ["system-node-critical", "unknown"])
def test_one_that_never_goes_to_the_host_is_not_waited_for(in_fake_time: InFakeTime, name: str) -> None:
    of_its_own = (PRIORITYCLASSES, priority_class("system-node-critical"))
    [[spec]] = simulated(in_fake_time, TO_HOST, of_its_own, priorityClassName=name)
    assert "priorityClassName" not in spec


@pytest.mark.parametrize("there", [True, False])
def test_a_class_of_the_hosts_is_that_of_the_pod_there(in_fake_time: InFakeTime, there: Any) -> None:
    async def simulate() -> tuple[list[Object], list[str]]:
        lab = PodLab(kinds=FROM_HOST)
        lab.virtual.hold(PRIORITYCLASSES.path(), priority_class(labels=MIRROR, resourceVersion="1"))
        if there:
            lab.host.hold(PRIORITYCLASSES.path(), priority_class(resourceVersion="1"))
        async with lab.running():
            lab.send_virtual_event("ADDED", virtual_pod(priorityClassName="high", priority=1000))
            await asyncio.sleep(1)
            return created(lab), [reason for reason, _ in lab.warnings()]

    [spec], reasons = in_fake_time(simulate)
    assert spec.get("priorityClassName") == ("high" if there else None)
    assert reasons == ([] if there else ["Ignored"])


def test_a_class_of_the_tenants_own_is_not_one_of_the_host(in_fake_time: InFakeTime) -> None:
    of_its_own = (PRIORITYCLASSES, priority_class())
    [[spec]] = simulated(in_fake_time, FROM_HOST, of_its_own, priorityClassName="high")
    assert "priorityClassName" not in spec


def test_a_service_account_is_waited_for(in_fake_time: InFakeTime) -> None:
    def arrives(lab: PodLab) -> None:
        lab.send_host_event("ADDED", copied(lab, account(), SERVICEACCOUNTS), SERVICEACCOUNTS)

    found = simulated(
        in_fake_time, ACCOUNTS, (SERVICEACCOUNTS, account()), then=arrives, serviceAccountName="web"
    )
    assert found[0] == []
    [spec] = found[1]
    assert spec["serviceAccountName"] == f"web-x-{SPACE}-x-demo"
    assert spec["automountServiceAccountToken"] is False


def test_without_one_a_pod_runs_under_the_account_of_all(in_fake_time: InFakeTime) -> None:
    [[spec]] = simulated(in_fake_time, ACCOUNTS, serviceAccountName="gone")
    assert spec["serviceAccountName"] == "demo-workload"


def test_accounts_that_may_not_be_listed_are_not_waited_for(in_fake_time: InFakeTime) -> None:
    async def simulate() -> list[Object]:
        lab = PodLab(kinds=ACCOUNTS)
        lab.host.on("GET", SERVICEACCOUNTS.path(namespace="team-a"), refused(403, "Forbidden"))
        async with lab.running():
            lab.send_virtual_event("ADDED", account(), SERVICEACCOUNTS)
            await asyncio.sleep(1)
            lab.send_virtual_event("ADDED", virtual_pod(serviceAccountName="web"))
            await asyncio.sleep(1)
            return created(lab)

    [spec] = in_fake_time(simulate)
    assert spec["serviceAccountName"] == "demo-workload"


def test_a_runtime_class_that_is_not_selected_is_refused_until_it_is(in_fake_time: InFakeTime) -> None:
    async def simulate() -> tuple[list[Object], list[str], list[Object]]:
        selectors = {"fromHost.runtimeClasses": {"matchLabels": {"tier": "gold"}}}
        lab = PodLab(kinds=["fromHost.runtimeClasses"], selectors=selectors)
        async with lab.running():
            lab.send_virtual_event("ADDED", virtual_pod(runtimeClassName="sandbox"))
            await asyncio.sleep(60)
            before, warnings = created(lab), [message for _, message in lab.warnings()]
            of_host = {"metadata": {"name": "sandbox", "uid": "u"}, "handler": "runsc"}
            lab.send_host_event("ADDED", of_host, RUNTIMECLASSES)
            await asyncio.sleep(0.01)
            return before, warnings, created(lab)

    before, warnings, after = in_fake_time(simulate)
    assert before == []
    assert warnings == [
        "RuntimeClass sandbox is not one of those of the host that this virtual cluster may use"
    ]
    assert [spec["runtimeClassName"] for spec in after] == ["sandbox"]
