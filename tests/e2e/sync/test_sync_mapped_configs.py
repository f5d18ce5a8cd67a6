"""ConfigMaps and Secrets of the host that the values name, inside: followed, for reading, and no others."""

import base64
import json
import uuid
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from embedded import Host
from polling import eventually
from space import Object, Space, pod, virtual_cluster, virtual_namespace

from vcli import VirtualCluster

SECRETS = "sync.fromHost.secrets"
CONFIG_MAPS = "sync.fromHost.configMaps"


class Mapped(NamedTuple):
    """A virtual cluster, and namespaces of the host that are not its own.

    Of these, ``late`` is not there yet when it is created.
    """

    cluster: VirtualCluster
    shared: str
    late: str


def secret(name: str, **data: str) -> Object:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": data}


def config_map(name: str, **data: str) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def allow(host: Host, mapped: Mapped, name: str, *resource: str) -> None:
    """Give the syncer a right to read in the namespace of others, as its owner would."""
    account = f"{mapped.cluster.namespace}:vc-{mapped.cluster.name}"
    place = ("--namespace", mapped.late)
    host.kubectl("create", "role", name, "--verb=get,list,watch", *resource, *place)
    host.kubectl("create", "rolebinding", name, f"--role={name}", f"--serviceaccount={account}", *place)


@pytest.fixture(scope="module")
def mapped(host: Host) -> Iterator[Mapped]:
    """It has rights to one Secret in a namespace of others, and to no ConfigMap in another one."""
    shared, late = (f"{name}-{uuid.uuid4().hex[:6]}" for name in ("shared", "late"))
    host.create_namespace(shared)
    sets = (
        f"{SECRETS}.enabled=true",
        f"{SECRETS}.mappings.byName.{shared}/ca=apps/root-ca",
        f"{SECRETS}.mappings.byName./*=all/*",
        f"{CONFIG_MAPS}.enabled=true",
        f"{CONFIG_MAPS}.mappings.byName./*=all/*",
        f"{CONFIG_MAPS}.mappings.byName.{late}/*=confs",
    )
    with virtual_cluster(host, "mapped", sets=sets, dns=False) as cluster:
        name = f"vcli:{cluster.namespace}:mapped"
        role = host.get("role", name, "-n", shared)
        assert [each["resourceNames"] for each in role["rules"]] == [["ca"]]
        yield Mapped(cluster, shared, late)
    for kind in ("roles", "rolebindings"):
        left = {each["metadata"]["name"] for each in host.get(kind, "-n", shared)["items"]}
        assert name not in left
    for namespace in (shared, late):
        host.end_namespace(namespace)


@pytest.fixture
def space(mapped: Mapped, host: Host) -> Iterator[Space]:
    with virtual_namespace(mapped.cluster, host) as space:
        yield space


def inside(space: Space, kind: str, name: str, namespace: str) -> Object | None:
    """An object in any namespace of the virtual cluster."""
    done = space.run("get", kind, name, "--namespace", namespace, "--ignore-not-found", "--output", "json")
    assert done.returncode == 0, done.stderr
    found: Object | None = json.loads(done.stdout) if done.stdout.strip() else None
    return found


def apply_in(space: Space, namespace: str, obj: Object) -> None:
    space.kubectl("apply", "--namespace", namespace, "--filename", "-", stdin=json.dumps(obj))


def has(space: Space, kind: str, name: str, namespace: str, **data: str) -> bool:
    """Whether it is there, with this data and no more."""
    found = inside(space, kind, name, namespace)
    wanted = {key: encoded(value) for key, value in data.items()} if kind == "secret" else data
    return found is not None and found.get("data") == wanted


def test_one_that_is_named_is_there_followed_and_for_reading(space: Space, mapped: Mapped) -> None:
    space.host.apply(mapped.shared, secret("ca", crt="one"), secret("other", crt="hidden"))
    eventually(lambda: has(space, "secret", "root-ca", "apps", crt="one"))
    space.kubectl(
        "patch", "secret", "root-ca", "-n", "apps", "-p", '{"stringData": {"crt": "mine", "more": "x"}}'
    )
    eventually(lambda: has(space, "secret", "root-ca", "apps", crt="one"))
    space.kubectl("patch", "secret", "root-ca", "-n", "apps", "-p", '{"immutable": true}')
    space.host.apply(mapped.shared, secret("ca", crt="two"))
    eventually(lambda: has(space, "secret", "root-ca", "apps", crt="two"))
    space.kubectl("delete", "secret", "root-ca", "-n", "apps")
    eventually(lambda: has(space, "secret", "root-ca", "apps", crt="two"))
    space.kubectl("delete", "namespace", "apps")
    eventually(lambda: has(space, "secret", "root-ca", "apps", crt="two"))
    space.host.kubectl("delete", "secret", "ca", "-n", mapped.shared)
    eventually(lambda: inside(space, "secret", "root-ca", "apps") is None)
    assert inside(space, "secret", "other", "apps") is None


