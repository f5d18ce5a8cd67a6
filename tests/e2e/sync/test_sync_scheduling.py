"""Where a pod runs is decided on the host, by what the pod says in the virtual cluster.

The host has one node. So a pod with an affinity runs where its selector finds a pod, and one with an
anti-affinity where it finds none; the others stay Pending.
"""

import json
import uuid
from collections.abc import Iterator

import pytest
from polling import eventually
from space import IDLE, Object, Space, pod

NODE = "kubernetes.io/hostname"
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


def near(labels: dict[str, str], **term: object) -> Object:
    return {"affinity": {"podAffinity": {REQUIRED: [_term(labels, term)]}}}


def away(labels: dict[str, str], **term: object) -> Object:
    return {"affinity": {"podAntiAffinity": {REQUIRED: [_term(labels, term)]}}}


def spread(labels: dict[str, str], **more: object) -> Object:
    # Two domains are asked for and there is one, so the other counts none: a second pod is one too many.
    rule = {"maxSkew": 1, "minDomains": 2, "topologyKey": NODE, "whenUnsatisfiable": "DoNotSchedule"}
    return {"topologySpreadConstraints": [{**rule, "labelSelector": {"matchLabels": labels}, **more}]}


def _term(labels: dict[str, str], more: dict[str, object]) -> Object:
    return {"labelSelector": {"matchLabels": labels}, "topologyKey": NODE, **more}


def is_running(space: Space, name: str) -> bool:
    return bool(space.get("pod", name)["status"].get("phase") == "Running")


def expect(space: Space, *, running: list[Object], pending: list[Object]) -> None:
    """Apply pods, and wait until the host has decided on each of them."""
    space.apply(*running, *pending)
    for each in running:
        eventually(lambda name=each["metadata"]["name"]: is_running(space, name))
    for each in pending:
        eventually(lambda name=each["metadata"]["name"]: space.is_unschedulable(name))


@pytest.fixture
def foreign(space: Space) -> Iterator[dict[str, str]]:
    """The labels of a pod in the host namespace that isn't of this virtual cluster."""
    labels = {"app": f"foreign-{space.name}"}
    body = pod(f"foreign-{space.name}", labels=labels)
    space.host.apply(space.cluster.namespace, body)
    yield labels
    space.host.kubectl(
        "delete", "pod", body["metadata"]["name"], "-n", space.cluster.namespace, "--wait=false"
    )


def test_affinities_see_the_namespaces_that_they_name_and_nothing_of_the_host(
    space: Space, elsewhere: Space, foreign: dict[str, str]
) -> None:
    here, there = {"app": "here"}, {"app": "there"}
    space.kubectl("label", "namespace", elsewhere.name, "team=blue")
    expect(elsewhere, running=[pod("target", labels=there)], pending=[])
    expect(space, running=[pod("anchor", labels=here)], pending=[])

    def team(color: str) -> Object:
        return {"namespaceSelector": {"matchLabels": {"team": color}}}

    expect(
        space,
        running=[
            pod("own", **near(here)),
            pod("named", **near(there, namespaces=[elsewhere.name])),
            pod("selected", **near(there, **team("blue"))),
            pod("either", **near(there, **team("red"), namespaces=[elsewhere.name])),
            pod("everywhere", **near(there, namespaceSelector={})),
            pod("not-those", **away(there)),
            pod("not-foreign", **away(foreign, namespaceSelector={})),
        ],
        pending=[
            pod("own-only", **near(there)),
            pod("named-only", **near(here, namespaces=[elsewhere.name])),
            pod("selected-only", **near(here, **team("blue"))),
            pod("not-here", **away(here)),
            pod("not-there", **away(there, namespaceSelector={})),
            pod("foreign", **near(foreign, namespaceSelector={})),
            pod("relabelled", **near(there, **team("red"))),
        ],
    )

    # Its labels are on the pods of a namespace, and follow it.
    space.kubectl("label", "namespace", elsewhere.name, "team=red", "--overwrite")
    eventually(lambda: is_running(space, "relabelled"))


@pytest.mark.skew
def test_match_label_keys_take_the_values_of_the_pod_itself(space: Space) -> None:
    def version(name: str, app: str, number: str, rules: Object) -> Object:
        return pod(name, labels={"app": app, "version": number}, **rules)

    anti = away({"app": "anti"}, matchLabelKeys=["version"])
    other = near({"app": "other"}, mismatchLabelKeys=["version"])
    even = spread({"app": "even"}, matchLabelKeys=["version"])
    firsts = [
        version("anti-1", "anti", "1", anti),
        version("other-1", "other", "1", {}),
        version("even-1", "even", "1", even),
    ]
    expect(space, running=firsts, pending=[])
    expect(
        space,
        running=[
            version("anti-2", "anti", "2", anti),
            version("other-2", "elsewhere", "2", other),
            version("even-2", "even", "2", even),
        ],
        pending=[
            version("anti-1b", "anti", "1", anti),
            version("other-1b", "elsewhere", "1", other),
            version("even-1b", "even", "1", even),
        ],
    )


@pytest.mark.skew
def test_spreading_counts_the_pods_of_the_own_namespace(space: Space, elsewhere: Space) -> None:
    labels = {"app": "web"}
    expect(elsewhere, running=[pod("stranger", labels=labels)], pending=[])
    expect(space, running=[pod("first", labels=labels, **spread(labels))], pending=[])
    expect(space, running=[], pending=[pod("second", labels=labels, **spread(labels))])


