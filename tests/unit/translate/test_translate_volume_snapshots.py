"""Snapshots on the host: of nothing but a tenant's own claims and contents."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from translate_builders import SCOPE, unchanged

from vcli.syncer.translate import volumesnapshotcontents, volumesnapshots

OWN_CONTENT = "vcli-old-x-team-a-x-demo"


def snapshot(status: dict[str, Any] | None = None, **source: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": "snap", "namespace": "default", "uid": "uid-snap"},
        "spec": {
            "source": source or {"persistentVolumeClaimName": "data"},
            "volumeSnapshotClassName": "fast",
        },
        "status": status or {},
    }


def content(annotations: dict[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": "old", "uid": "uid-old", "annotations": annotations or {}},
        "spec": {
            "deletionPolicy": "Retain",
            "driver": "a.example.com",
            "source": {"snapshotHandle": "handle"},
            "volumeSnapshotRef": {"namespace": "default", "name": "snap", "uid": "uid-snap"},
            **spec,
        },
    }


def test_a_snapshot_is_of_the_hosts_claim() -> None:
    virtual = snapshot()
    with unchanged(virtual):
        host = volumesnapshots.to_host(virtual, scope=SCOPE)
    assert host["metadata"]["name"] == "snap-x-default-x-demo"
    assert host["spec"] == {
        "volumeSnapshotClassName": "fast",
        "source": {"persistentVolumeClaimName": "data-x-default-x-demo"},
    }


@given(st.from_regex(r"[a-z][a-z0-9-]{0,60}[a-z0-9]", fullmatch=True))
def test_no_content_of_the_hosts_own_can_be_named(name: str) -> None:
    host = volumesnapshots.to_host(snapshot(volumeSnapshotContentName=name), scope=SCOPE)
    content_name = volumesnapshotcontents.to_host({**content(), "metadata": {"name": name}}, scope=SCOPE)[
        "metadata"
    ]["name"]
    assert host["spec"]["source"] == {"volumeSnapshotContentName": content_name}
    assert content_name.startswith("vcli-")


def test_the_status_has_the_tenants_names() -> None:
    virtual = snapshot(volumeSnapshotContentName="old")
    status = {
        "boundVolumeSnapshotContentName": OWN_CONTENT,
        "readyToUse": False,
        "restoreSize": "1Gi",
        "later": "unknown",
        "error": {"message": f"{OWN_CONTENT}: no snap-x-default-x-demo in team-a", "time": "now"},
    }
    host = {**volumesnapshots.to_host(virtual, scope=SCOPE), "status": status}
    assert volumesnapshots.virtual_status(host, virtual, scope=SCOPE) == {
        "boundVolumeSnapshotContentName": "old",
        "readyToUse": False,
        "restoreSize": "1Gi",
        "error": {"message": "old: no snap in default", "time": "now"},
    }
    assert volumesnapshots.content_of_host(host) is None


def test_a_content_that_the_host_has_made_keeps_its_name() -> None:
    virtual = snapshot()
    made = volumesnapshots.to_host(virtual, scope=SCOPE)
    host = {**made, "status": {"boundVolumeSnapshotContentName": "snapcontent-1"}}
    found = volumesnapshots.virtual_status(host, virtual, scope=SCOPE)
    assert found == {"boundVolumeSnapshotContentName": "snapcontent-1"}
    assert volumesnapshots.content_of_host(host) == "snapcontent-1"
    assert volumesnapshots.content_of_host(made) is None


def test_a_content_of_a_tenants_own_without_what_names_secrets() -> None:
    secret = {
        "snapshot.storage.kubernetes.io/deletion-secret-name": "password",
        "snapshot.storage.kubernetes.io/deletion-secret-namespace": "other",
    }
    virtual = content({**secret, "team": "blue"})
    with unchanged(virtual):
        host = volumesnapshotcontents.to_host(virtual, scope=SCOPE)
    assert host["metadata"]["name"] == OWN_CONTENT
    assert not secret.keys() & host["metadata"]["annotations"].keys()
    assert host["metadata"]["annotations"]["team"] == "blue"
    reference = {"kind": "VolumeSnapshot", "namespace": "team-a", "name": "snap-x-default-x-demo"}
    assert host["spec"] == {
        "deletionPolicy": "Retain",
        "driver": "a.example.com",
        "source": {"snapshotHandle": "handle"},
        "volumeSnapshotRef": reference,
    }


@pytest.mark.parametrize(
    ("source", "takes"), [({"snapshotHandle": "s"}, False), ({"volumeHandle": "v"}, True)]
)
def test_one_that_takes_a_snapshot_of_any_volume_is_known(source: dict[str, str], takes: Any) -> None:
    assert volumesnapshotcontents.takes_a_snapshot(content(source=source)) is takes


def test_a_content_of_the_host_as_its_tenant_sees_it() -> None:
    host = content({"snapshot.storage.kubernetes.io/deletion-secret-name": "password"})
    host["spec"]["volumeSnapshotRef"] = {"namespace": "team-a", "name": "snap-x-default-x-demo", "uid": "h"}
    host["status"] = {"readyToUse": True, "error": {"message": "snap-x-default-x-demo in team-a"}}
    virtual = volumesnapshotcontents.to_virtual(host, snapshot())
    assert virtual["metadata"] == {
        "name": "old",
        "labels": {"vcli.dev/mirror": "true"},
        "annotations": {},
    }
    assert virtual["spec"]["volumeSnapshotRef"]["uid"] == "uid-snap"
    assert "team-a" not in str(virtual)
    status = volumesnapshotcontents.virtual_status(host, namespace="default", scope=SCOPE)
    assert status == {"readyToUse": True, "error": {"message": "snap in default"}}
    assert volumesnapshotcontents.is_of(virtual, snapshot())
    assert not volumesnapshotcontents.is_of(virtual, None)
    other = snapshot()
    other["metadata"]["uid"] = "another"
    assert not volumesnapshotcontents.is_of(virtual, other)
