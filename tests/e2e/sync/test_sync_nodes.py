"""Nodes that nobody has the right to read: real addresses, a heartbeat, and the tenant's own edits kept."""

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from embedded import Host
from plane import Plane
from polling import eventually
from space import IDLE, Object, Space, pod, template, virtual_cluster

from vcli import VirtualCluster

OURS = "vcli.dev/node"
EMPTY_SECONDS = 60
LEASES = ("lease", "--namespace", "kube-node-lease")


@pytest.fixture(scope="module")
def cluster(host: Host) -> Iterator[VirtualCluster]:
    """One of its own: syncers are killed here, and a kubelet waits longer each time before it starts one."""
    with virtual_cluster(host, "nodes") as cluster:
        yield cluster


@pytest.fixture
def node(space: Space) -> str:
    """The node of a pod that runs."""
    space.apply(pod("anchor"))
    space.wait("condition=Ready", "pod/anchor")
    name: str = space.get("pod", "anchor")["spec"]["nodeName"]
    return name


def addresses(node: Object) -> dict[str, str]:
    return {each["type"]: each["address"] for each in node["status"]["addresses"]}


def ready(node: Object) -> Object:
    [condition] = [each for each in node["status"]["conditions"] if each["type"] == "Ready"]
    return dict(condition)


@contextmanager
def watching(space: Space, name: str) -> Iterator[list[Object]]:
    """Collects every state of a node that the API tells of meanwhile."""
    seen: list[Object] = []
    command = ["kubectl", "get", "node", name, "--watch", "-o", "json"]
    env = {**space.host.env, "KUBECONFIG": str(space.cluster.kubeconfig)}
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield seen
        finally:
            process.terminate()
            output, decoder = process.communicate()[0], json.JSONDecoder()
            while output := output.lstrip():
                state, end = decoder.raw_decode(output)
                seen.append(state)
                output = output[end:]


def test_a_node_is_what_the_hosts_is_and_stays_so(space: Space, node: str) -> None:
    virtual, host = space.get("node", node), space.host.get("node", node)
    real = addresses(host)
    told = addresses(virtual)
    assert told["InternalIP"] == real["InternalIP"] == space.get("pod", "anchor")["status"]["hostIP"]
    assert told["Hostname"] == node
    # Where kube-apiserver finds its kubelet. The host's namespace is not in it.
    assert told["InternalDNS"] == f"{space.cluster.name}-headless"
    info, host_info = virtual["status"]["nodeInfo"], host["status"]["nodeInfo"]
    assert (info["architecture"], info["operatingSystem"]) == (
        host_info["architecture"],
        host_info["operatingSystem"],
    )
    assert virtual["metadata"]["labels"]["kubernetes.io/arch"] == host_info["architecture"]
    assert not virtual["spec"].get("taints")
    assert space.kubectl("get", "node", node, "--no-headers").split()[:2] == [node, "Ready"]
    assert "Non-terminated Pods" in space.kubectl("describe", "node", node)

    def renewed() -> str:
        text: str = space.get(*LEASES, node)["spec"]["renewTime"]
        return text

    with watching(space, node) as states:
        before = renewed()
        for _ in range(3):
            before = eventually(lambda last=before: (now := renewed()) > last and now, seconds=60)
    assert states
    assert {ready(each)["status"] for each in states} == {"True"}
    assert {ready(each)["lastTransitionTime"] for each in states} == {ready(virtual)["lastTransitionTime"]}
    # The lease is the heartbeat; a status that does not change is written every five minutes.
    assert len(states) <= 2


def test_what_the_tenant_makes_of_a_node_outlives_a_syncer(space: Space, node: str) -> None:
    before = space.get("node", node)
    try:
        space.kubectl("label", "node", node, "zone=z1")
        space.kubectl("annotate", "node", node, "note=mine")
        space.kubectl("taint", "node", node, "dedicated=me:PreferNoSchedule")
        space.kubectl("cordon", node)
        space.apply(pod("late"))
        eventually(lambda: space.is_unschedulable("late"))
        Plane(host=space.host, cluster=space.cluster).kill("syncer")
        # Its first report has been made when the heartbeat in the status is a new one.
        beat = ready(before)["lastHeartbeatTime"]
        eventually(lambda: ready(space.get("node", node))["lastHeartbeatTime"] > beat)
        after = space.get("node", node)
        assert after["metadata"]["uid"] == before["metadata"]["uid"]
        assert after["metadata"]["labels"]["zone"] == "z1"
        assert after["metadata"]["annotations"]["note"] == "mine"
        assert after["spec"]["unschedulable"] is True
        taints = [(each["key"], each["effect"]) for each in after["spec"]["taints"]]
        assert ("dedicated", "PreferNoSchedule") in taints
        assert ready(after)["lastTransitionTime"] == ready(before)["lastTransitionTime"]
        # The same port: kube-apiserver still finds its kubelet.
        assert after["status"]["daemonEndpoints"] == before["status"]["daemonEndpoints"]
        assert space.sh("anchor", "echo hello") == "hello"
    finally:
        space.kubectl("uncordon", node)
        space.kubectl("taint", "node", node, "dedicated-")
        space.kubectl("label", "node", node, "zone-")
    space.wait("condition=Ready", "pod/late")


