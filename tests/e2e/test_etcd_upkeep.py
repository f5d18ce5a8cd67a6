"""An etcd that reaches its quota: found, said, and recovered from, with all that was acknowledged."""

import json
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from embedded import Host
from kubernetes.client import ApiException, CoreV1Api, V1ConfigMap, V1ObjectMeta
from polling import eventually
from space import virtual_cluster

from vcli import VirtualCluster

MIB = 1024 * 1024
QUOTA = 24 * MIB
SETS = [f"controlPlane.backingStore.etcd.embedded.extraArgs={{--quota-backend-bytes={QUOTA}}}"]
FULL = "mvcc: database space exceeded"


@pytest.fixture(scope="module")
def small(host: Host) -> Iterator[VirtualCluster]:
    """A virtual cluster with little room."""
    with virtual_cluster(host, "small", sets=SETS, dns=False) as cluster:
        yield cluster


def write(api: CoreV1Api, name: str, content: str) -> bool:
    """Create or replace a ConfigMap; false where there is no room for it."""
    body = V1ConfigMap(metadata=V1ObjectMeta(name=name), data={"content": content})
    try:
        try:
            api.create_namespaced_config_map("default", body)
        except ApiException as error:
            if error.status != 409:
                raise
            api.replace_namespaced_config_map(name, "default", body)
    except ApiException as error:
        if FULL not in error.body:
            raise
        return False
    return True


def contents(api: CoreV1Api) -> dict[str, str]:
    """What each ConfigMap of ours has."""
    found = api.list_namespaced_config_map("default").items
    return {each.metadata.name: each.data["content"] for each in found if "content" in (each.data or {})}


def store(host: Host, cluster: VirtualCluster) -> Any:
    """The store, as `vcli describe` has it."""
    done = host.vcli("describe", cluster.name, "-n", cluster.namespace, "-o", "json")
    return json.loads(done.stdout)["store"]


def said(host: Host, cluster: VirtualCluster, words: str) -> bool:
    """Whether an event on the control plane has these words."""
    events = host.get("events", "-n", cluster.namespace, "--field-selector", "reason=StoreFull")["items"]
    return any(words in each["message"] for each in events)


def test_room_is_made_where_history_alone_has_filled_it(small: VirtualCluster, host: Host):
    api = CoreV1Api(small.client())
    at_first = eventually(lambda: "size" in (found := store(host, small)) and found)
    assert (at_first["kind"], at_first["quota"], at_first["alarms"]) == ("etcd", QUOTA, [])
    assert 0 < at_first["inUse"] <= at_first["size"] < QUOTA

    kept = {}
    for number in range(100):
        content = secrets.token_hex(300_000)
        if not write(api, f"rewritten-{number % 2}", content):
            break
        kept[f"rewritten-{number % 2}"] = content
    else:
        pytest.fail("the quota was never reached")
    assert contents(api) == kept
    # By itself: nobody has deleted anything.
    eventually(lambda: write(api, "after", "x"))
    assert contents(api) == {**kept, "after": "x"}
    eventually(lambda: said(host, small, "room was made"))
    eventually(lambda: (found := store(host, small)) and found["alarms"] == [] and found["size"] < QUOTA / 2)


def test_objects_that_fill_it_are_the_tenants_to_delete(small: VirtualCluster, host: Host):
    api = CoreV1Api(small.client())
    kept = contents(api)

    def fill() -> None:
        while write(api, name := f"object-{len(kept)}", content := secrets.token_hex(100_000)):
            kept[name] = content

    def is_full() -> bool:
        fill()
        return said(host, small, "etcd takes no writes: the objects alone take")

    eventually(is_full)
    assert eventually(lambda: store(host, small).get("alarms")) == ["NOSPACE"]
    shown = host.vcli("describe", small.name, "-n", small.namespace).stdout
    assert "full (NOSPACE): writes are refused" in shown
    assert contents(api) == kept

    for name in [*kept][::2]:
        api.delete_namespaced_config_map(name, "default")
        del kept[name]
    eventually(lambda: write(api, "after-deletion", "x"))
    assert contents(api) == {**kept, "after-deletion": "x"}
    eventually(lambda: store(host, small).get("alarms") == [])
