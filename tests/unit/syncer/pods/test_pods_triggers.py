"""Pods that wait for something else, or follow it: when that changes, they are reconciled at once."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from scripted_pods import SPACE, PodLab, host_path, host_pod, virtual_pod

from vcli.kube.resources import NAMESPACES, NODES, PVCS, SERVICES, Resource
from vcli.syncer.translate.metadata import host_metadata
from vcli.syncer.translate.nodes import KIND_OF_NODE

InFakeTime = Callable[[Callable[[], Awaitable[Any]]], Any]
Object = dict[str, Any]

KUBE_DNS = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "kube-dns", "namespace": "kube-system", "uid": "uid-dns"},
    "spec": {"clusterIP": "10.96.0.10", "type": "ClusterIP"},
}
WITH_CLAIM = {"volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]}


def on_host(lab: PodLab, virtual: Object) -> Object:
    """The host object of a virtual one."""
    return {**virtual, "metadata": host_metadata(virtual, kind=virtual["kind"], scope=lab.ctx.scope)}


def thing(resource: Resource, name: str, *, namespace: str = "", **fields: Any) -> Object:
    metadata = {"name": name, "uid": f"uid-{name}", **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": metadata, **fields}


def with_uid(obj: Object) -> Object:
    return {**obj, "metadata": {"uid": "uid-on-host", **obj["metadata"]}}


def test_a_pod_waits_for_its_claim_on_the_host(in_fake_time: InFakeTime) -> None:
    async def simulate() -> tuple[int, int]:
        async with PodLab().running() as lab:
            claim = thing(PVCS, "data", namespace=SPACE, spec={"accessModes": ["ReadWriteOnce"]})
            lab.send_virtual_event("ADDED", claim, PVCS)
            await asyncio.sleep(1)
            lab.send_virtual_event("ADDED", virtual_pod(**WITH_CLAIM))
            await asyncio.sleep(100)
            before = len(lab.sent("POST"))
            lab.send_host_event("ADDED", with_uid(on_host(lab, claim)), PVCS)
            await asyncio.sleep(0.01)
            return before, len(lab.sent("POST"))

    assert in_fake_time(simulate) == (0, 1)


def test_a_pod_waits_for_the_address_of_the_resolver(in_fake_time: InFakeTime) -> None:
    async def simulate() -> tuple[int, list[Object]]:
        async with PodLab(addons=[KUBE_DNS]).running() as lab:
            lab.send_virtual_event("ADDED", virtual_pod(dnsPolicy="ClusterFirst"))
            lab.send_virtual_event("ADDED", KUBE_DNS, SERVICES)
            await asyncio.sleep(100)
            before = len(lab.sent("POST"))
            lab.send_host_event("ADDED", with_uid(on_host(lab, KUBE_DNS)), SERVICES)
            await asyncio.sleep(0.01)
            return before, [each.body["spec"]["dnsConfig"] for each in lab.sent("POST")]

    before, configs = in_fake_time(simulate)
    assert before == 0
    assert [each["nameservers"] for each in configs] == [["10.96.0.10"]]


def test_a_cluster_whose_tenant_wants_no_resolver_has_none(in_fake_time: InFakeTime) -> None:
    async def simulate() -> tuple[int, int]:
        async with PodLab(addons=[KUBE_DNS]).running() as lab:
            lab.send_virtual_event("ADDED", virtual_pod(dnsPolicy="ClusterFirst"))
            await asyncio.sleep(100)
            before = len(lab.sent("POST"))
            lab.pods.addons_applied()
            await asyncio.sleep(0.01)
            return before, len(lab.sent("POST"))

    assert in_fake_time(simulate) == (0, 1)


def test_labels_of_a_namespace_are_on_its_pods(in_fake_time: InFakeTime) -> None:
    async def simulate() -> list[Object]:
        lab, virtual = PodLab(), virtual_pod(nodeName="n1")
        status = {"phase": "Running", "startTime": "now"}
        host = host_pod(lab, virtual, node="n1", **status)
        async with lab.running(virtual=[{**virtual, "status": status}], host=[host]):
            lab.send_virtual_event("ADDED", thing(NAMESPACES, SPACE), NAMESPACES)
            await asyncio.sleep(1)
            count = len(lab.sent("PATCH"))
            space = thing(NAMESPACES, SPACE)
            space["metadata"]["labels"] = {"team": "blue"}
            lab.send_virtual_event("MODIFIED", space, NAMESPACES)
            await asyncio.sleep(0.01)
            return [each.body["metadata"]["labels"] for each in lab.sent("PATCH")[count:]]

    [labels] = in_fake_time(simulate)
    assert list(labels.values()) == ["blue"]


def test_a_pod_without_node_is_recreated_for_the_nodes_as_they_are_now(in_fake_time: InFakeTime) -> None:
    async def simulate() -> tuple[list[str], list[Object]]:
        lab = PodLab()
        async with lab.running():
            lab.send_virtual_event("ADDED", virtual_pod())
            node = thing(NODES, "n1", spec={})
            node["metadata"]["labels"] = {KIND_OF_NODE: "synthetic"}
            lab.send_virtual_event("ADDED", node, NODES)
            await asyncio.sleep(1)
            lab.send_virtual_event("MODIFIED", {**node, "spec": {"unschedulable": True}}, NODES)
            await asyncio.sleep(0.01)
            deleted = [each.path for each in lab.sent("DELETE")]
            host = lab.host_pod_in_cache()
            lab.send_host_event("DELETED", host)
            await asyncio.sleep(0.01)
            return deleted, [each.body["spec"].get("affinity") for each in lab.sent("POST")]

    deleted, affinities = in_fake_time(simulate)
    assert deleted == [host_path()]
    assert affinities[0] is None
    assert "n1" in str(affinities[1])
