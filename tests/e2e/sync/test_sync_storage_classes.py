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
