"""kubectl top and autoscaling: by the host's metrics-server, and by a stock one inside."""

import json
from collections.abc import Iterator

import pytest
from embedded import Host
from plane import Plane
from polling import eventually
from space import Object, Space, pod, template, virtual_cluster

from sync import metricsserver
from sync.metricsserver import API_SERVICE, NAMESPACE
from vcli import VirtualCluster

BUSY = "trap exit TERM; while :; do :; done"
LIMITED = {"resources": {"limits": {"cpu": "100m"}}}
"""Enough to be told from an idle one, and no more: other tests share the machine."""
PATIENCE = 300


@pytest.fixture(scope="module")
def cluster(host: Host) -> Iterator[VirtualCluster]:
    """One of its own: syncers are killed here, and a kubelet waits longer each time before it starts one."""
    with virtual_cluster(host, "metrics") as cluster:
        yield cluster


@pytest.fixture(scope="module")
def _host_metrics(host: Host, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A metrics-server on the host."""
    archive = metricsserver.archive(tmp_path_factory.mktemp("image"))
    host.vcli("host", "load-image", str(archive), "--name", host.name)
    objects = metricsserver.manifests("--kubelet-insecure-tls")
    document = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
    host.kubectl("apply", "-f", "-", stdin=document)
    wait = ["wait", "--for=condition=Available", f"apiservice/{API_SERVICE}", f"--timeout={PATIENCE}s"]
    try:
        host.kubectl(*wait, timeout=PATIENCE + 10)
        yield
    finally:
        # The API first: while nobody answers for it, no namespace can be deleted.
        host.kubectl("delete", "apiservice", API_SERVICE)
        host.kubectl("delete", "-f", "-", "--ignore-not-found", stdin=document)


def served_by(space: Space) -> tuple[str, str] | None:
    """The Service that metrics come from, and whether it is available."""
    done = space.run("get", "apiservice", API_SERVICE, "-o", "json")
    if done.returncode != 0:
        return None
    found = json.loads(done.stdout)
    available = {each["type"]: each["status"] for each in found.get("status", {}).get("conditions") or ()}
    return found["spec"]["service"]["name"], available.get("Available", "Unknown")


def top(space: Space, *args: str) -> list[list[str]]:
    """The rows that kubectl top prints; none while there are no metrics."""
    done = space.run("top", *args, "--no-headers")
    return [line.split() for line in done.stdout.splitlines()] if done.returncode == 0 else []


def rows_of(space: Space, *names: str) -> dict[str, list[str]]:
    """What kubectl top prints of pods, once it is these."""

    def rows() -> dict[str, list[str]] | None:
        found = {row[0]: row for row in top(space, "pods")}
        return found if found.keys() == {*names} else None

    found: dict[str, list[str]] = eventually(rows, seconds=PATIENCE)
    return found


def ours(space: Space) -> tuple[str, str]:
    return f"{space.cluster.name}-headless", "True"


@pytest.mark.usefixtures("_host_metrics")
def test_top_tells_of_this_clusters_pods_and_nodes(space: Space) -> None:
    space.apply(
        pod("busy", BUSY, labels={"app": "busy"}, container=LIMITED),
        pod("idle"),
    )
    space.wait("condition=Ready", "pod/busy", "pod/idle")
    eventually(lambda: served_by(space) == ours(space), seconds=PATIENCE)
    rows = rows_of(space, "busy", "idle")
    assert int(rows["busy"][1].removesuffix("m")) > 20
    assert int(rows["idle"][1].removesuffix("m")) < int(rows["busy"][1].removesuffix("m"))
    assert rows["idle"][2].endswith("Mi")
    # No rows where the host's metrics-server is too busy to answer.
    eventually(lambda: [row[0] for row in top(space, "pods", "-l", "app=busy")] == ["busy"])
    eventually(lambda: [row[:2] for row in top(space, "pod", "idle", "--containers")] == [["idle", "main"]])
    eventually(
        lambda: {"kube-system", space.name} <= {row[0] for row in top(space, "pods", "--all-namespaces")}
    )
    [node] = eventually(lambda: top(space, "nodes"))
    assert node[0] == space.get("pod", "busy")["spec"]["nodeName"]
    assert int(node[1].removesuffix("m")) > 20
    raw = eventually(lambda: space.kubectl("get", "--raw", "/apis/metrics.k8s.io/v1beta1/pods"))
    assert space.cluster.namespace not in raw
    assert space.host_name("busy") not in raw


@pytest.mark.usefixtures("_host_metrics")
def test_kubelets_tell_what_can_be_known_of_usage(space: Space) -> None:
    space.apply(pod("busy", BUSY, container=LIMITED))
    space.wait("condition=Ready", "pod/busy")
    proxy = f"/api/v1/nodes/{space.get('pod', 'busy')['spec']['nodeName']}/proxy"
    labels = f'container="main",namespace="{space.name}",pod="busy"'

    def seconds() -> float:
        # Nothing while the host's metrics-server is too busy to answer.
        for line in space.run("get", "--raw", f"{proxy}/metrics/resource").stdout.splitlines():
            if line.startswith(f"container_cpu_usage_seconds_total{{{labels}}}"):
                return float(line.split()[1])
        return 0.0

    first = eventually(seconds, seconds=PATIENCE)
    eventually(lambda: seconds() > first, seconds=PATIENCE)
    summary = eventually(lambda: json.loads(space.kubectl("get", "--raw", f"{proxy}/stats/summary")))
    stats = {each["podRef"]["name"]: each for each in summary["pods"]}
    assert stats["busy"]["containers"][0]["cpu"]["usageNanoCores"] > 0
    assert summary["node"]["memory"]["workingSetBytes"] > 0


@pytest.mark.usefixtures("_host_metrics")
def test_load_makes_more_pods(space: Space) -> None:
    resources = {"requests": {"cpu": "20m"}, "limits": {"cpu": "60m"}}
    deployment: Object = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "busy"},
        "spec": template(BUSY, app="busy", container={"resources": resources}),
    }
    target = {"type": "Utilization", "averageUtilization": 50}
    autoscaler: Object = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "busy"},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "busy"},
            "maxReplicas": 2,
            "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
        },
    }
    space.apply(deployment, autoscaler)
    eventually(lambda: space.get("deployment", "busy")["status"].get("readyReplicas") == 2, seconds=PATIENCE)

    def utilization() -> int:
        status = space.get("hpa", "busy")["status"]
        return int(status["currentMetrics"][0]["resource"]["current"]["averageUtilization"])

    eventually(lambda: utilization() > 50)


@pytest.mark.usefixtures("_host_metrics")
def test_a_stock_metrics_server_inside_takes_over_and_gives_back(space: Space) -> None:
    eventually(lambda: served_by(space) == ours(space), seconds=PATIENCE)
    plane = Plane(host=space.host, cluster=space.cluster)
    # The address at which a pod reaches the virtual kubelets; their certificate is verified.
    stock = metricsserver.manifests("--kubelet-preferred-address-types=InternalDNS")
    document = json.dumps({"apiVersion": "v1", "kind": "List", "items": stock})
    space.cluster.run(["kubectl", "apply", "-f", "-"], input=document, env=environ(space))
    try:
        space.kubectl("rollout", "status", "deployment/metrics-server", "-n", NAMESPACE, "--timeout=110s")
        eventually(lambda: served_by(space) == ("metrics-server", "True"), seconds=PATIENCE)
        space.apply(pod("busy", BUSY, container=LIMITED), pod("idle"))
        space.wait("condition=Ready", "pod/busy", "pod/idle")
        # Its first figure is of the time before it was busy.
        eventually(lambda: int(rows_of(space, "busy", "idle")["busy"][1].removesuffix("m")) > 20)
        node = space.get("pod", "busy")["spec"]["nodeName"]
        eventually(lambda: [row[0] for row in top(space, "nodes")] == [node])
        plane.kill("syncer")
        plane.wait_ready()
        assert (served_by(space) or ("", ""))[0] == "metrics-server"
    finally:
        space.kubectl("delete", "apiservice", API_SERVICE)
        space.cluster.run(
            ["kubectl", "delete", "--ignore-not-found", "-f", "-"], input=document, env=environ(space)
        )
    # To the next syncer there is none, and the host has metrics.
    plane.kill("syncer")
    eventually(lambda: served_by(space) == ours(space), seconds=PATIENCE)


def environ(space: Space) -> dict[str, str]:
    return {**space.host.env, "KUBECONFIG": str(space.cluster.kubeconfig)}
