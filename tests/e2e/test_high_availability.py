"""A virtual cluster of three control-plane pods: each may go, and nobody inside notices more than a pause."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from embedded import Host
from faults.figures import Figures, Running
from faults.pulse import Pulse
from polling import eventually
from space import Space, pod, virtual_namespace

from vcli import VirtualCluster

NAME = "ha"
LEASE = f"vc-syncer-{NAME}"
STAYS = [f"stays-{number}" for number in range(2)]


@pytest.fixture(scope="module")
def cluster(host: Host) -> Iterator[VirtualCluster]:
    """Made as users make it."""
    namespace = f"ha-{uuid.uuid4().hex[:8]}"
    host.create_namespace(namespace)
    try:
        host.vcli("create", NAME, "--ha", "-n", namespace, "--no-connect")
        with VirtualCluster.connect(NAME, namespace=namespace, kubeconfig=host.kubeconfig) as cluster:
            yield cluster
    finally:
        host.end_namespace(namespace)


@pytest.fixture
def space(cluster: VirtualCluster, host: Host) -> Iterator[Space]:
    with virtual_namespace(cluster, host) as space:
        yield space


def planes(space: Space) -> dict[str, Any]:
    """The control-plane pods by their names."""
    selector = f"app=vcluster,release={NAME}"
    found = space.host.get("pods", "--namespace", space.cluster.namespace, "--selector", selector)["items"]
    return {each["metadata"]["name"]: each for each in found}


def leader(space: Space) -> str:
    """The pod whose syncer leads."""
    found = space.host.get("lease", LEASE, "--namespace", space.cluster.namespace)
    return str(found["spec"]["holderIdentity"]).partition("_")[0]


def all_ready(space: Space) -> bool:
    listed = json.loads(space.host.vcli("list", "-n", space.cluster.namespace, "-o", "json").stdout)
    (found,) = [each for each in listed if each["name"] == NAME]
    return (found["status"], found["ready"], found["replicas"]) == ("Running", 3, 3)


@pytest.fixture
def figures(request: pytest.FixtureRequest, record_property: pytest.FixtureRequest) -> Figures:
    return Figures(request.node.name, record_property)  # type: ignore[arg-type]


def stay(space: Space) -> Running:
    """Pods that nothing may happen to."""
    space.apply(*map(pod, STAYS))
    space.wait("condition=Ready", *(f"pod/{name}" for name in STAYS))
    return Running.of(space)


def note(figures: Figures, fault: str, restarted: set[str], seconds: float) -> None:
    figures.note(fault, lost=0, restarted=len(restarted), seconds=seconds)
    assert restarted == set()


def test_three_pods_of_which_one_leads(space: Space) -> None:
    assert all_ready(space)
    assert len(planes(space)) == 3
    assert leader(space) in planes(space)
    budget = space.host.get("pdb", NAME, "--namespace", space.cluster.namespace)
    assert budget["spec"]["maxUnavailable"] == 1
    coredns = space.get("deployment", "coredns", "--namespace", "kube-system")
    assert coredns["spec"]["replicas"] == 2


def test_the_leading_pod_is_deleted(space: Space, figures: Figures) -> None:
    before = stay(space)
    with Pulse(space) as pulse:
        gone = leader(space)
        uid = planes(space)[gone]["metadata"]["uid"]
        space.host.kubectl("delete", "pod", gone, "--namespace", space.cluster.namespace, "--wait=false")
        eventually(lambda: leader(space) not in (gone, ""))
        pulse.beats()
        # Asked of any syncer, leading or not: each is the kubelet of all nodes.
        for _ in range(3):
            assert space.sh(STAYS[0], "echo here") == "here"
        eventually(lambda: planes(space)[gone]["metadata"]["uid"] != uid and all_ready(space))
        seconds = pulse.longest
    note(figures, "leading pod of three deleted", before.restarted(Running.of(space)), seconds)


def test_an_upgrade_takes_one_pod_after_another(space: Space, figures: Figures) -> None:
    before = stay(space)
    old = {each["metadata"]["uid"] for each in planes(space).values()}
    with Pulse(space) as pulse:
        changed = "controlPlane.statefulSet.pods.annotations.example=new"
        space.host.vcli("upgrade", NAME, "-n", space.cluster.namespace, "--yes", "--set", changed)
        assert all_ready(space)
        pulse.beats()
        seconds = pulse.longest
    assert old.isdisjoint(each["metadata"]["uid"] for each in planes(space).values())
    note(figures, "upgrade of three pods", before.restarted(Running.of(space)), seconds)


def test_another_number_of_pods_is_refused(space: Space) -> None:
    fewer = "controlPlane.statefulSet.highAvailability.replicas=1"
    done = space.host.vcli(
        "upgrade", NAME, "-n", space.cluster.namespace, "--yes", "--set", fewer, check=False
    )
    assert done.returncode != 0
    assert "can't get another number of control-plane pods" in done.stderr
    assert "3 → 1" in done.stderr
    assert all_ready(space)


def test_deleting_leaves_nothing(host: Host, cluster: VirtualCluster) -> None:
    """The last one: it takes the cluster away."""
    host.vcli("delete", NAME, "-n", cluster.namespace, "--yes")
    kinds = "statefulsets,pods,services,secrets,leases,poddisruptionbudgets,persistentvolumeclaims,roles"
    eventually(lambda: host.get(kinds, "--namespace", cluster.namespace)["items"] == [])