def test_nodes_that_the_tenant_makes_are_the_tenants(space: Space, node: str) -> None:
    own = f"own-{space.name}"
    made = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": own, "labels": {"mine": "yes"}}}
    space.apply(made)
    before = space.get("node", own)
    plane = Plane(host=space.host, cluster=space.cluster)
    plane.kill("syncer")
    plane.wait_ready()
    eventually(lambda: space.sh("anchor", "echo hello") == "hello")
    assert space.get("node", own)["metadata"] == before["metadata"]
    assert OURS in space.get("node", node)["metadata"]["labels"]
    space.kubectl("delete", "node", own)
    # One of ours that is needed comes back before its pods are taken for lost.
    uid = space.get("node", node)["metadata"]["uid"]
    space.kubectl("delete", "node", node)
    eventually(lambda: node_uid(space, node) not in (None, uid))
    eventually(lambda: space.sh("anchor", "echo hello") == "hello")


def node_uid(space: Space, name: str) -> str | None:
    done = space.run("get", "node", name, "-o", "jsonpath={.metadata.uid}")
    return done.stdout if done.returncode == 0 else None


def daemon_set(**spec: object) -> Object:
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": "agent"},
        "spec": template(IDLE, app="agent", **spec),
    }


def test_labels_of_the_tenants_lead_pods_to_a_node(space: Space, node: str) -> None:
    blue, red = {"color": "blue"}, {"color": "red"}
    not_blue = {"key": "color", "operator": "NotIn", "values": ["blue"]}
    terms = {"nodeSelectorTerms": [{"matchExpressions": [not_blue]}]}
    avoiding = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}
    space.apply(pod("red", nodeSelector=red), pod("blue", nodeSelector=blue), daemon_set(nodeSelector=blue))
    eventually(lambda: space.is_unschedulable("blue"))
    eventually(lambda: space.is_unschedulable("red"))

    space.kubectl("label", "node", node, "color=blue")
    space.wait("condition=Ready", "pod/blue")
    eventually(lambda: space.get("daemonset", "agent")["status"].get("numberReady") == 1)
    space.apply(pod("avoiding", affinity=avoiding))
    eventually(lambda: space.is_unschedulable("avoiding"))
    assert space.is_unschedulable("red")

    space.kubectl("label", "node", node, "color=red", "--overwrite")
    space.wait("condition=Ready", "pod/red", "pod/avoiding")
    eventually(lambda: space.get("pods", "--selector=app=agent")["items"] == [])
    assert space.get("pod", "blue")["status"]["phase"] == "Running"
    space.kubectl("label", "node", node, "color-")


def test_a_node_stays_empty_as_long_as_its_taint_is_there(space: Space, node: str) -> None:
    spec = {"replicas": 1, **template(IDLE, app="web", terminationGracePeriodSeconds=1)}
    space.apply({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec})
    space.rollout("deployment/web")
    space.kubectl("delete", "pod", "anchor")
    # Half a minute after its last pod a Node that nobody says anything of is removed.
    emptied, before = time.monotonic(), node_uid(space, node)
    space.kubectl("taint", "node", node, "test=off:NoExecute")
    try:
        eventually(lambda: placed(space) == [""])
        while time.monotonic() - emptied < EMPTY_SECONDS:
            assert placed(space) == [""]
            assert node_uid(space, node) == before
            time.sleep(1)
    finally:
        space.kubectl("taint", "node", node, "test-")
    space.rollout("deployment/web")
    assert placed(space) == [node]


def placed(space: Space) -> list[str]:
    """The nodes of the Deployment's pods that are not being deleted; empty for one that has none yet."""
    found = space.get("pods", "--selector=app=web")["items"]
    return [each["spec"].get("nodeName", "") for each in found if "deletionTimestamp" not in each["metadata"]]


def test_pods_of_daemon_sets_keep_no_node(space: Space, node: str) -> None:
    space.apply(daemon_set())
    space.rollout("daemonset/agent")
    dns = ["deployment/coredns", "--namespace", "kube-system"]
    try:
        space.kubectl("scale", *dns, "--replicas=0")
        space.kubectl("delete", "pod", "anchor")
        eventually(lambda: node_uid(space, node) is None, seconds=180)
        eventually(lambda: space.run("get", *LEASES, node).returncode != 0)
        # Who cleans up after nodes lets go of their pods.
        eventually(lambda: space.on_host("pods") == [], seconds=180)
    finally:
        space.kubectl("scale", *dns, "--replicas=1")
        space.kubectl("rollout", "status", *dns)
    space.rollout("daemonset/agent")
    eventually(lambda: len(space.on_host("pods")) == 1)  # while there is no node, none of no pods is missing
