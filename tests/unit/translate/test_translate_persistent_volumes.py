import copy
from typing import Any

import pytest
from translate_builders import SCOPE, unchanged

from vcli.syncer.translate.pvs import belongs_to, is_ours, mirrored_name, to_virtual

ON_HOST = "data-x-default-x-demo"
VIRTUAL: dict[str, Any] = {
    "metadata": {"name": "data", "namespace": "default", "uid": "u"},
    "spec": {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}},
        "volumeName": "pvc-1",
    },
}
HOST: dict[str, Any] = {
    "metadata": {
        "name": ON_HOST,
        "namespace": "team-a",
        "annotations": {"volume.kubernetes.io/storage-provisioner": "kubernetes.io/host-path"},
    },
    "spec": VIRTUAL["spec"] | {"storageClassName": "standard", "volumeMode": "Filesystem"},
    "status": {"phase": "Bound", "accessModes": ["ReadWriteOnce"], "capacity": {"storage": "2Gi"}},
}
VOLUME: dict[str, Any] = {
    "metadata": {
        "name": "pvc-1",
        "labels": {"topology.kubernetes.io/zone": "a", "owner": "team-a"},
        "annotations": {"pv.kubernetes.io/provisioned-by": "disk.example.com", "note": "team-a"},
    },
    "spec": {
        "accessModes": ["ReadWriteOnce"],
        "capacity": {"storage": "3Gi"},
        "claimRef": {"namespace": "team-a", "name": ON_HOST, "uid": "h", "kind": "PersistentVolumeClaim"},
        "mountOptions": ["noatime"],
        "nodeAffinity": {"required": {"nodeSelectorTerms": []}},
        "persistentVolumeReclaimPolicy": "Retain",
        "storageClassName": "standard",
        "volumeMode": "Filesystem",
        "csi": {
            "driver": "disk.example.com",
            "volumeHandle": f"/export/team-a-{ON_HOST}-pvc-1",
            "nodeStageSecretRef": {"name": "s", "namespace": "storage-system"},
            "volumeAttributes": {
                "csi.storage.k8s.io/pvc/namespace": "team-a",
                "csi.storage.k8s.io/pvc/name": ON_HOST,
                "secretName": "s",
                "size": "3",
            },
        },
    },
}


def test_a_volume_has_the_class_that_its_claim_has_inside():
    virtual = {**VIRTUAL, "spec": VIRTUAL["spec"] | {"storageClassName": "mine"}}
    host = {**HOST, "spec": HOST["spec"] | {"storageClassName": "vcli-mine-x-team-a-x-demo"}}
    for volume in (None, {**VOLUME, "spec": VOLUME["spec"] | {"storageClassName": "vcli-mine"}}):
        shown = to_virtual(virtual, host, scope=SCOPE, volume=volume)
        assert shown["spec"]["storageClassName"] == "mine"


def test_a_volume_that_may_not_be_read_is_made_from_its_claim():
    with unchanged(VIRTUAL, HOST):
        shown = to_virtual(VIRTUAL, HOST, scope=SCOPE)
    assert is_ours(shown)
    assert shown["metadata"]["name"] == "pvc-1"
    assert shown["metadata"]["labels"] == {"vcli.dev/volume": "synthetic"}
    assert shown["metadata"]["annotations"]["pv.kubernetes.io/provisioned-by"] == "kubernetes.io/host-path"
    assert "not known" in shown["metadata"]["annotations"]["vcli.dev/note"]
    assert shown["spec"] == {
        "accessModes": ["ReadWriteOnce"],
        "capacity": {"storage": "2Gi"},
        "claimRef": {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "namespace": "default",
            "name": "data",
            "uid": "u",
        },
        "csi": {"driver": "unknown.vcli.dev", "volumeHandle": "pvc-1"},
        "persistentVolumeReclaimPolicy": "Delete",
        "storageClassName": "standard",
        "volumeMode": "Filesystem",
    }


def test_a_csi_driver_is_known_by_its_provisioner():
    host = copy.deepcopy(HOST)
    host["metadata"]["annotations"] = {"volume.beta.kubernetes.io/storage-provisioner": "disk.example.com"}
    shown = to_virtual(VIRTUAL, host, scope=SCOPE)
    assert shown["spec"]["csi"] == {"driver": "disk.example.com", "volumeHandle": "pvc-1"}


def test_a_volume_that_may_be_read_is_mirrored():
    with unchanged(VOLUME):
        shown = to_virtual(VIRTUAL, HOST, scope=SCOPE, volume=VOLUME)
    spec = shown["spec"]
    assert shown["metadata"]["labels"] == {"topology.kubernetes.io/zone": "a", "vcli.dev/volume": "mirrored"}
    assert shown["metadata"]["annotations"] == {"pv.kubernetes.io/provisioned-by": "disk.example.com"}
    assert spec["persistentVolumeReclaimPolicy"] == "Retain"
    assert spec["capacity"] == {"storage": "3Gi"}
    assert spec["nodeAffinity"] == VOLUME["spec"]["nodeAffinity"]
    assert spec["mountOptions"] == ["noatime"]
    assert spec["csi"] == {
        "driver": "disk.example.com",
        "volumeHandle": "/export/default-data-pvc-1",
        "volumeAttributes": {
            "csi.storage.k8s.io/pvc/namespace": "default",
            "csi.storage.k8s.io/pvc/name": "data",
            "size": "3",
        },
    }


@pytest.mark.parametrize("volume", [None, VOLUME])
def test_no_mirrored_volume_has_the_hosts_names(volume: dict[str, Any] | None):
    shown = repr(to_virtual(VIRTUAL, HOST, scope=SCOPE, volume=volume))
    assert "team-a" not in shown
    assert ON_HOST not in shown
    assert "storage-system" not in shown


def test_a_source_that_is_not_mirrored():
    volume = {**VOLUME, "spec": {**VOLUME["spec"], "rbd": {"monitors": ["m"], "image": "i"}}}
    del volume["spec"]["csi"]
    shown = to_virtual(VIRTUAL, HOST, scope=SCOPE, volume=volume)
    assert shown["spec"]["csi"]["driver"] == "unknown.vcli.dev"
    assert "rbd" not in shown["spec"]


@pytest.mark.parametrize("name", ["pvc-1", "team-ab", "steam-a"])
def test_names_stay_as_they_are(name: str):
    assert mirrored_name(name, SCOPE) == name


@pytest.mark.parametrize("name", ["team-a", "nfs-team-a", "team-a.1"])
def test_names_with_the_namespace_do_not(name: str):
    assert "team-a" not in mirrored_name(name, SCOPE)
    assert mirrored_name(name, SCOPE) != mirrored_name(f"{name}-2", SCOPE)


def test_whose_a_volume_is():
    assert belongs_to(VOLUME, ON_HOST, SCOPE)
    assert not belongs_to(VOLUME, "other", SCOPE)
    assert not belongs_to({"spec": {"claimRef": {"namespace": "b", "name": ON_HOST}}}, ON_HOST, SCOPE)
    assert not belongs_to({"spec": {}}, ON_HOST, SCOPE)
