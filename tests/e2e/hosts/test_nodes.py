"""An embedded host of three nodes: the network across them, volumes that stay on a node, faults."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import embedded
import pytest
from embedded import Host, booted, down, run
from machine import machine
from polling import eventually
from space import IDLE, pod, serving

from vcli.host.oci import Image, write_archive

NAME = f"{embedded.NAME}-nodes"
NODES = [NAME, f"{NAME}-2", f"{NAME}-3"]
BEFORE: dict[str, Any] = {}


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A host of three nodes; what the machine had before it is in BEFORE."""
    if os.geteuid() != 0:
        pytest.skip("the embedded host takes root")
    down(NAME)
    BEFORE.update(machine(NAME))
    yield booted(NAME, tmp_path_factory.mktemp("nodes"), "--nodes", "3")
    down(NAME)


def on(node: str, name: str, script: str = IDLE, **spec: Any) -> dict[str, Any]:
    """A pod on one node."""
    spec |= {"nodeSelector": {"kubernetes.io/hostname": node}, "terminationGracePeriodSeconds": 1}
    return pod(name, script, labels={"app": "web"}, **spec)


def listed(host: Host) -> dict[str, dict[str, Any]]:
    said = host.vcli("host", "node", "list", "--name", NAME, "-o", "json").stdout
    return {x["name"]: x for x in json.loads(said)}


def ready(host: Host, name: str) -> str:
    """The status of a Node's condition Ready."""
    conditions = host.get("node", name)["status"]["conditions"]
    return next(str(x["status"]) for x in conditions if x["type"] == "Ready")


def wait_ready(host: Host, namespace: str, *pods: str) -> None:
    names = [f"pod/{x}" for x in pods]
    host.kubectl("wait", "-n", namespace, "--for=condition=Ready", *names, "--timeout=110s")


def fault(host: Host, verb: str, node: str, *, check: bool = True) -> Any:
    return host.vcli("host", "node", verb, node, "--name", NAME, check=check)


def test_all_nodes_are_ready_and_labelled(host: Host) -> None:
    found = listed(host)
    assert list(found) == NODES
    assert {(x["state"], x["ready"]) for x in found.values()} == {("running", True)}
    nodes = host.get("nodes")["items"]
    assert [x["spec"].get("taints") for x in nodes] == [None] * 3, "pods would go to some of the nodes alone"
    labels = {x["metadata"]["name"]: x["metadata"]["labels"] for x in nodes}
    assert {name: x["kubernetes.io/hostname"] for name, x in labels.items()} == {x: x for x in NODES}
    assert {x["topology.kubernetes.io/zone"] for x in labels.values()} == {"zone-a", "zone-b", "zone-c"}
    status = json.loads(host.vcli("host", "status", "--name", NAME, "-o", "json").stdout)
    assert {x["node"] for x in status["components"] if x["name"] == "kubelet"} == set(NODES)
    assert host.vcli("host", "up", "--name", NAME, "--nodes", "2", check=False).returncode == 5


def test_pods_of_all_nodes_reach_each_other(host: Host, namespace: str) -> None:
    port = {"ports": [{"containerPort": 8080, "hostPort": 8099}]}
    pods = {f"p{i}": node for i, node in enumerate(NODES)}
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web"},
        "spec": {"type": "NodePort", "selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]},
    }
    host.apply(
        namespace,
        service,
        *(on(node, name, serving(f"from {node}"), container=port) for name, node in pods.items()),
    )
    wait_ready(host, namespace, *pods)
    found = {x: host.get("pod", x, "-n", namespace)["status"] for x in pods}
    node_port = host.get("service", "web", "-n", namespace)["spec"]["ports"][0]["nodePort"]

    def fetch(name: str, url: str) -> str:
        return host.kubectl(
            "exec", "-n", namespace, name, "--", "wget", "-q", "-O", "-", f"http://{url}"
        ).strip()

    everybody = {f"from {x}" for x in NODES}
    for name in pods:
        assert {fetch(name, f"{x['podIP']}:8080") for x in found.values()} == everybody
        assert [fetch(name, f"{x['hostIP']}:8099") for x in found.values()] == [f"from {x}" for x in NODES]
        eventually(
            lambda n=name: {fetch(n, f"web.{namespace}.svc.cluster.local") for _ in range(9)} == everybody
        )
        for each in found.values():
            eventually(lambda n=name, x=each: fetch(n, f"{x['hostIP']}:{node_port}") in everybody)


def test_exec_and_logs_on_each_node(host: Host, namespace: str) -> None:
    for i, node in enumerate(NODES):
        host.apply(namespace, on(node, f"p{i}", f"echo hello; {IDLE}"))
    wait_ready(host, namespace, "p0", "p1", "p2")
    for i in range(len(NODES)):
        assert host.kubectl("exec", "-n", namespace, f"p{i}", "--", "hostname") == f"p{i}\n"
        assert host.kubectl("logs", "-n", namespace, f"p{i}") == "hello\n"


def test_privileged_pod_has_the_network_of_each_node(host: Host, namespace: str) -> None:
    more = {"hostNetwork": True, "container": {"securityContext": {"privileged": True}}}
    for i, node in enumerate(NODES):
        host.apply(namespace, on(node, f"p{i}", **more))
    wait_ready(host, namespace, "p0", "p1", "p2")
    for i, node in enumerate(NODES):
        rule = "ip link add probe0 type bridge && ip link delete probe0 && hostname"
        assert host.kubectl("exec", "-n", namespace, f"p{i}", "--", "sh", "-c", rule) == f"{node}\n"


