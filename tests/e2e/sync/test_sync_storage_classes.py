"""The host's StorageClasses inside: a claim without a class gets the host's default, and says so."""

from collections.abc import Iterator

import pytest
from embedded import Host
from polling import eventually
from space import Object, Space, pod, virtual_cluster, virtual_namespace

CLAIM: Object = {
    "apiVersion": "v1",
    "kind": "PersistentVolumeClaim",
    "metadata": {"name": "data"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}},
}
IS_DEFAULT = "storageclass.kubernetes.io/is-default-class"


@pytest.fixture
def space(host: Host) -> Iterator[Space]:
    """In a virtual cluster that has them mirrored."""
    sets = ("sync.fromHost.storageClasses.enabled=true",)
    with (
        virtual_cluster(host, "classes", sets=sets, dns=False) as cluster,
        virtual_namespace(cluster, host) as space,
    ):
        yield space


def test_the_hosts_default_is_the_default_inside(space: Space) -> None:
    on_host = {each["metadata"]["name"]: each for each in space.host.get("storageclasses")["items"]}

    def inside() -> dict[str, Object]:
        found = {each["metadata"]["name"]: each for each in space.get("storageclasses")["items"]}
        return found if found.keys() == on_host.keys() else {}

    for name, found in eventually(inside).items():
        assert found["provisioner"] == on_host[name]["provisioner"]
    [default] = [
        name
        for name, each in on_host.items()
        if (each["metadata"].get("annotations") or {}).get(IS_DEFAULT) == "true"
    ]
    mount = {"name": "data", "mountPath": "/data"}
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": "data"}}
    space.apply(CLAIM, pod("writer", volumes=[volume], container={"volumeMounts": [mount]}))
    assert space.get("persistentvolumeclaim", "data")["spec"]["storageClassName"] == default
    space.wait("condition=Ready", "pod/writer")
    assert space.get("persistentvolumeclaim", "data")["status"]["phase"] == "Bound"


@pytest.fixture
def owning(host: Host) -> Iterator[Space]:
    """In a virtual cluster whose tenants have StorageClasses of their own, beside those of the host."""
    sets = (
        "sync.toHost.storageClasses.enabled=true",
        "sync.fromHost.storageClasses.enabled=true",
    )
    with virtual_cluster(host, "owning", sets=sets) as cluster, virtual_namespace(cluster, host) as space:
        yield space


def test_a_claim_is_provisioned_by_a_class_of_the_tenants_own(owning: Space) -> None:
    space = owning
    host = next(each for each in space.host.get("storageclasses")["items"] if "provisioner" in each)
    secret = {"csi.storage.k8s.io/provisioner-secret-name": "password"}
    mine: Object = {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": "mine", "annotations": {IS_DEFAULT: "true"}},
        "provisioner": host["provisioner"],
        "parameters": {**(host.get("parameters") or {}), **secret},
        "volumeBindingMode": host["volumeBindingMode"],
    }
    claim = {**CLAIM, "spec": {**CLAIM["spec"], "storageClassName": "mine"}}
    early = {**claim, "metadata": {"name": "early"}}
    mount = {"name": "data", "mountPath": "/data"}

    def writer(name: str, of: str) -> Object:
        volume = {"name": "data", "persistentVolumeClaim": {"claimName": of}}
        return pod(name, volumes=[volume], container={"volumeMounts": [mount]})

    # A claim that comes before its class waits for it, as on a plain cluster.
    space.apply(early)
    eventually(lambda: space.on_host("persistentvolumeclaim"))
    space.apply(mine, claim, writer("writer", "data"), writer("earlier", "early"))
    space.wait("condition=Ready", "pod/writer", "pod/earlier")
    on_host = f"vcli-mine-x-{space.cluster.namespace}-x-{space.cluster.name}"
    for name in ("data", "early"):
        virtual = space.get("persistentvolumeclaim", name)
        assert virtual["spec"]["storageClassName"] == "mine"
        assert virtual["status"]["phase"] == "Bound"
        namespace = space.cluster.namespace
        found = space.host.get("persistentvolumeclaim", space.host_name(name), "--namespace", namespace)
        assert found["spec"]["storageClassName"] == on_host
        volume = space.get("persistentvolume", virtual["spec"]["volumeName"])
        assert volume["spec"]["storageClassName"] == "mine"
    made = space.host.get("storageclass", on_host)
    assert IS_DEFAULT not in made["metadata"]["annotations"], "it is the default inside alone"
    assert not secret.keys() & (made.get("parameters") or {}).keys()
    about = "involvedObject.name=mine,reason=Ignored"
    [told] = space.get("events", "--namespace", "default", "--field-selector", about)["items"]
    assert "provisioner-secret-name" in told["message"]
    assert on_host not in [each["metadata"]["name"] for each in space.get("storageclasses")["items"]]

    # What is bound needs its class no more.
    def gone() -> bool:
        return not space.host.kubectl("get", "storageclass", on_host, "--ignore-not-found")

    space.kubectl("delete", "storageclass", "mine")
    eventually(gone)
    space.kubectl("label", "persistentvolumeclaim", "data", "kept=yes")
    assert space.get("persistentvolumeclaim", "data")["status"]["phase"] == "Bound"
    assert not space.get("events", "--field-selector", "involvedObject.name=data,type=Warning")["items"]

    # It goes with the syncer's ClusterRole, as with `helm uninstall`.
    space.apply(mine)
    eventually(lambda: not gone())
    cluster = space.cluster
    space.host.kubectl("delete", "clusterrole", f"vcli:{cluster.namespace}:{cluster.name}")
    eventually(gone)
