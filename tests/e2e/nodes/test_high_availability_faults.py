"""Three control-plane pods on three nodes: a member, an API server, a syncer and a whole node go."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from embedded import Host
from faults.figures import Figures, Running, lost
from faults.pulse import Pulse
from plane import Plane
from polling import eventually
from space import Space, pod, virtual_cluster

from vcli import VirtualCluster

SETS = ("controlPlane.statefulSet.highAvailability.replicas=3",)
STAYS = [f"stays-{number}" for number in range(2)]
MADE = [f"made-{number}" for number in range(20)]


@dataclass(frozen=True, kw_only=True)
class Member(Plane):
    """One of several control-plane pods."""

    number: int

    @property
    def pod(self) -> str:
        return f"{self.cluster.name}-{self.number}"


@pytest.fixture(scope="module")
def cluster(host: Host) -> Iterator[VirtualCluster]:
    with virtual_cluster(host, "ha", sets=SETS, dns=False) as cluster:
        yield cluster


@pytest.fixture
def figures(request: pytest.FixtureRequest, record_property: pytest.FixtureRequest) -> Figures:
    return Figures(request.node.name, record_property)  # type: ignore[arg-type]


def members(space: Space) -> list[Member]:
    return [Member(host=space.host, cluster=space.cluster, number=number) for number in range(3)]


def leader(space: Space) -> str:
    found = space.host.get("lease", "vc-syncer-ha", "--namespace", space.cluster.namespace)
    return str(found["spec"]["holderIdentity"]).partition("_")[0]


def is_ready(member: Member) -> bool:
    found = member.get()["status"].get("conditions") or ()
    return any((each["type"], each["status"]) == ("Ready", "True") for each in found)


def node_of(member: Member) -> str:
    return str(member.get()["spec"]["nodeName"])


def on_first(space: Space, *names: str) -> list[dict[str, object]]:
    """Pods on the node that stays."""
    first = {"kubernetes.io/hostname": space.host.nodes[0]}
    return [pod(name, nodeSelector=first, terminationGracePeriodSeconds=1) for name in names]


def test_each_is_on_a_node_of_its_own(space: Space) -> None:
    assert {node_of(each) for each in members(space)} == set(space.host.nodes)


@pytest.mark.parametrize("container", ["etcd", "kube-apiserver", "syncer"])
def test_a_process_of_the_leaders_pod_is_killed(space: Space, figures: Figures, container: str) -> None:
    space.apply(*on_first(space, *STAYS))
    space.wait("condition=Ready", *(f"pod/{name}" for name in STAYS))
    before = Running.of(space)
    with Pulse(space) as pulse:
        space.apply(*(made(name) for name in MADE))
        (victim,) = [each for each in members(space) if each.pod == leader(space)]
        victim.kill(container)
        pulse.beats()
        eventually(lambda: all(map(is_ready, members(space))))
        seconds = pulse.longest
    check(space, figures, f"{container} killed, of three", before, seconds)


def test_a_node_dies(space: Space, figures: Figures) -> None:
    space.apply(*on_first(space, *STAYS))
    space.wait("condition=Ready", *(f"pod/{name}" for name in STAYS))
    before = Running.of(space)

    def led_elsewhere() -> str:
        """The node of the leader, one that can be stopped: the host's own API is on the first."""
        (found,) = [each for each in members(space) if each.pod == leader(space)]
        if node_of(found) != space.host.nodes[0]:
            return node_of(found)
        space.host.kubectl("delete", "pod", found.pod, "--namespace", space.cluster.namespace)
        return ""

    node = eventually(led_elsewhere)
    eventually(lambda: all(map(is_ready, members(space))))
    space.apply(*(made(name) for name in MADE))
    with Pulse(space) as pulse:
        # pulse's own pod may be anywhere: what counts is what still gets through to the host's API
        old = leader(space)
        space.host.vcli("host", "node", "stop", node, "--name", space.host.name)
        try:
            eventually(lambda: leader(space) != old)
            pulse.beats()
            seconds = pulse.longest
            space.apply(*on_first(space, "after"))
            space.wait("condition=Ready", "pod/after")
        finally:
            space.host.vcli("host", "node", "start", node, "--name", space.host.name)
        eventually(lambda: all(map(is_ready, members(space))))
    check(space, figures, "node of the leader stopped", before, seconds)


def made(name: str) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}


def check(space: Space, figures: Figures, fault: str, before: Running, seconds: float) -> None:
    """Nothing is lost, and nothing that ran elsewhere was restarted."""
    there = {each["metadata"]["name"] for each in space.get("configmaps")["items"]}
    gone = (set(MADE) - there) | lost(space, "pods", STAYS)
    restarted = before.restarted(Running.of(space)) & set(STAYS)
    figures.note(fault, lost=len(gone), restarted=len(restarted), seconds=seconds)
    assert (gone, restarted) == (set(), set())
