"""Nodes that show the host's, on a host of three: what they have, what a tenant says of them, faults."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from embedded import Host
from polling import eventually
from space import Space, pod, virtual_cluster, virtual_namespace

from vcli import VirtualCluster

ALL = ("sync.fromHost.nodes.enabled=true", "sync.fromHost.nodes.selector.all=true")
ZONE = "topology.kubernetes.io/zone"
SHOWN = ("allocatable", "capacity", "nodeInfo")


@pytest.fixture(scope="module")
def cluster(host: Host) -> Iterator[VirtualCluster]:
    """Sees all nodes of the host."""
    with virtual_cluster(host, "real", sets=ALL) as cluster:
        yield cluster


def nodes(space: Space) -> dict[str, Any]:
    return {each["metadata"]["name"]: each for each in space.get("nodes")["items"]}


def ready(node: Any) -> str:
    return next(str(x["status"]) for x in node["status"]["conditions"] if x["type"] == "Ready")


def taints(space: Space, node: str) -> set[str]:
    return {each["key"] for each in space.get("node", node)["spec"].get("taints") or ()}


def fault(host: Host, verb: str, node: str) -> None:
    host.vcli("host", "node", verb, node, "--name", host.name)


def on(node: str, name: str, **spec: Any) -> Any:
    spec |= {"nodeSelector": {"kubernetes.io/hostname": node}, "terminationGracePeriodSeconds": 1}
    return pod(name, **spec)


def test_all_nodes_are_there_as_they_are(space: Space) -> None:
    eventually(lambda: sorted(nodes(space)) == sorted(space.host.nodes))
    for name, node in nodes(space).items():
        real = space.host.get("node", name)
        assert {key: node["status"][key] for key in SHOWN} == {key: real["status"][key] for key in SHOWN}
        assert node["metadata"]["labels"][ZONE] == real["metadata"]["labels"][ZONE]
        assert ready(node) == "True"
        assert "images" not in node["status"]
        assert not node["spec"].get("taints")
        assert space.get("lease", name, "--namespace", "kube-node-lease")["spec"]["holderIdentity"] == name
    assert space.kubectl("get", "nodes", "--no-headers").count(" Ready ") == len(space.host.nodes)


def test_a_pod_goes_to_the_zone_that_it_asks_for_and_is_reached_there(space: Space) -> None:
    zones = {name: node["metadata"]["labels"][ZONE] for name, node in nodes(space).items()}
    for i, zone in enumerate(zones.values()):
        space.apply(pod(f"p{i}", nodeSelector={ZONE: zone}, terminationGracePeriodSeconds=1))
    for i, (name, zone) in enumerate(zones.items()):
        space.wait("condition=Ready", f"pod/p{i}")
        assert space.get("pod", f"p{i}")["spec"]["nodeName"] == name, zone
        assert space.sh(f"p{i}", "hostname") == f"p{i}"


def test_what_the_tenant_says_stays_and_keeps_pods_away(space: Space) -> None:
    node, other = space.host.nodes[1], space.host.nodes[2]
    space.kubectl("label", "node", node, "mine=x")
    space.kubectl("taint", "node", node, "team=a:NoSchedule")
    space.kubectl("cordon", other)
    space.host.kubectl("label", "node", node, "pool=blue")
    space.host.kubectl("taint", "node", node, "gpu=yes:PreferNoSchedule")
    try:
        eventually(lambda: space.get("node", node)["metadata"]["labels"].get("pool") == "blue")
        eventually(lambda: taints(space, node) == {"team", "gpu"})
        assert space.get("node", node)["metadata"]["labels"]["mine"] == "x"
        space.apply(pod("free"), on(other, "kept-out"))
        space.wait("condition=Ready", "pod/free")
        assert space.get("pod", "free")["spec"]["nodeName"] == space.host.nodes[0]
        eventually(lambda: space.is_unschedulable("kept-out"))
        space.kubectl("uncordon", other)
        space.wait("condition=Ready", "pod/kept-out")
    finally:
        space.host.kubectl("label", "node", node, "pool-")
        space.host.kubectl("taint", "node", node, "gpu-")
        space.kubectl("taint", "node", node, "team-")
        space.kubectl("uncordon", other)
    eventually(lambda: "pool" not in space.get("node", node)["metadata"]["labels"])
    assert taints(space, node) == set()


def test_a_drain_inside_and_a_cordon_outside(space: Space) -> None:
    node = space.host.nodes[2]
    space.apply(on(node, "drained"))
    space.wait("condition=Ready", "pod/drained")
    space.kubectl("drain", node, "--ignore-daemonsets", "--force", "--delete-emptydir-data")
    assert space.get("pods")["items"] == []
    space.kubectl("uncordon", node)
    space.host.kubectl("cordon", node)
    eventually(lambda: space.get("node", node)["spec"].get("unschedulable"))
    space.host.kubectl("uncordon", node)
    eventually(lambda: not space.get("node", node)["spec"].get("unschedulable"))


def test_a_node_that_dies_is_not_ready_and_its_pods_are_evicted(space: Space) -> None:
    control_plane = space.host.get("pod", "real-0", "--namespace", space.cluster.namespace)
    node = next(each for each in space.host.nodes[1:] if each != control_plane["spec"]["nodeName"])
    unreachable = {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute"}
    soon = [{**unreachable, "tolerationSeconds": 3}]
    space.apply(on(node, "leaves", tolerations=soon), on(node, "stays"))
    for name in ("leaves", "stays"):
        space.wait("condition=Ready", f"pod/{name}")
    fault(space.host, "stop", node)
    try:
        eventually(lambda: ready(nodes(space)[node]) == "Unknown", seconds=90)
        eventually(lambda: "node.kubernetes.io/unreachable" in taints(space, node))
        eventually(lambda: "deletionTimestamp" in space.get("pod", "leaves")["metadata"], seconds=60)
        assert "deletionTimestamp" not in space.get("pod", "stays")["metadata"]
        eventually(lambda: ready_of_pod(space, "stays") == "False")
    finally:
        fault(space.host, "start", node)
    eventually(lambda: ready(nodes(space)[node]) == "True")
    eventually(lambda: taints(space, node) == set())


def ready_of_pod(space: Space, name: str) -> str:
    return next(x["status"] for x in space.get("pod", name)["status"]["conditions"] if x["type"] == "Ready")


def test_what_is_changed_inside_goes_to_the_hosts_nodes_if_that_is_wanted(host: Host) -> None:
    node = host.nodes[1]

    def on_host() -> tuple[Any, set[str], bool]:
        found = host.get("node", node)
        taints = {each["key"] for each in found["spec"].get("taints") or ()}
        return found["metadata"]["labels"].get("mine"), taints, bool(found["spec"].get("unschedulable"))

    sets = (*ALL, "sync.fromHost.nodes.syncBackChanges=true")
    with (
        virtual_cluster(host, "back", sets=sets, dns=False) as cluster,
        virtual_namespace(cluster, host) as space,
    ):
        eventually(lambda: sorted(nodes(space)) == sorted(host.nodes))
        space.kubectl("label", "node", node, "mine=x")
        space.kubectl("taint", "node", node, "team=a:NoSchedule")
        space.kubectl("cordon", node)
        unschedulable = "node.kubernetes.io/unschedulable"
        eventually(lambda: on_host() == ("x", {"team", unschedulable}, True))
        space.apply(pod("web", nodeSelector={"mine": "x"}))
        eventually(lambda: space.is_unschedulable("web"))
        space.kubectl("uncordon", node)
        space.kubectl("taint", "node", node, "team-")
        eventually(lambda: on_host() == ("x", set(), False))
        space.wait("condition=Ready", "pod/web")
        host.kubectl("label", "node", node, "mine=y", "--overwrite")
        eventually(lambda: nodes(space)[node]["metadata"]["labels"]["mine"] == "y")
        space.kubectl("label", "node", node, "mine-")
        eventually(lambda: on_host() == (None, set(), False))
        space.kubectl("label", "node", node, "kubernetes.io/os=other", "--overwrite")
        eventually(lambda: nodes(space)[node]["metadata"]["labels"]["kubernetes.io/os"] == "linux")
        assert host.get("node", node)["metadata"]["labels"]["kubernetes.io/os"] == "linux"


def test_only_nodes_with_a_label_are_shown_and_used(host: Host) -> None:
    host.kubectl("label", "node", host.nodes[2], "pool=tenants")
    sets = ("sync.fromHost.nodes.enabled=true", "sync.fromHost.nodes.selector.labels.pool=tenants")
    with virtual_cluster(host, "pool", sets=sets) as cluster, virtual_namespace(cluster, host) as space:
        eventually(lambda: list(nodes(space)) == [host.nodes[2]])
        for i in range(3):
            space.apply(pod(f"p{i}"))
        for i in range(3):
            space.wait("condition=Ready", f"pod/p{i}")
            assert space.get("pod", f"p{i}")["spec"]["nodeName"] == host.nodes[2]
        host.kubectl("label", "node", host.nodes[1], "pool=tenants")
        eventually(lambda: sorted(nodes(space)) == host.nodes[1:])
        host.kubectl("label", "node", host.nodes[1], "pool-")
        eventually(lambda: list(nodes(space)) == [host.nodes[2]], seconds=60)
        assert json.loads(space.kubectl("get", "pods", "-o", "json"))["items"]
