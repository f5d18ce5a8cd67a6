from typing import Any

import pytest
from translate_builders import SCOPE, unchanged

from vcli.syncer.translate.pvcs import to_host, virtual_patch, virtual_status


def claim(annotations: dict[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    base = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    metadata = {"name": "data", "namespace": "default", "uid": "u", "annotations": annotations or {}}
    return {"metadata": metadata, "spec": base | spec}


def test_a_claim():
    virtual = claim(
        storageClassName="fast", volumeMode="Filesystem", volumeName="pv-1", selector={"matchLabels": {}}
    )
    with unchanged(virtual):
        host = to_host(virtual, scope=SCOPE)
    assert host["metadata"]["name"] == "data-x-default-x-demo"
    assert host["spec"] == {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}},
        "storageClassName": "fast",
        "volumeMode": "Filesystem",
        "selector": {"matchLabels": {}},
    }


@pytest.mark.parametrize(("name", "expected"), [("fast", "vcli-fast"), ("other", "other"), ("", "")])
def test_storage_classes(name: str, expected: str):
    host = to_host(claim(storageClassName=name), scope=SCOPE, storage_classes={"fast": "vcli-fast"})
    assert host["spec"]["storageClassName"] == expected


@pytest.mark.parametrize("field", ["dataSource", "dataSourceRef"])
def test_sources(field: str):
    source = {"apiGroup": "snapshot.storage.k8s.io", "kind": "VolumeSnapshot", "name": "s"}
    host = to_host(claim(**{field: source}), scope=SCOPE)
    assert host["spec"][field] == source | {"name": "s-x-default-x-demo"}


def test_a_source_in_another_virtual_namespace():
    source = {"kind": "PersistentVolumeClaim", "name": "s", "namespace": "other"}
    host = to_host(claim(dataSourceRef=source), scope=SCOPE)
    assert host["spec"]["dataSourceRef"] == {"kind": "PersistentVolumeClaim", "name": "s-x-other-x-demo"}


BINDERS = {
    "pv.kubernetes.io/bind-completed": "yes",
    "volume.kubernetes.io/selected-node": "n",
    "volume.kubernetes.io/storage-provisioner": "p",
}


def test_the_binders_annotations_only_come_back():
    host = to_host(claim(BINDERS | {"note": "x"}), scope=SCOPE)
    assert host["metadata"]["annotations"].keys().isdisjoint(BINDERS)
    assert host["metadata"]["annotations"]["note"] == "x"
    bound = claim(BINDERS | {"vcli.dev/name": "data"}, volumeName="pv-1", storageClassName="standard")
    virtual = claim()
    patch = virtual_patch(bound, virtual)
    assert patch == {
        "metadata": {"annotations": BINDERS},
        "spec": {"volumeName": "pv-1", "storageClassName": "standard"},
    }
    assert virtual_patch(bound, claim(BINDERS, volumeName="pv-1", storageClassName="standard")) is None


def test_a_class_that_says_none_stays():
    bound = claim(storageClassName="standard", volumeName="pv-1")
    assert virtual_patch(bound, claim(storageClassName="")) == {"spec": {"volumeName": "pv-1"}}


def test_status():
    status = {"phase": "Bound", "capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"]}
    assert virtual_status(claim() | {"status": status}) == status
    assert virtual_status(claim()) == {}
