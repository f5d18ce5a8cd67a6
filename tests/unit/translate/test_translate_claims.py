from typing import Any

import pytest
from translate_builders import SCOPE, unchanged

from vcli.syncer.translate.pvcs import has_lost, has_other_class, to_host, virtual_patch, virtual_status


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
        "volumeName": "pv-1",
    }


def test_a_volume_that_is_mirrored_under_another_name_keeps_its_own_on_the_host():
    bound = claim(volumeName="nfs-team-a")
    host = to_host(claim(volumeName="pv-0123456789"), scope=SCOPE, host=bound)
    assert host["spec"]["volumeName"] == "nfs-team-a"
    host = to_host(claim(volumeName="pv-1"), scope=SCOPE, host=claim())
    assert host["spec"]["volumeName"] == "pv-1"
    assert "volumeName" not in to_host(claim(), scope=SCOPE, host=claim())["spec"]


@pytest.mark.parametrize(("name", "expected"), [("fast", "vcli-fast"), ("other", "other"), ("", "")])
def test_storage_classes(name: str, expected: str):
    host = to_host(claim(storageClassName=name), scope=SCOPE, storage_classes={"fast": "vcli-fast"})
    assert host["spec"]["storageClassName"] == expected


@pytest.mark.parametrize(("kept", "classes"), [("vcli-fast", {}), ("fast", {"fast": "vcli-fast"})])
def test_the_class_of_a_claim_that_is_there_stays(kept: str, classes: dict[str, str]):
    there = claim(storageClassName=kept)
    host = to_host(claim(storageClassName="fast"), scope=SCOPE, host=there, storage_classes=classes)
    assert host["spec"]["storageClassName"] == kept


@pytest.mark.parametrize(
    ("kept", "classes", "other"),
    [
        ("vcli-fast", {"fast": "vcli-fast"}, False),
        ("fast", {"fast": "vcli-fast"}, True),
        ("fast", {}, False),
        ("standard", {}, False),
    ],
)
def test_a_claim_that_was_there_before_the_tenants_class_has_another_one(
    kept: str, classes: dict[str, str], other: Any
):
    virtual, host = claim(storageClassName="fast"), claim(storageClassName=kept)
    assert has_other_class(virtual, host, storage_classes=classes) is other
    assert not has_other_class(claim(), host, storage_classes=classes)


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
    patch = virtual_patch(bound, virtual, scope=SCOPE)
    assert patch == {
        "metadata": {"annotations": BINDERS},
        "spec": {"volumeName": "pv-1", "storageClassName": "standard"},
    }
    same = claim(BINDERS, volumeName="pv-1", storageClassName="standard")
    assert virtual_patch(bound, same, scope=SCOPE) is None


def test_a_node_that_did_not_work_out_is_taken_back_and_the_bond_is_not():
    gone = {"volume.kubernetes.io/selected-node": None, "volume.kubernetes.io/storage-provisioner": None}
    assert virtual_patch(claim(), claim(BINDERS), scope=SCOPE) == {"metadata": {"annotations": gone}}


SELECTED, GIVEN = "volume.kubernetes.io/selected-node", "vcli.dev/selected-node"


@pytest.mark.parametrize("node", ["n1", None])
def test_the_node_that_is_selected_inside_goes_to_the_host(node: str | None):
    virtual = claim({SELECTED: node} if node else {})
    host = to_host(virtual, scope=SCOPE, scheduled_inside=True)
    assert host["metadata"]["annotations"].get(SELECTED) == node
    assert host["metadata"]["annotations"].get(GIVEN) == node


@pytest.mark.parametrize(
    ("virtual", "host", "taken_back"),
    [
        ("n1", {}, False),  # it has just been selected
        ("n1", {SELECTED: "n1", GIVEN: "n1"}, False),
        ("n1", {GIVEN: "n1"}, True),
        ("n2", {GIVEN: "n1"}, False),  # another one is tried
        ("n2", {SELECTED: "n1", GIVEN: "n1"}, False),
        (None, {SELECTED: "n1", GIVEN: "n1"}, False),
        (None, {SELECTED: "n1"}, False),  # by the host, before
    ],
)
def test_a_node_that_was_selected_inside_is_only_taken_back(
    virtual: str | None, host: dict[str, str], taken_back: Any
):
    patch = virtual_patch(
        claim(host), claim({SELECTED: virtual} if virtual else {}), scope=SCOPE, scheduled_inside=True
    )
    assert patch == ({"metadata": {"annotations": {SELECTED: None}}} if taken_back else None)


def test_a_volume_name_with_the_namespace_is_mirrored_as_another():
    patch = virtual_patch(claim(volumeName="nfs-team-a"), claim(), scope=SCOPE)
    assert patch is not None
    assert patch["spec"]["volumeName"].startswith("pv-")
    assert "team-a" not in patch["spec"]["volumeName"]


def test_a_class_that_says_none_stays():
    bound = claim(storageClassName="standard", volumeName="pv-1")
    patch = virtual_patch(bound, claim(storageClassName=""), scope=SCOPE)
    assert patch == {"spec": {"volumeName": "pv-1"}}


def status_of(host: dict[str, Any], virtual: dict[str, Any]) -> dict[str, Any]:
    name = {"name": "data-x-default-x-demo"}
    return virtual_status({**host, "metadata": host["metadata"] | name}, virtual, scope=SCOPE)


def test_status():
    status = {
        "phase": "Bound",
        "capacity": {"storage": "1Gi"},
        "accessModes": ["ReadWriteOnce"],
        "allocatedResources": {"storage": "2Gi"},
        "allocatedResourceStatuses": {"storage": "NodeResizePending"},
        "currentVolumeAttributesClassName": "gold",
    }
    assert status_of(claim() | {"status": status}, claim()) == status
    assert status_of(claim(), claim()) == {}


def test_conditions_of_the_host_come_and_go_and_a_tenants_own_stay():
    pending = {
        "type": "FileSystemResizePending",
        "status": "True",
        "message": "team-a/data-x-default-x-demo waits",
    }
    told = {**pending, "message": "default/data waits"}
    own = {"type": "StatusPatched", "status": "True"}
    host = claim() | {"status": {"conditions": [pending]}}
    virtual = claim() | {"status": {"conditions": [own]}}
    assert status_of(host, virtual) == {"conditions": [told, own]}
    virtual["status"]["conditions"] = [told, own]
    assert status_of(claim(), virtual) == {"conditions": [own]}


def test_a_claim_that_had_a_volume_and_has_none_is_lost():
    virtual = claim(BINDERS, volumeName="pv-1")
    pending = {"status": {"phase": "Pending"}}
    assert has_lost(virtual, None)
    assert status_of(claim() | pending, virtual) == {"phase": "Lost"}
    assert status_of(claim(BINDERS) | pending, virtual) == {"phase": "Pending"}
    assert not has_lost(claim(volumeName="pv-1"), None)
    assert not has_lost(claim(BINDERS), None)
