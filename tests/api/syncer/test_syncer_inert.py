"""Objects that have no effect on the host are told so, once, by a Warning event that names the value."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from testbed import Lab

from vcli.kube.errors import NotFound
from vcli.kube.resources import EVENTS, NETWORKPOLICIES, PDBS, PRIORITYCLASSES, PVCS, PVS

Object = dict[str, Any]
DENY = {"metadata": {"name": "deny"}, "spec": {"podSelector": {}, "policyTypes": ["Ingress"]}}
BUDGET = {"metadata": {"name": "budget"}, "spec": {"minAvailable": 1, "selector": {}}}
VOLUME = {
    "metadata": {"name": "own"},
    "spec": {
        "accessModes": ["ReadWriteOnce"],
        "capacity": {"storage": "1Gi"},
        "hostPath": {"path": "/data"},
    },
}
ON = "sync.toHost.networkPolicies.enabled=true"


@pytest.fixture
def sets() -> Sequence[str]:
    """Besides NetworkPolicies, one more kind in namespaces that could be synced, off."""
    return ("sync.toHost.podDisruptionBudgets.enabled=false",)


@pytest.fixture
async def urgent(idle_lab: Lab) -> AsyncIterator[str]:
    """The name of a PriorityClass of the tenant's."""
    name = f"urgent-{idle_lab.namespace}"
    await idle_lab.virtual.create(PRIORITYCLASSES, {"metadata": {"name": name}, "value": 1000})
    yield name
    with contextlib.suppress(NotFound):
        await idle_lab.virtual.delete(PRIORITYCLASSES, name)


async def said(lab: Lab, name: str, *, namespace: str | None = None) -> list[Object]:
    """The events about an object that say so."""
    found = await lab.virtual.list(
        EVENTS,
        namespace=namespace or lab.space,
        field_selector=f"involvedObject.name={name},reason=NotSynced",
    )
    items: list[Object] = found["items"]
    return items


async def is_told(lab: Lab, name: str, *, namespace: str | None = None) -> str:
    async def check() -> list[Object]:
        return await said(lab, name, namespace=namespace)

    [event] = await lab.eventually(check)
    assert event["type"] == "Warning"
    message: str = event["message"]
    return message


async def test_each_is_told_once_and_which_value_it_takes(lab: Lab, urgent: str) -> None:
    await lab.create(NETWORKPOLICIES, DENY)
    await lab.create(PDBS, BUDGET)
    await lab.virtual.create(PVS, VOLUME)
    assert f"the value {ON} turns that on" in await is_told(lab, "deny")
    assert "sync.toHost.podDisruptionBudgets.enabled=true" in await is_told(lab, "budget")
    assert "PersistentVolume" in await is_told(lab, "own", namespace="default")
    assert "PriorityClass" in await is_told(lab, urgent, namespace="default")
    for system in ("system-cluster-critical", "system-node-critical"):
        assert await said(lab, system, namespace="default") == []
    before = await said(lab, "deny")
    await lab.virtual.patch(
        NETWORKPOLICIES, "deny", {"metadata": {"labels": {"a": "b"}}}, namespace=lab.space
    )
    await lab.restart()
    await lab.create(NETWORKPOLICIES, {**DENY, "metadata": {"name": "later"}})
    await is_told(lab, "later")  # which is after the first list
    await lab.quiet()
    assert await said(lab, "deny") == before
    await lab.virtual.delete(NETWORKPOLICIES, "deny", namespace=lab.space)
    await lab.create(NETWORKPOLICIES, DENY)

    async def of_the_new_one() -> bool:
        return len(await said(lab, "deny")) == len(before) + 1

    await lab.eventually(of_the_new_one)


async def test_a_volume_that_a_claim_is_bound_to_is_told_nothing(lab: Lab) -> None:
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    await lab.create(PVCS, {"metadata": {"name": "data"}, "spec": claim})
    on_host = await lab.appears(PVCS, "data")
    volume = f"pvc-{on_host['metadata']['uid']}"
    await lab.host.patch(PVCS, lab.on_host("data"), {"spec": {"volumeName": volume}}, namespace=lab.namespace)
    status = {"phase": "Bound", "capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"]}
    await lab.host.patch(
        PVCS, lab.on_host("data"), {"status": status}, namespace=lab.namespace, subresource="status"
    )
    await lab.virtual_becomes(PVCS, "data", lambda found: found["status"].get("phase") == "Bound")
    await lab.create(NETWORKPOLICIES, DENY)
    await is_told(lab, "deny")
    await lab.quiet()
    assert await said(lab, volume, namespace="default") == []