@pytest.mark.skew
def test_nodes_are_chosen_by_name_and_label_and_gates_hold_a_pod_back(space: Space) -> None:
    expect(space, running=[pod("anchor")], pending=[])
    node = space.get("pod", "anchor")["spec"]["nodeName"]
    gated = pod("gated", schedulingGates=[{"name": "example.com/wait"}])
    expect(
        space,
        running=[pod("named", nodeName=node), pod("selected", nodeSelector={"kubernetes.io/os": "linux"})],
        pending=[pod("nowhere", nodeSelector={"example.com/no": "such"})],
    )
    space.apply(gated)
    [condition] = eventually(lambda: space.get("pod", "gated")["status"].get("conditions"))
    assert (condition["type"], condition["reason"]) == ("PodScheduled", "SchedulingGated")
    lift = [{"op": "remove", "path": "/spec/schedulingGates"}]
    space.kubectl("patch", "pod", "gated", "--type=json", "--patch", json.dumps(lift))
    eventually(lambda: is_running(space, "gated"))


@pytest.fixture
def classes(space: Space) -> Iterator[str]:
    """The name of a PriorityClass and a RuntimeClass that the tenant has made."""
    name = f"own-{uuid.uuid4().hex[:6]}"
    scheduling, node = "scheduling.k8s.io/v1", "node.k8s.io/v1"
    space.apply(
        {"apiVersion": scheduling, "kind": "PriorityClass", "metadata": {"name": name}, "value": 1000},
        {
            "apiVersion": node,
            "kind": "RuntimeClass",
            "metadata": {"name": name},
            "handler": name,
            "overhead": {"podFixed": {"cpu": "10m"}},
        },
    )
    yield name
    space.kubectl("delete", "priorityclass,runtimeclass", name, "--wait=false")


def message(space: Space, name: str, reason: str) -> str:
    """What the first event about a pod with a reason says."""

    def said() -> str | None:
        found = space.get("events", "--field-selector", f"involvedObject.name={name},reason={reason}")
        return next((each["message"] for each in found["items"]), None)

    told: str = eventually(said, seconds=60)
    return told


def test_what_the_host_does_not_have_is_told_and_never_taken_for_done(space: Space, classes: str) -> None:
    space.apply(
        pod("urgent", priorityClassName=classes),
        pod("sandboxed", runtimeClassName=classes),
        pod("planned", schedulerName="mine"),
        pod("claiming", resourceClaims=[{"name": "gpu", "resourceClaimName": "gpu"}]),
    )
    eventually(lambda: is_running(space, "urgent"))
    assert classes in message(space, "urgent", "Ignored")
    assert space.get("pod", "urgent")["spec"]["priority"] == 1000

    refusal = message(space, "sandboxed", "SyncFailed")
    assert f'RuntimeClass "{classes}" not found' in refusal
    assert space.host_name("sandboxed") not in refusal
    sandboxed = eventually(lambda: bound(space, "sandboxed"))
    assert sandboxed["spec"]["overhead"] == {"cpu": "10m"}
    assert sandboxed["status"]["phase"] == "Pending"

    assert "mine" in message(space, "planned", "WaitingForScheduler")
    node = sandboxed["spec"]["nodeName"]
    binding = {
        "apiVersion": "v1",
        "kind": "Binding",
        "metadata": {"name": "planned", "namespace": space.name},
        "target": {"apiVersion": "v1", "kind": "Node", "name": node},
    }
    path = f"/api/v1/namespaces/{space.name}/pods/planned/binding"
    space.kubectl("create", "--raw", path, "--filename", "-", stdin=json.dumps(binding))
    eventually(lambda: is_running(space, "planned"))

    assert "resource claims are not available" in message(space, "claiming", "SyncFailed")
    assert sorted(space.on_host("pods")) == sorted(map(space.host_name, ("planned", "urgent")))


def bound(space: Space, name: str) -> Object | None:
    found: Object = space.get("pod", name)
    return found if found["spec"].get("nodeName") else None


def test_host_ports_and_the_hosts_network_are_the_nodes_own(space: Space) -> None:
    def with_port(name: str, **port: object) -> Object:
        ports = [{"containerPort": 8080, "hostPort": 28080, **port}]
        return pod(name, IDLE, container={"ports": ports})

    expect(space, running=[with_port("first", hostIP="127.0.0.1")], pending=[])
    address = space.get("pod", "first")["status"]["hostIP"]
    expect(
        space,
        running=[
            with_port("elsewhere", hostIP=address),
            with_port("udp", hostIP="127.0.0.1", protocol="UDP"),
        ],
        pending=[with_port("again", hostIP="127.0.0.1"), with_port("anywhere")],
    )
    assert "free ports" in message(space, "again", "FailedScheduling")

    expect(space, running=[pod("network", hostNetwork=True)], pending=[])
    network = space.get("pod", "network")
    assert network["status"]["podIP"] == address
    node = space.get("node", network["spec"]["nodeName"])
    hostname = {each["type"]: each["address"] for each in node["status"]["addresses"]}["Hostname"]
    assert space.sh("network", "hostname") == hostname
