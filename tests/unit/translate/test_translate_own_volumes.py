"""A tenant's own volumes on the host: each for one claim; and which claim gets which."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from translate_builders import SCOPE, unchanged

from vcli.syncer.translate.names import VirtualName
from vcli.syncer.translate.persistentvolumes import (
    is_for,
    is_released,
    is_supported,
    match,
    must_be_recreated,
    reservation,
    secrets_of,
    to_host,
    virtual_patch,
    virtual_status,
)

Object = dict[str, Any]
MODES = ("ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany")


def claim(name: str = "data", **spec: Any) -> Object:
    base = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}},
        "storageClassName": "manual",
    }
    metadata = {"name": name, "namespace": "default", "uid": f"uid-{name}"}
    return {"metadata": metadata, "spec": {**base, **spec}}


def volume(
    name: str = "mine", *, phase: str = "", labels: Any = None, notes: Any = None, **spec: Any
) -> Object:
    base = {
        "accessModes": ["ReadWriteOnce"],
        "capacity": {"storage": "1Gi"},
        "hostPath": {"path": "/data"},
        "persistentVolumeReclaimPolicy": "Retain",
        "storageClassName": "manual",
    }
    metadata = {"name": name, "uid": f"uid-{name}", "labels": labels or {}, "annotations": notes or {}}
    return {"metadata": metadata, "spec": {**base, **spec}, "status": {"phase": phase} if phase else {}}


def reserved(**more: Any) -> Object:
    return volume(claimRef=reservation(claim()), **more)


def test_a_volume_is_for_the_hosts_claim_alone() -> None:
    virtual = reserved()
    with unchanged(virtual):
        host = to_host(virtual, scope=SCOPE, storage_classes={"manual": "vcli-manual"})
    assert host["metadata"]["name"] == "vcli-mine-x-team-a-x-demo"
    kind = {"apiVersion": "v1", "kind": "PersistentVolumeClaim"}
    assert host["spec"] == {
        "accessModes": ["ReadWriteOnce"],
        "capacity": {"storage": "1Gi"},
        "claimRef": {**kind, "namespace": "team-a", "name": "data-x-default-x-demo"},
        "hostPath": {"path": "/data"},
        "persistentVolumeReclaimPolicy": "Retain",
        "storageClassName": "vcli-manual",
    }


def test_the_capacity_is_the_hosts_once_it_has_one() -> None:
    host = volume(capacity={"storage": "2Gi"})
    assert to_host(reserved(), scope=SCOPE, host=host)["spec"]["capacity"] == {"storage": "2Gi"}
    assert virtual_patch(host, volume(), None) == {"spec": {"capacity": {"storage": "2Gi"}}}
    assert virtual_patch(volume(), volume(), None) is None


def test_secrets_are_those_of_the_virtual_cluster_and_no_annotation_names_one() -> None:
    secret = {"name": "key", "namespace": "storage"}
    source = {"driver": "a.example.com", "volumeHandle": "v", "nodePublishSecretRef": secret}
    notes = {
        "pv.kubernetes.io/provisioned-by": "a.example.com",
        "volume.kubernetes.io/provisioner-deletion-secret-name": "password",
        "team": "blue",
    }
    virtual = reserved(csi=source, notes=notes)
    host = to_host(virtual, scope=SCOPE)
    assert host["spec"]["csi"] == {
        "driver": "a.example.com",
        "volumeHandle": "v",
        "nodePublishSecretRef": {"name": "key-x-storage-x-demo", "namespace": "team-a"},
    }
    assert "password" not in host["metadata"]["annotations"].values()
    assert notes.items() - host["metadata"]["annotations"].items() == {
        ("volume.kubernetes.io/provisioner-deletion-secret-name", "password")
    }
    assert secrets_of(virtual) == [VirtualName("storage", "key")]
    assert secrets_of(volume()) == []


@pytest.mark.parametrize(("source", "supported"), [("nfs", True), ("csi", True), ("rbd", False)])
def test_sources(source: str, supported: Any) -> None:
    spec = {"metadata": {"name": "x"}, "spec": {source: {}}}
    assert is_supported(spec) is supported


@pytest.mark.parametrize(
    ("reference", "phase", "recreated"),
    [
        (None, "Released", True),
        (reservation(claim("other")), "Released", True),
        (reservation(claim()), "Released", False),
        ({"namespace": "default", "name": "data"}, "Released", True),
        ({"namespace": "default", "name": "data"}, "Available", False),
    ],
)
def test_a_volume_that_a_tenant_makes_free_is_another_one_on_the_host(
    reference: Any, phase: str, recreated: Any
) -> None:
    host = to_host(reserved(), scope=SCOPE)
    host["spec"]["claimRef"]["uid"] = "uid-on-host"
    host["status"] = {"phase": phase}
    assert must_be_recreated(volume(claimRef=reference), host, scope=SCOPE) is recreated
    assert is_released(host) is (phase == "Released")


def test_the_claim_of_a_bound_volume_is_put_back() -> None:
    host = to_host(reserved(), scope=SCOPE)
    assert virtual_patch(host, reserved(), claim()) is None
    for changed in (None, {"namespace": "default", "name": "data"}, reservation(claim("other"))):
        patch = virtual_patch(host, volume(claimRef=changed), claim())
        assert patch == {"spec": {"claimRef": reservation(claim())}}


def test_the_status_has_the_tenants_names() -> None:
    host = to_host(reserved(), scope=SCOPE)
    message = "vcli-mine-x-team-a-x-demo of team-a/data-x-default-x-demo"
    host["status"] = {"phase": "Failed", "message": message, "lastPhaseTransitionTime": "host"}
    virtual = reserved()
    virtual["status"] = {"lastPhaseTransitionTime": "inside"}
    assert virtual_status(host, virtual, scope=SCOPE) == {
        "phase": "Failed",
        "message": "mine of default/data",
        "lastPhaseTransitionTime": "inside",
    }


@pytest.mark.parametrize(
    "changed",
    [
        {"storageClassName": "other"},
        {"storageClassName": None},
        {"storageClassName": ""},
        {"resources": {"requests": {"storage": "1025Mi"}}},
        {"accessModes": ["ReadWriteMany"]},
        {"volumeMode": "Block"},
        {"selector": {"matchLabels": {"tier": "gold"}}},
        {"volumeName": "another"},
    ],
)
def test_a_volume_that_does_not_fit(changed: Object) -> None:
    assert match(claim(), [volume()]) == volume()
    assert match(claim(**changed), [volume()]) is None


def test_a_volume_without_class_is_for_claims_that_want_none() -> None:
    without = volume(storageClassName=None)
    assert match(claim(storageClassName=""), [without]) == without
    assert match(claim(storageClassName=None), [without]) is None


def test_one_that_is_named_need_not_fit_but_must_be_free() -> None:
    wanted = claim(volumeName="mine", storageClassName="other")
    assert match(wanted, [volume()]) == volume()
    assert match(wanted, [volume(claimRef=reservation(claim("other")))]) is None
    assert match(wanted, [volume(phase="Released")]) is None


def test_one_that_is_reserved_goes_before_a_smaller_one() -> None:
    mine = volume("large", capacity={"storage": "9Gi"}, claimRef={"namespace": "default", "name": "data"})
    assert match(claim(), [volume("small"), mine]) == mine
    stale = volume(claimRef={**reservation(claim()), "uid": "of one before"})
    assert match(claim(), [stale]) is None


SIZES = st.sampled_from(["1Gi", "1G", "1024Mi", "2Gi", "500Mi", "1e9"])
VOLUMES = st.builds(
    lambda number, size, modes, has, phase: volume(
        f"v{number}",
        capacity={"storage": size},
        accessModes=modes,
        phase=phase,
        **({"claimRef": reservation(claim("other"))} if has else {}),
    ),
    st.integers(0, 9),
    SIZES,
    st.lists(st.sampled_from(MODES), min_size=1, unique=True),
    st.booleans(),
    st.sampled_from(["", "Available", "Released"]),
)


@given(st.lists(VOLUMES, unique_by=lambda each: each["metadata"]["name"]), st.sampled_from(MODES))
def test_the_choice_does_not_depend_on_the_order_and_takes_nothing_from_others(
    volumes: list[Object], mode: str
) -> None:
    wanted = claim(accessModes=[mode])
    chosen = match(wanted, volumes)
    assert match(wanted, volumes[::-1]) == chosen
    if chosen is not None:
        assert mode in chosen["spec"]["accessModes"]
        assert "claimRef" not in chosen["spec"]
        taken = {**chosen, "spec": {**chosen["spec"], "claimRef": reservation(wanted)}}
        assert is_for(taken, wanted)
        assert match(wanted, [taken, *volumes]) == taken
