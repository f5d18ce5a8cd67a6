"""What pods request, counted as a scheduler does, and what a Node has left of it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from translate_builders import SCOPE, context, pod, unchanged

from vcli.syncer.translate.names import VirtualName
from vcli.syncer.translate.pods import to_host
from vcli.syncer.translate.requests import less, occupant, requests_of, uncounted, virtual_name

Object = dict[str, Any]


def container(name: str = "main", **requests: str) -> Object:
    return {"name": name, "image": "x", "resources": {"requests": requests}}


def sidecar(name: str, **requests: str) -> Object:
    return {**container(name, **requests), "restartPolicy": "Always"}


ONE = [container(cpu="1")]


@pytest.mark.parametrize(
    ("containers", "init", "expected"),
    [
        ([container()], [], {}),
        ([container(cpu="1"), container("b", cpu="250m", memory="1Ki")], [], {"cpu": 1250, "memory": 1024}),
        ([container(cpu="0.5m")], [], {"cpu": 1}),
        ([container(**{"example.com/gpu": "2"})], [], {"example.com/gpu": 2}),
        # One init container after another, and before all others.
        (ONE, [container("i", cpu="3"), container("j", cpu="2")], {"cpu": 3000}),
        ([container(cpu="4")], [container("i", cpu="3")], {"cpu": 4000}),
        # Those that restart run beside all that come later.
        (ONE, [sidecar("s", cpu="2")], {"cpu": 3000}),
        (ONE, [sidecar("s", cpu="2"), container("i", cpu="3")], {"cpu": 5000}),
        (ONE, [container("i", cpu="3"), sidecar("s", cpu="1")], {"cpu": 3000}),
    ],
)
def test_what_the_containers_of_a_pod_request(
    containers: list[Object], init: list[Object], expected: Object
) -> None:
    requested = pod(containers=containers, initContainers=init)
    with unchanged(requested):
        assert requests_of(requested) == {**expected, "pods": 1}


def test_what_a_pod_requests_itself_counts_instead() -> None:
    containers = [container(cpu="1", memory="7")]
    requested = pod(containers=containers, resources={"requests": {"cpu": "2"}}, overhead={"cpu": "10m"})
    assert requests_of(requested) == {"cpu": 2010, "memory": 7, "pods": 1}


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_a_pod_that_has_ended_requests_nothing(phase: str) -> None:
    assert requests_of(pod(containers=[container(cpu="1")], status={"phase": phase})) == {}


@pytest.mark.parametrize(("has", "counts"), [("500m", 1000), ("2", 2000)])
def test_of_a_container_that_is_resized_the_larger_amount_counts(has: str, counts: int) -> None:
    status = {"containerStatuses": [{"name": "main", "allocatedResources": {"cpu": has}}]}
    assert requests_of(pod(containers=[container(cpu="1")], status=status))["cpu"] == counts


def on_host(virtual: Object, *, node: str = "n1", **more: str) -> Object:
    """The host pod of a virtual one; the host's admission has added a container."""
    host = to_host(virtual, context())
    host["spec"]["nodeName"] = node
    host["spec"]["containers"] += [container("injected", **more)] if more else []
    return {**host, "metadata": {**host["metadata"], "uid": "h", "resourceVersion": "1"}}


def others(*, node: str = "n1", **requests: str) -> Object:
    """A pod of somebody else."""
    made = pod("other", "kube-system", containers=[container(**requests)])
    return {**made, "spec": {**made["spec"], "nodeName": node}}


def test_what_is_kept_of_a_pod() -> None:
    mine = pod(containers=[container(cpu="1")])
    assert occupant(on_host(mine), SCOPE) == {
        "metadata": {
            "name": "web-x-default-x-demo",
            "namespace": "team-a",
            "uid": "h",
            "resourceVersion": "1",
        },
        "node": "n1",
        "requests": {"cpu": 1000, "pods": 1},
        "virtual": ("default", "web"),
    }
    kept = occupant(others(cpu="2"), SCOPE)
    assert (kept["node"], kept["requests"]) == ("n1", {"cpu": 2000, "pods": 1})
    assert virtual_name(kept) is None
    assert occupant(others(node=""), SCOPE).keys() == {"metadata"}


def test_a_pod_of_a_cluster_of_the_same_name_is_somebody_elses() -> None:
    host = on_host(pod())
    elsewhere = {**host, "metadata": {**host["metadata"], "namespace": "team-b"}}
    assert virtual_name(occupant(host, SCOPE)) == VirtualName("default", "web")
    assert virtual_name(occupant(elsewhere, SCOPE)) is None


def test_only_what_the_virtual_cluster_does_not_count_is_taken_off() -> None:
    mine = pod(containers=[container(cpu="1", memory="10")])
    theirs = occupant(others(cpu="2"), SCOPE)
    assert uncounted([(theirs, None)]) == {"cpu": 2000, "pods": 1}
    assert uncounted([(occupant(on_host(mine), SCOPE), mine)]) == {}
    injected = occupant(on_host(mine, cpu="100m"), SCOPE)
    assert uncounted([(injected, mine), (theirs, None)]) == {"cpu": 2100, "pods": 1}
    # The virtual pod is gone, and the host's still ends.
    assert uncounted([(injected, None)]) == {"cpu": 1100, "memory": 10, "pods": 1}


def test_what_is_left() -> None:
    has = {"cpu": "4", "memory": "1Gi", "ephemeral-storage": "10Gi", "pods": "110"}
    assert less(has, {"cpu": 250, "memory": 1024, "pods": 9, "example.com/gpu": 1}) == {
        "cpu": "3750m",
        "memory": str(2**30 - 1024),
        "ephemeral-storage": "10Gi",
        "pods": "101",
    }
    assert less({"cpu": "1"}, {"cpu": 1500}) == {"cpu": "0m"}


AMOUNTS = st.dictionaries(st.sampled_from(["cpu", "memory", "example.com/gpu"]), st.integers(0, 9).map(str))
CONTAINERS = st.lists(AMOUNTS, min_size=1, max_size=4)


@given(CONTAINERS, CONTAINERS, AMOUNTS)
def test_what_a_scheduler_has_counted_is_never_taken_off_twice(
    theirs: list[dict[str, str]], mine: list[dict[str, str]], allocatable: dict[str, str]
) -> None:
    """Others' requests and the virtual cluster's own together are all that is requested on the host."""

    def many(requests: list[dict[str, str]]) -> list[Object]:
        return [container(f"c{i}", **each) for i, each in enumerate(requests)]

    virtual = pod(containers=many(mine))
    host = {**others(), "spec": {"containers": many(theirs), "nodeName": "n1"}}
    on_node = [(occupant(on_host(virtual), SCOPE), virtual), (occupant(host, SCOPE), None)]
    free = less(allocatable, uncounted(on_node))
    assert free.keys() == allocatable.keys()
    for name, text in free.items():
        unit = 1000 if name == "cpu" else 1
        left = int(text.removesuffix("m")) if text.endswith("m") else int(text) * unit
        assert left == max(0, int(allocatable[name]) * unit - requests_of(host).get(name, 0))
