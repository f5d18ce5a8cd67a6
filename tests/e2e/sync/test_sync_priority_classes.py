"""PriorityClasses in both directions: pods have the priority of the host's classes, and of a tenant's own."""

import json
import uuid
from collections.abc import Iterator

import pytest
from embedded import Host
from polling import eventually
from space import Object, Space, pod, virtual_cluster, virtual_namespace

SELECTED = "vcli-test/for"
SETS = (
    "sync.toHost.priorityClasses.enabled=true",
    "sync.fromHost.priorityClasses.enabled=true",
    f"sync.fromHost.priorityClasses.selector.matchLabels.{SELECTED}=tenants",
)
VERSION = "scheduling.k8s.io/v1"


def priority_class(
    name: str, value: int, *, labels: dict[str, str] | None = None, **fields: object
) -> Object:
    metadata = {"name": name, "labels": labels or {}}
    return {"apiVersion": VERSION, "kind": "PriorityClass", "metadata": metadata, "value": value, **fields}


@pytest.fixture
def classes(host: Host) -> Iterator[tuple[str, str, str]]:
    """Classes of the host: one for tenants, one that is not, and one that another virtual cluster has synced.

    That is of the same name, in another namespace.
    """
    suffix = uuid.uuid4().hex[:6]
    names = (f"gold-{suffix}", f"platinum-{suffix}", f"vcli-tin-x-elsewhere-x-priorities-{suffix}")
    tenants = {SELECTED: "tenants"}
    others = {"vcli.dev/managed-by": "priorities", "vcli.dev/host-namespace": "elsewhere", **tenants}
    host.apply(
        "default",
        priority_class(names[0], 5000, labels=tenants),
        priority_class(names[1], 6000),
        priority_class(names[2], 7000, labels=others),
    )
    yield names
    host.kubectl("delete", "priorityclass", *names, "--wait=false")


def on_host(space: Space, name: str) -> Object:
    found: Object = space.host.get("pod", space.host_name(name), "--namespace", space.cluster.namespace)
    spec: Object = found["spec"]
    return spec


def accepted(space: Space, obj: Object) -> None:
    """Apply a pod once the admission inside knows its class: its own cache is a moment behind."""

    def apply() -> bool:
        space.apply(obj)
        return True

    eventually(apply)


def of_cluster(host: Host, name: str, namespace: str) -> list[Object]:
    selector = f"vcli.dev/managed-by={name},vcli.dev/host-namespace={namespace}"
    found: list[Object] = host.get("priorityclass", "--selector", selector)["items"]
    return found


def test_pods_have_the_priorities_of_both(host: Host, classes: tuple[str, str, str]) -> None:
    gold, platinum, others = classes
    with virtual_cluster(host, "priorities", sets=SETS) as cluster:
        with virtual_namespace(cluster, host) as space:
            names = eventually(lambda: inside(space, gold))
            assert platinum not in names, "it is not selected"
            assert others not in names, "it is another virtual cluster's"
            pods_of_both(space, gold)
            another_value(space)
            turned_off(space, gold)
        name, namespace = cluster.name, cluster.namespace
    assert of_cluster(host, name, namespace) == []
    assert of_cluster(host, name, "elsewhere"), "it is of another cluster of that name"


def pods_of_both(space: Space, gold: str) -> None:
    mine = priority_class("mine", 1000, globalDefault=True, description="Of a tenant.")
    space.apply(mine, pod("plain"), pod("critical", priorityClassName="system-node-critical"))
    accepted(space, pod("own", priorityClassName="mine"))
    accepted(space, pod("golden", priorityClassName=gold))
    space.wait("condition=Ready", *(f"pod/{each}" for each in ("own", "golden", "plain", "critical")))
    own, golden = on_host(space, "own"), on_host(space, "golden")
    host_name = f"vcli-mine-x-{space.cluster.namespace}-x-{space.cluster.name}"
    assert (own["priorityClassName"], own["priority"]) == (host_name, 1000)
    assert (golden["priorityClassName"], golden["priority"]) == (gold, 5000)
    assert space.get("pod", "golden")["spec"]["priority"] == 5000
    assert on_host(space, "critical")["priority"] == 0, "that is for the host's own"
    told = space.get("events", "--field-selector", "involvedObject.name=critical,reason=Ignored")
    assert "system-node-critical" in told["items"][0]["message"]
    [synced] = of_cluster(space.host, space.cluster.name, space.cluster.namespace)
    assert synced["metadata"]["name"] == host_name
    assert not synced.get("globalDefault")


def another_value(space: Space) -> None:
    """The API takes no other value of a class on either side: it is another object."""
    host, cluster = space.host, space.cluster
    space.kubectl("delete", "priorityclass", "mine")
    eventually(lambda: not of_cluster(host, cluster.name, cluster.namespace))
    space.apply(priority_class("mine", 2000))
    accepted(space, pod("later", priorityClassName="mine"))
    space.wait("condition=Ready", "pod/later")
    assert on_host(space, "later")["priority"] == 2000
    described = host.vcli("describe", cluster.name, "-n", cluster.namespace, "-o", "json").stdout
    assert json.loads(described)["synced"]["priorityclasses"] == 1


def turned_off(space: Space, gold: str) -> None:
    """What was synced goes, in both directions; what runs stays."""
    host, cluster = space.host, space.cluster
    sets = ("--set", "sync.toHost.priorityClasses.enabled=false")
    sets += ("--set", "sync.fromHost.priorityClasses.enabled=false")
    host.vcli("upgrade", cluster.name, "-n", cluster.namespace, *sets)
    assert of_cluster(host, cluster.name, cluster.namespace) == []
    eventually(lambda: not inside(space, gold))
    assert on_host(space, "golden")["priority"] == 5000


def inside(space: Space, wanted: str) -> list[str]:
    names = [each["metadata"]["name"] for each in space.get("priorityclasses")["items"]]
    return names if wanted in names else []
