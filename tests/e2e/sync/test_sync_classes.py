"""The host's classes and drivers inside, as far as the values select them, and pods that run under them."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from embedded import Host
from polling import eventually
from snapshots import CLASS_FIELDS, definition
from space import Object, Space, pod, virtual_cluster

from vcli import VirtualCluster

SELECTED = "vcli-test/for"
KINDS = ("storageClasses", "ingressClasses", "runtimeClasses")
SETS = (
    "rbac.clusterRole.enabled=true",
    *(rf"sync.fromHost.{kind}.selector.matchLabels.{SELECTED}=tenants" for kind in KINDS),
    "sync.fromHost.volumeSnapshotClasses.enabled=true",
)


@pytest.fixture(scope="module")
def cluster(host: Host) -> Iterator[VirtualCluster]:
    """It may see all kinds that take rights outside the namespace, and of some only what is meant for it."""
    with virtual_cluster(host, "mirrors", sets=SETS) as cluster:
        yield cluster


@dataclass(frozen=True)
class Made:
    """Objects of the host in no namespace, deleted after the test."""

    host: Host
    suffix: str
    names: list[str]

    def make(
        self, version: str, kind: str, name: str = "", *, selected: bool = True, **fields: object
    ) -> str:
        """Create an object; gives its name."""
        name = name or f"own-{self.suffix}"
        labels = {SELECTED: "tenants"} if selected else {}
        metadata = {"name": name, "labels": labels}
        self.host.apply("default", {"apiVersion": version, "kind": kind, "metadata": metadata, **fields})
        self.names.append(f"{kind}/{name}")
        return name

    def label(self, kind: str, name: str, value: str) -> None:
        self.host.kubectl("label", kind, name, f"{SELECTED}={value}", "--overwrite")


@pytest.fixture
def made(host: Host) -> Iterator[Made]:
    made = Made(host, uuid.uuid4().hex[:6], [])
    yield made
    for each in reversed(made.names):
        host.kubectl("delete", each.lower(), "--ignore-not-found", "--wait=false")


def inside(space: Space, kind: str, name: str) -> Object | None:
    """An object of the virtual cluster in no namespace."""
    done = space.run("get", kind, name, "--ignore-not-found", "--output", "json")
    assert done.returncode == 0, done.stderr
    found: Object | None = json.loads(done.stdout) if done.stdout.strip() else None
    return found


def mirrored(space: Space, kind: str, name: str) -> Object:
    found: Object = eventually(lambda: inside(space, kind, name))
    return found


def test_only_what_is_selected_is_there_and_a_relabelled_one_leaves(space: Space, made: Made) -> None:
    spec = {"controller": "example.com/controller"}
    shown = made.make("networking.k8s.io/v1", "IngressClass", spec=spec)
    hidden = made.make("networking.k8s.io/v1", "IngressClass", f"{shown}-b", selected=False, spec=spec)
    assert mirrored(space, "ingressclass", shown)["spec"] == spec
    assert inside(space, "ingressclass", hidden) is None
    made.label("ingressclass", hidden, "tenants")
    made.label("ingressclass", shown, "others")
    mirrored(space, "ingressclass", hidden)
    eventually(lambda: inside(space, "ingressclass", shown) is None)
    default = [each["metadata"]["name"] for each in space.host.get("storageclasses")["items"]]
    assert default
    assert inside(space, "storageclass", default[0]) is None, "it is not selected"


def test_what_is_not_selected_may_not_be_named(space: Space, made: Made) -> None:
    provisioner = space.host.get("storageclasses")["items"][0]["provisioner"]
    name = made.make("storage.k8s.io/v1", "StorageClass", selected=False, provisioner=provisioner)
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data"},
        "spec": {**spec, "storageClassName": name},
    }
    space.apply(claim)
    about = "involvedObject.name=data,reason=SyncFailed"
    [told] = eventually(lambda: space.get("events", "--field-selector", about)["items"])
    assert name in told["message"]
    assert space.on_host("persistentvolumeclaim") == []
    made.label("storageclass", name, "tenants")
    assert eventually(lambda: space.on_host("persistentvolumeclaim")) == [space.host_name("data")]


def test_an_ingress_of_a_class_that_is_not_selected_stays_inside(space: Space, made: Made) -> None:
    spec = {"controller": "example.com/controller"}
    name = made.make("networking.k8s.io/v1", "IngressClass", selected=False, spec=spec)
    backend = {"service": {"name": "web", "port": {"number": 80}}}

    def ingress(own: str, **more: str) -> Object:
        made = {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": own}}
        return {**made, "spec": {"defaultBackend": backend, **more}}

    space.apply(ingress("named", ingressClassName=name), ingress("bare"))
    for own, word in (("named", name), ("bare", "names no IngressClass")):
        about = f"involvedObject.name={own},reason=SyncFailed"
        [told] = eventually(lambda about=about: space.get("events", "--field-selector", about)["items"])
        assert word in told["message"]
    assert space.on_host("ingress") == []
    made.label("ingressclass", name, "tenants")
    assert eventually(lambda: space.on_host("ingress")) == [space.host_name("named")]
    made.label("ingressclass", name, "others")
    eventually(lambda: inside(space, "ingressclass", name) is None)
    assert space.on_host("ingress") == [space.host_name("named")], "it keeps what it has"


def test_a_claim_without_a_class_waits_while_the_hosts_default_is_not_selected(
    space: Space, made: Made
) -> None:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "bare"}, "spec": spec}
    space.apply(claim)
    about = "involvedObject.name=bare,reason=SyncFailed"
    [told] = eventually(lambda: space.get("events", "--field-selector", about)["items"])
    assert "names no StorageClass" in told["message"]
    [default] = [
        each["metadata"]["name"]
        for each in space.host.get("storageclasses")["items"]
        if each["metadata"].get("annotations", {}).get("storageclass.kubernetes.io/is-default-class")
    ]
    made.label("storageclass", default, "tenants")
    try:
        assert eventually(lambda: space.on_host("persistentvolumeclaim")) == [space.host_name("bare")]
    finally:
        made.host.kubectl("label", "storageclass", default, f"{SELECTED}-")


def test_what_a_tenant_changes_is_undone_and_what_the_host_deletes_goes(space: Space, made: Made) -> None:
    name = made.make("networking.k8s.io/v1", "IngressClass", spec={"controller": "example.com/a"})
    before = mirrored(space, "ingressclass", name)
    space.kubectl("delete", "ingressclass", name)
    again = mirrored(space, "ingressclass", name)
    assert again["metadata"]["uid"] != before["metadata"]["uid"]
    made.host.kubectl("delete", "ingressclass", name)
    eventually(lambda: inside(space, "ingressclass", name) is None)


def test_the_hosts_default_ingress_class_is_that_of_a_new_ingress(space: Space, made: Made) -> None:
    name = made.make("networking.k8s.io/v1", "IngressClass", spec={"controller": "example.com/a"})
    default = "ingressclass.kubernetes.io/is-default-class=true"
    made.host.kubectl("annotate", "ingressclass", name, default)
    key, _, value = default.partition("=")
    eventually(lambda: mirrored(space, "ingressclass", name)["metadata"]["annotations"].get(key) == value)
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    ingress = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "web"},
        "spec": {"defaultBackend": backend},
    }

    def chosen() -> str | None:  # the admission's own cache is a moment behind
        space.kubectl("delete", "ingress", "web", "--ignore-not-found")
        space.apply(ingress)
        found: str | None = space.get("ingress", "web")["spec"].get("ingressClassName")
        return found

    assert eventually(chosen) == name


def test_a_pod_runs_under_the_hosts_runtime_class_with_its_overhead(space: Space, made: Made) -> None:
    overhead = {"podFixed": {"cpu": "7m", "memory": "9Mi"}}
    scheduling = {"nodeSelector": {"kubernetes.io/os": "linux"}}
    name = made.make(
        "node.k8s.io/v1", "RuntimeClass", handler="runc", overhead=overhead, scheduling=scheduling
    )
    assert mirrored(space, "runtimeclass", name)["overhead"] == overhead

    def accepted() -> bool:  # the admission's own cache is a moment behind
        space.apply(pod("boxed", runtimeClassName=name))
        return True

    eventually(accepted)
    space.wait("condition=Ready", "pod/boxed")
    virtual = space.get("pod", "boxed")["spec"]
    namespace = space.cluster.namespace
    host = space.host.get("pod", space.host_name("boxed"), "--namespace", namespace)["spec"]
    for spec in (virtual, host):
        assert spec["runtimeClassName"] == name
        assert spec["overhead"] == overhead["podFixed"]
        assert spec["nodeSelector"]["kubernetes.io/os"] == "linux"


def test_drivers_and_those_of_the_nodes_that_are_there(space: Space, made: Made) -> None:
    space.apply(pod("anchor"))
    space.wait("condition=Ready", "pod/anchor")
    node = space.get("pod", "anchor")["spec"]["nodeName"]
    driver = f"own-{made.suffix}.example.com"
    made.make("storage.k8s.io/v1", "CSIDriver", driver, spec={"attachRequired": False})
    elsewhere = made.make("storage.k8s.io/v1", "CSINode", f"elsewhere-{made.suffix}", spec={"drivers": []})
    assert mirrored(space, "csidriver", driver)["spec"]["attachRequired"] is False
    assert mirrored(space, "csinode", node)["metadata"]["labels"]["vcli.dev/mirror"] == "true"
    assert inside(space, "csinode", elsewhere) is None, "the virtual cluster has no such Node"


def test_what_a_driver_has_left_for_nodes_that_are_there(space: Space, made: Made) -> None:
    space.apply(pod("scout"))
    space.wait("condition=Ready", "pod/scout")
    node = space.get("pod", "scout")["spec"]["nodeName"]
    provisioner = space.host.get("storageclasses")["items"][0]["provisioner"]
    known = made.make("storage.k8s.io/v1", "StorageClass", provisioner=provisioner)
    shown, hidden = f"shown-{made.suffix}", f"hidden-{made.suffix}"
    names = space.get("node", node)["metadata"]["labels"]["kubernetes.io/hostname"], "elsewhere"
    for own, hostname in zip((shown, hidden), names, strict=True):
        topology = {"matchLabels": {"kubernetes.io/hostname": hostname}}
        fields = {"storageClassName": known, "nodeTopology": topology, "capacity": "5Gi"}
        made.make("storage.k8s.io/v1", "CSIStorageCapacity", own, **fields)

    def left() -> dict[str, str]:
        found = space.get("csistoragecapacities", "-n", "kube-system")["items"]
        return {each["metadata"]["name"].rpartition("-")[0]: each["capacity"] for each in found}

    eventually(lambda: left().get(shown) == "5Gi")
    made.host.kubectl("patch", "csistoragecapacity", shown, "-p", '{"capacity": "4Gi"}')
    eventually(lambda: left().get(shown) == "4Gi")
    assert hidden not in left()
    made.label("storageclass", known, "others")
    eventually(lambda: shown not in left())


def test_a_kind_of_a_custom_resource_is_there_once_the_host_has_it(space: Space, made: Made) -> None:
    crd = definition("VolumeSnapshotClass", namespaced=False, properties=CLASS_FIELDS)
    described = made.host.vcli("describe", space.cluster.name, "-n", space.cluster.namespace).stdout
    assert "volumesnapshotclasses unavailable" in described
    made.host.apply("default", crd)
    made.names.append("customresourcedefinition/volumesnapshotclasses.snapshot.storage.k8s.io")
    made.host.kubectl("wait", "--for=condition=Established", made.names[-1])
    fields = {"driver": "a.example.com", "deletionPolicy": "Delete"}
    name = made.make("snapshot.storage.k8s.io/v1", "VolumeSnapshotClass", **fields)
    found = eventually(lambda: inside(space, "volumesnapshotclass", name))
    assert fields.items() <= found.items()