def test_pods_use_it(space: Space, mapped: Mapped) -> None:
    space.host.apply(mapped.cluster.namespace, config_map("settings", mode="fast"))
    eventually(lambda: has(space, "configmap", "settings", "all", mode="fast"))
    made = pod("reader", container={"envFrom": [{"configMapRef": {"name": "settings"}}]})
    eventually(lambda: space.run("get", "serviceaccount", "default", "-n", "all").returncode == 0)
    apply_in(space, "all", made)
    space.kubectl("wait", "--for=condition=Ready", "pod/reader", "-n", "all", "--timeout=110s")
    assert space.kubectl("exec", "reader", "-n", "all", "--", "sh", "-c", "echo $mode").strip() == "fast"
    space.kubectl("delete", "pod", "reader", "-n", "all")
    on_host = space.host.get("configmaps", "-n", mapped.cluster.namespace)["items"]
    synced = {
        each["metadata"]["name"]
        for each in on_host
        if "vcli.dev/managed-by" in each["metadata"].get("labels", {})
    }
    shown = {each["metadata"]["name"] for each in space.get("configmaps", "-n", "all")["items"]}
    assert not synced & shown, "what is synced to the host does not come back"


def test_all_of_the_own_namespace_has_nothing_of_the_control_plane(space: Space, mapped: Mapped) -> None:
    namespace, name = mapped.cluster.namespace, mapped.cluster.name
    token = {
        **secret("host-token"),
        "type": "kubernetes.io/service-account-token",
        "metadata": {
            "name": "host-token",
            "annotations": {"kubernetes.io/service-account.name": f"vc-workload-{name}"},
        },
    }
    space.host.apply(namespace, secret("plain", a="1"), token, config_map("last", a="1"))
    eventually(lambda: has(space, "secret", "plain", "all", a="1"))
    eventually(lambda: has(space, "configmap", "last", "all", a="1"))
    on_host = {each["metadata"]["name"] for each in space.host.get("secrets", "-n", namespace)["items"]}
    assert {f"{name}-certs", f"vc-{name}", "host-token", "plain"} <= on_host
    secrets = [each["metadata"]["name"] for each in space.get("secrets", "-n", "all")["items"]]
    assert secrets == ["plain"]
    config_maps = {each["metadata"]["name"] for each in space.get("configmaps", "-n", "all")["items"]}
    assert config_maps - {"settings"} == {"last", "kube-root-ca.crt"}
    mirrored = space.get("configmaps", "-n", "all", "-l", "vcli.dev/mirror")["items"]
    assert "kube-root-ca.crt" not in {each["metadata"]["name"] for each in mirrored}


def test_a_tenants_own_stays_and_an_event_says_so(space: Space, mapped: Mapped) -> None:
    eventually(lambda: space.run("create", "namespace", "all").returncode in {0, 1})
    mine = config_map("mine", a="of a tenant")
    apply_in(space, "all", mine)
    space.host.apply(mapped.cluster.namespace, config_map("mine", a="of the host"))
    about = "involvedObject.name=mine,reason=NotMirrored"
    [told] = eventually(lambda: space.get("events", "-n", "all", "--field-selector", about)["items"])
    assert "not shown while this one is there" in told["message"]
    assert has(space, "configmap", "mine", "all", a="of a tenant")
    space.kubectl("delete", "configmap", "mine", "-n", "all")
    eventually(lambda: has(space, "configmap", "mine", "all", a="of the host"))


def test_a_right_that_is_missing_is_said_and_works_when_it_is_given(space: Space, mapped: Mapped) -> None:
    space.host.create_namespace(mapped.late)
    space.host.apply(mapped.late, config_map("settings", a="1"))
    described = space.host.vcli("describe", mapped.cluster.name, "-n", mapped.cluster.namespace).stdout
    assert "host configmaps for confs/" in described
    assert mapped.late in described, "it names the namespace in which the right is missing"
    assert inside(space, "configmap", "settings", "confs") is None
    allow(space.host, mapped, "config-maps", "--resource=configmaps")
    eventually(lambda: has(space, "configmap", "settings", "confs", a="1"))


def test_an_entry_that_is_taken_out_takes_its_mirrors_along(space: Space, mapped: Mapped) -> None:
    name, namespace = mapped.cluster.name, mapped.cluster.namespace
    space.host.apply(namespace, secret("kept", a="1"), config_map("gone", a="1"))
    eventually(lambda: has(space, "configmap", "gone", "all", a="1"))
    eventually(lambda: has(space, "secret", "kept", "all", a="1"))
    off = ("--set", f"{CONFIG_MAPS}.enabled=false", "--set", f"{CONFIG_MAPS}.mappings=null")
    only = ("--set", f"{SECRETS}.mappings=null", "--set", f"{SECRETS}.mappings.byName./kept=apps/kept")
    space.host.vcli("upgrade", name, "-n", namespace, *off, *only)
    eventually(lambda: inside(space, "configmap", "gone", "all") is None)
    eventually(lambda: has(space, "secret", "kept", "apps", a="1"))
    eventually(lambda: inside(space, "secret", "kept", "all") is None)
