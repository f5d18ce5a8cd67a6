"""Pods that are scheduled inside; the tests play the scheduler there, and the host's provisioner."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from testbed import PODS, Lab, pod, readiness, warnings

from vcli.controlplane.names import Names
from vcli.kube.errors import NotFound
from vcli.kube.resources import CLUSTERROLES, NODES, PVCS
from vcli.syncer.nodes.occupancy import ALL_PODS

Object = dict[str, Any]
SELECTED = "volume.kubernetes.io/selected-node"


@pytest.fixture
def sets() -> Sequence[str]:
    return ("controlPlane.distro.k8s.scheduler.enabled=true", "sync.fromHost.nodes.enabled=true")


@pytest.fixture
async def node(idle_lab: Lab) -> AsyncIterator[str]:
    """A Node of the host, with four CPUs."""
    name = f"node-{idle_lab.namespace}"
    amounts = {"cpu": "4", "memory": "8Gi", "pods": "110"}
    status = {"allocatable": amounts, "capacity": amounts}
    await idle_lab.host.create(NODES, {"metadata": {"name": name}})
    await idle_lab.host.patch(NODES, name, {"status": status}, subresource="status")
    yield name
    await idle_lab.host.delete(NODES, name)


async def bind(lab: Lab, name: str, node: str) -> None:
    """Be the scheduler inside."""
    binding = {"metadata": {"name": name}, "target": {"kind": "Node", "name": node}}
    await lab.virtual.create_subresource(PODS, name, "binding", binding, namespace=lab.space)


async def test_a_pod_goes_to_the_host_once_it_is_bound_to_the_node(node: str, lab: Lab) -> None:
    await lab.create(PODS, pod("web", nodeSelector={"mine": "x"}))
    await lab.quiet()
    assert await lab.host_object(PODS, "web") is None
    assert await lab.events("web") == []
    await lab.virtual.patch(NODES, node, {"metadata": {"labels": {"mine": "x"}}})
    await bind(lab, "web", node)
    host = await lab.appears(PODS, "web")
    assert host["spec"]["nodeName"] == node
    assert not host["spec"].get("nodeSelector"), "the host's kubelet would look for it on the host's Node"


async def test_what_others_request_is_not_to_allocate_inside(node: str, lab: Lab) -> None:
    async def allocatable(cpu: str, pods: str) -> None:
        async def check() -> bool:
            with contextlib.suppress(NotFound):
                has = (await lab.virtual.get(NODES, node))["status"]["allocatable"]
                return bool((has["cpu"], has["pods"]) == (cpu, pods))
            return False

        await lab.eventually(check)

    await allocatable("4", "110")
    resources = {"requests": {"cpu": "1500m"}}
    name = f"other-{lab.namespace}"
    await lab.host.create(
        PODS, pod(name, nodeName=node, container={"resources": resources}), namespace="default"
    )
    await allocatable("2500m", "109")
    await lab.create(PODS, pod("web", nodeName=node, container={"resources": resources}))
    await lab.appears(PODS, "web")
    await lab.quiet()
    await allocatable("2500m", "109")
    await lab.host.delete(PODS, name, namespace="default", grace=0)
    await allocatable("4", "110")
    assert (await lab.virtual.get(NODES, node))["status"]["capacity"]["cpu"] == "4"


async def test_the_node_that_is_selected_for_a_volume_goes_to_the_host_and_is_taken_back(lab: Lab) -> None:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    await lab.create(PVCS, {"metadata": {"name": "data"}, "spec": spec})
    await lab.appears(PVCS, "data")
    for node in ("n1", "n1", "n2"):
        chosen = {"metadata": {"annotations": {SELECTED: node}}}
        await lab.virtual.patch(PVCS, "data", chosen, namespace=lab.space)
        given = await lab.host_becomes(
            PVCS, "data", lambda c, node=node: c["metadata"]["annotations"].get(SELECTED) == node
        )
        # The provisioner can't make one there.
        name = given["metadata"]["name"]
        await lab.host.patch(
            PVCS, name, {"metadata": {"annotations": {SELECTED: None}}}, namespace=lab.namespace
        )
        await lab.virtual_becomes(
            PVCS, "data", lambda c: SELECTED not in c["metadata"].get("annotations", {})
        )


async def test_without_the_right_to_list_all_pods_that_is_said(node: str, idle_lab: Lab) -> None:
    lab = idle_lab
    name = Names("demo", lab.namespace).cluster_role
    role = await lab.host.get(CLUSTERROLES, name)
    less = [rule for rule in role["rules"] if rule["resources"] != ["pods"]]
    assert len(less) == len(role["rules"]) - 1
    await lab.host.patch(CLUSTERROLES, name, {"rules": less})
    await lab.start()
    assert f"host {ALL_PODS}" in await readiness(lab)

    async def check() -> bool:
        return any(ALL_PODS in each["message"] for each in await warnings(lab))

    await lab.eventually(check)

    async def all_of_it() -> bool:
        try:
            found = await lab.virtual.get(NODES, node)
        except NotFound:
            return False
        return bool(found["status"]["allocatable"]["cpu"] == "4")

    await lab.eventually(all_of_it)
