"""A scheduler inside the virtual cluster, on a host of three nodes."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from embedded import Host
from polling import eventually
from space import IDLE, Space, pod, template, virtual_cluster, virtual_namespace

from vcli import VirtualCluster
from vcli.syncer.translate.quantities import value

Object = dict[str, Any]

INSIDE = ("sync.fromHost.nodes.enabled=true", "controlPlane.distro.k8s.scheduler.enabled=true")
ZONE = "topology.kubernetes.io/zone"
HOSTNAME = "kubernetes.io/hostname"
BY = "default-scheduler"


@pytest.fixture(scope="module")
def cluster(host: Host) -> Iterator[VirtualCluster]:
    """Schedules inside."""
    with virtual_cluster(host, "sched", sets=INSIDE) as cluster:
        yield cluster


def quick(name: str, **spec: Any) -> Object:
    """A pod that ends at once when it is asked to."""
    return pod(name, terminationGracePeriodSeconds=1, **spec)


def on(node: str) -> Object:
    return {"nodeSelector": {HOSTNAME: node}}


def requesting(**requests: str) -> Object:
    return {"container": {"resources": {"requests": requests}}}


def node_of(space: Space, name: str) -> str:
    """The node of a pod, which has to be that of its host pod."""
    inside = space.get("pod", name)["spec"]["nodeName"]
    host_pod = space.host.get("pod", space.host_name(name), "--namespace", space.cluster.namespace)
    assert host_pod["spec"]["nodeName"] == inside
    return str(inside)


def said(space: Space, name: str, reason: str) -> list[str]:
    """What the scheduler inside has said of a pod."""
    events = space.get("events", "--field-selector", f"involvedObject.name={name},reason={reason}")["items"]
    by = [each.get("reportingComponent") or each["source"]["component"] for each in events]
    assert set(by) <= {BY}
    return [each["message"] for each in events]


def allocatable(space: Space, node: str, resource: str = "cpu") -> float:
    return float(value(space.get("node", node)["status"]["allocatable"][resource]))


def test_all_nodes_are_there_and_the_control_plane_has_a_scheduler(space: Space) -> None:
    assert sorted(each["metadata"]["name"] for each in space.get("nodes")["items"]) == sorted(
        space.host.nodes
    )
    told = space.host.vcli("describe", "sched", "-n", space.cluster.namespace, "-o", "json").stdout
    components = json.loads(told)["pods"][0]["components"]
    roles = [role for each in components for role in each["roles"] if each["ready"]]
    assert sorted(roles) == ["api-server", "controller-manager", "scheduler", "store", "syncer"]
    logs = space.host.vcli("logs", "sched", "-n", space.cluster.namespace, "--component", "scheduler")
    assert "scheduler" in logs.stdout


def test_pods_spread_over_zones(space: Space) -> None:
    spread = {
        "maxSkew": 1,
        "topologyKey": ZONE,
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": {"app": "web"}},
    }
    spec = template(IDLE, app="web", terminationGracePeriodSeconds=1, topologySpreadConstraints=[spread])
    body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}}
    space.apply({**body, "spec": {"replicas": 3, **spec}})
    space.rollout("deployment/web")
    names = [each["metadata"]["name"] for each in space.get("pods")["items"]]
    assert sorted(node_of(space, name) for name in names) == sorted(space.host.nodes)
    for name in names:
        assert len(said(space, name, "Scheduled")) == 1, "by the scheduler inside, and by no other"


def test_labels_and_taints_of_the_tenants_own_count(space: Space) -> None:
    """A topology that only the virtual Nodes have: the host could not schedule by it."""
    racks = dict(zip(space.host.nodes, ("a", "a", "b"), strict=True))
    for node, rack in racks.items():
        space.kubectl("label", "node", node, f"rack={rack}")
    term = {"labelSelector": {"matchLabels": {"app": "one-a-rack"}}, "topologyKey": "rack"}
    apart = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
    try:
        pods = [quick(f"p{i}", labels={"app": "one-a-rack"}, affinity=apart) for i in range(3)]
        space.apply(*pods, quick("in-b", nodeSelector={"rack": "b"}))
        eventually(lambda: sum(space.is_unschedulable(f"p{i}") for i in range(3)) == 1)
        placed = [f"p{i}" for i in range(3) if not space.is_unschedulable(f"p{i}")]
        for name in (*placed, "in-b"):
            space.wait("condition=Ready", f"pod/{name}")
        assert sorted(racks[node_of(space, name)] for name in placed) == ["a", "b"]
        assert node_of(space, "in-b") == space.host.nodes[2]
        space.kubectl("taint", "node", space.host.nodes[1], "team=a:NoSchedule")
        tolerates = [{"key": "team", "operator": "Exists", "effect": "NoSchedule"}]
        space.apply(
            quick("out", **on(space.host.nodes[1])),
            quick("in", **on(space.host.nodes[1]), tolerations=tolerates),
        )
        space.wait("condition=Ready", "pod/in")
        eventually(lambda: "untolerated taint" in said(space, "out", "FailedScheduling")[0])
    finally:
        space.kubectl("label", "nodes", "--all", "rack-")
        space.kubectl("taint", "node", space.host.nodes[1], "team-", check=False)
    space.wait("condition=Ready", "pod/out")


def test_a_pod_of_higher_priority_takes_the_place_of_one_of_lower(space: Space) -> None:
    for name, priority in (("low", 100), ("high", 1000)):
        body = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "value": priority}
        space.apply({**body, "metadata": {"name": f"{space.name}-{name}"}})
    free = int(allocatable(space, space.host.nodes[2]) * 1000)
    most = requesting(cpu=f"{free * 6 // 10}m")
    space.apply(quick("low", priorityClassName=f"{space.name}-low", **on(space.host.nodes[2]), **most))
    space.wait("condition=Ready", "pod/low")
    space.apply(quick("high", priorityClassName=f"{space.name}-high", **on(space.host.nodes[2]), **most))
    space.wait("condition=Ready", "pod/high")
    eventually(lambda: [each["metadata"]["name"] for each in space.get("pods")["items"]] == ["high"])
    assert "Preempted by pod" in said(space, "low", "Preempted")[0]
    space.kubectl("delete", "priorityclass", f"{space.name}-low", f"{space.name}-high")


def test_why_a_pod_gets_no_node_is_said_by_the_scheduler_inside(space: Space) -> None:
    space.apply(quick("huge", **requesting(cpu="500")))
    [message] = eventually(lambda: said(space, "huge", "FailedScheduling"))
    assert message.startswith("0/3 nodes are available: 3 Insufficient cpu")
    assert space.on_host("pods") == []


def test_host_ports_are_judged_inside(space: Space) -> None:
    port = {"ports": [{"containerPort": 80, "hostPort": 23457}]}
    space.apply(*(quick(f"p{i}", container=port) for i in range(4)))
    eventually(lambda: sum(space.is_unschedulable(f"p{i}") for i in range(4)) == 1)
    placed = [f"p{i}" for i in range(4) if not space.is_unschedulable(f"p{i}")]
    for name in placed:
        space.wait("condition=Ready", f"pod/{name}")
    assert sorted(node_of(space, name) for name in placed) == sorted(space.host.nodes)


def test_what_pods_of_others_request_is_not_there_to_allocate(space: Space, host: Host) -> None:
    node = space.host.nodes[1]
    eventually(lambda: allocatable(space, node) == left_by_others(host, node))
    before = left_by_others(host, node)
    elsewhere = f"{space.name}-others"
    host.create_namespace(elsewhere)
    try:
        host.apply(elsewhere, quick("other", **on(node), **requesting(cpu="300m")))
        eventually(lambda: round(before - left_by_others(host, node), 3) == 0.3)
        eventually(lambda: allocatable(space, node) == left_by_others(host, node))
        space.apply(quick("mine", **on(node), **requesting(cpu="200m")))
        space.wait("condition=Ready", "pod/mine")
        rest = f"{int(allocatable(space, node) * 1000)}m"
        space.apply(quick("too-much", **on(node), **requesting(cpu=rest)))
        eventually(lambda: "Insufficient cpu" in said(space, "too-much", "FailedScheduling")[0])
        space.kubectl("delete", "pod", "too-much")
    finally:
        host.end_namespace(elsewhere)
    eventually(lambda: allocatable(space, node) == left_by_others(host, node) == before)


def left_by_others(host: Host, node: str) -> float:
    """The CPUs of a node that no pod of another namespace, and no control plane, has requested."""
    left = value(host.get("node", node)["status"]["allocatable"]["cpu"])
    for each in host.get("pods", "--all-namespaces")["items"]:
        ours = "vcli.dev/managed-by" in each["metadata"].get("labels", {})
        if (
            each["spec"].get("nodeName") == node
            and each["status"]["phase"] in ("Pending", "Running")
            and not ours
        ):
            requests = [x["resources"].get("requests") or {} for x in each["spec"]["containers"]]
            left -= sum(value(x.get("cpu", "0")) for x in requests)
    return float(left)


def test_a_volume_is_made_where_the_scheduler_inside_wants_its_pod(space: Space) -> None:
    node = space.host.nodes[2]
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"}, "spec": spec}
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": "data"}}
    mounted = {
        "volumes": [volume],
        "container": {"volumeMounts": [{"name": "data", "mountPath": "/data"}]},
    }
    space.apply(claim)
    assert space.get("storageclass", "standard")["volumeBindingMode"] == "WaitForFirstConsumer"
    space.apply(quick("first", **on(node), **mounted))
    space.wait("condition=Ready", "pod/first")
    space.sh("first", "echo kept > /data/file")
    volume_name = space.get("pvc", "data")["spec"]["volumeName"]
    [term] = space.get("pv", volume_name)["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"]
    assert term["matchExpressions"][0]["values"] == [node]
    space.kubectl("delete", "pod", "first")
    space.apply(quick("second", **mounted), quick("elsewhere", **on(space.host.nodes[0]), **mounted))
    space.wait("condition=Ready", "pod/second")
    assert node_of(space, "second") == node
    assert space.sh("second", "cat /data/file") == "kept"
    eventually(lambda: "volume" in said(space, "elsewhere", "FailedScheduling")[0].lower())


def running(space: Space) -> dict[str, tuple[str, str, int]]:
    """Of each pod inside that runs: its uid, that of its host pod, and how often it was started again."""
    found = {}
    for each in space.get("pods")["items"]:
        name, statuses = each["metadata"]["name"], each["status"].get("containerStatuses")
        if statuses and each["status"]["phase"] == "Running":
            host_pod = space.host.get("pod", space.host_name(name), "--namespace", space.cluster.namespace)
            uids = each["metadata"]["uid"], host_pod["metadata"]["uid"]
            found[name] = (*uids, statuses[0]["restartCount"])
    return found


def test_it_is_turned_on_and_off_by_an_upgrade_and_pods_run_on(host: Host) -> None:
    def upgrade(space: Space, *sets: str) -> None:
        options = [word for each in sets for word in ("--set", each)]
        host.vcli("upgrade", "later", "-n", space.cluster.namespace, *options)

    with virtual_cluster(host, "later", dns=False) as cluster, virtual_namespace(cluster, host) as space:
        label = {"nodeSelector": {"of-the-tenant": "x"}}
        space.apply(quick("a"), quick("b", **on(host.nodes[1])), quick("waits", **label))
        for name in ("a", "b"):
            space.wait("condition=Ready", f"pod/{name}")
        eventually(lambda: space.is_unschedulable("waits"))
        before = running(space)
        assert before.keys() == {"a", "b"}

        upgrade(space, *INSIDE)
        eventually(lambda: len(space.get("nodes")["items"]) == len(host.nodes))
        eventually(lambda: space.host_name("waits") not in space.on_host("pods"))
        space.kubectl("label", "node", host.nodes[2], "of-the-tenant=x")
        space.wait("condition=Ready", "pod/waits")
        assert node_of(space, "waits") == host.nodes[2]
        with_inside = running(space)
        assert {name: with_inside[name] for name in before} == before

        upgrade(space, "controlPlane.distro.k8s.scheduler.enabled=false")
        space.apply(quick("by-the-host"))
        space.wait("condition=Ready", "pod/by-the-host")
        after = running(space)
        assert {name: after[name] for name in with_inside} == with_inside