def test_claim_brings_its_pod_back_to_the_node(host: Host, namespace: str) -> None:
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}},
    }
    mounted = {
        "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}],
        "securityContext": {"runAsUser": 999},
        "container": {"volumeMounts": [{"name": "data", "mountPath": "/data"}]},
    }
    host.apply(namespace, claim)
    # Bound only when its pod's node is known.
    assert host.get("pvc", "data", "-n", namespace)["status"]["phase"] == "Pending"
    host.apply(namespace, on(NODES[2], "writer", f"id -u > /data/x; {IDLE}", **mounted))
    wait_ready(host, namespace, "writer")
    host.kubectl("delete", "pod", "writer", "-n", namespace)
    host.apply(namespace, pod("reader", f"cat /data/x; {IDLE}", **mounted))
    wait_ready(host, namespace, "reader")
    assert host.get("pod", "reader", "-n", namespace)["spec"]["nodeName"] == NODES[2]
    assert host.kubectl("logs", "-n", namespace, "reader") == "999\n"
    volume = host.get("pvc", "data", "-n", namespace)["spec"]["volumeName"]
    path = Path(host.get("pv", volume)["spec"]["local"]["path"])
    assert (path / "x").read_text() == "999\n"
    host.kubectl("delete", "pod/reader", "pvc/data", "-n", namespace)
    eventually(lambda: not path.exists())
    eventually(lambda: volume not in host.kubectl("get", "pv"))


def test_loaded_image_is_on_all_nodes(host: Host, namespace: str, tmp_path: Path) -> None:
    archive = tmp_path / "image.tar"
    name = "example.test/greeter:nodes"
    write_archive(Image(names=[name], files={"/bin/sh": Path("/bin/busybox").resolve()}), archive)
    host.vcli("host", "load-image", str(archive), "--name", NAME)
    container = {"image": name, "imagePullPolicy": "Never"}
    for i, node in enumerate(NODES):
        host.apply(namespace, on(node, f"p{i}", "while :; do :; done", container=container))
    wait_ready(host, namespace, "p0", "p1", "p2")


def test_stopped_node_is_not_ready_and_comes_back_with_its_pods(host: Host, namespace: str) -> None:
    node = NODES[1]
    host.apply(namespace, on(node, "p"))
    wait_ready(host, namespace, "p")
    fault(host, "stop", node)
    assert "is stopped already" in fault(host, "stop", node).stderr
    assert listed(host)[node]["state"] == "stopped"
    assert fault(host, "cut", node, check=False).returncode == 5
    status = host.vcli("host", "status", "--name", NAME, "-o", "json", check=False)
    assert (status.returncode, json.loads(status.stdout)["ready"]) == (4, False)
    eventually(lambda: ready(host, node) == "Unknown", seconds=60)
    again = host.vcli("host", "up", "--name", NAME)
    assert f"host node start {node}" in again.stderr
    fault(host, "start", node)
    assert ready(host, node) == "True"
    host.apply(namespace, on(node, "later"))
    wait_ready(host, namespace, "later")
    assert "runs already" in fault(host, "start", node).stderr


def test_node_that_is_cut_off_is_not_ready_while_its_pods_go_on(host: Host, namespace: str) -> None:
    node = NODES[2]
    count = "i=0; while :; do echo $((i=i+1)); sleep 0.2; done"
    host.apply(namespace, on(node, "counter", count), on(NODES[1], "other"))
    wait_ready(host, namespace, "counter", "other")
    address = host.get("pod", "counter", "-n", namespace)["status"]["hostIP"]
    lines = len(host.kubectl("logs", "-n", namespace, "counter").splitlines())
    fault(host, "cut", node)
    assert listed(host)[node]["state"] == "cut"
    reach = [
        "kubectl",
        "exec",
        "-n",
        namespace,
        "other",
        "--",
        "timeout",
        "5",
        "nc",
        address,
        "10250",
        "-e",
        "true",
    ]
    assert run(reach, env=host.env, check=False).returncode != 0
    eventually(lambda: ready(host, node) == "Unknown", seconds=60)
    fault(host, "heal", node)
    assert ready(host, node) == "True"
    assert run(reach, env=host.env, check=False).returncode == 0
    found = host.get("pod", "counter", "-n", namespace)["status"]["containerStatuses"][0]
    assert found["restartCount"] == 0
    assert len(host.kubectl("logs", "-n", namespace, "counter").splitlines()) > lines + 20


def test_faults_on_what_can_not_have_them(host: Host) -> None:
    unknown = fault(host, "stop", "nope", check=False)
    assert unknown.returncode == 3
    assert "vcli host node list" in unknown.stderr
    for verb in ("stop", "cut"):
        first = fault(host, verb, NAME, check=False)
        assert first.returncode == 6
        assert "API server" in first.stderr
    assert host.vcli("host", "up", "--name", "x", "--nodes", "0", check=False).returncode == 2
    assert host.vcli("host", "up", "--name", "x", "--nodes", "100", check=False).returncode == 2


def test_down_leaves_nothing_of_nodes_that_are_stopped_and_cut_off(host: Host) -> None:
    assert len(machine(NAME)["cgroups"]) >= len(NODES), "the test would not see a cgroup that stays"
    assert machine(NAME)["processes"], "the test would not see a process that stays"
    fault(host, "stop", NODES[1])
    fault(host, "cut", NODES[2])
    host.vcli("host", "down", "--name", NAME)
    assert machine(NAME) == BEFORE
