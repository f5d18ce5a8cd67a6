"""The pure parts of an upgrade: volumes that can't change, and the state to go back to."""

from typing import Any

from vcli.operations.planning import volume_changes, with_claims_of, with_user_of
from vcli.operations.rollback import former

Object = dict[str, Any]


def claims(size: str, *, storage_class: str | None = None) -> Object:
    spec: Object = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}
    if storage_class:
        spec["storageClassName"] = storage_class
    return {"spec": {"volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": spec}]}}


def test_what_differs_in_volumes_is_said_in_words():
    assert list(volume_changes(claims("5Gi"), claims("5Gi"))) == []
    assert list(volume_changes(claims("5Gi"), claims("9Gi", storage_class="fast"))) == [
        "size 5Gi → 9Gi",
        "StorageClass (default) → fast",
    ]


def test_claims_stay_as_they_are():
    live, wanted = claims("5Gi"), {"kind": "StatefulSet", **claims("9Gi")}
    wanted["spec"]["replicas"] = 1
    live["spec"]["volumeClaimTemplates"][0] |= {"status": {"phase": "Pending"}}
    kept = with_claims_of(live, wanted)
    (claim,) = kept["spec"].pop("volumeClaimTemplates")
    assert kept == {"kind": "StatefulSet", "spec": {"replicas": 1}}
    assert claim["spec"]["resources"]["requests"] == {"storage": "5Gi"}
    assert claim.keys() == {"apiVersion", "kind", "metadata", "spec"}
    assert wanted["spec"]["volumeClaimTemplates"][0]["spec"]["resources"]["requests"] == {"storage": "9Gi"}
    # Nothing to keep: an ephemeral one, or another kind.
    assert with_claims_of({"spec": {}}, wanted) == wanted
    assert with_claims_of(live, {"kind": "Service", "spec": {}}) == {"kind": "Service", "spec": {}}


def test_the_former_state_has_what_we_applied():
    live: Object = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": "a",
            "namespace": "team",
            "resourceVersion": "7",
            "managedFields": [
                {"manager": "vcli", "operation": "Apply", "fieldsV1": {"f:data": {"f:x": {}}}},
                {"manager": "kubectl-edit", "operation": "Update", "fieldsV1": {"f:data": {"f:y": {}}}},
            ],
        },
        "data": {"x": "1", "y": "2"},
    }
    assert former(live) == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "a", "namespace": "team"},
        "data": {"x": "1"},
    }
    # Without a record of who applied what, the whole of it, as far as it can be applied.
    live["metadata"]["managedFields"] = []
    assert former(live)["data"] == {"x": "1", "y": "2"}
    assert former(live)["metadata"] == {"name": "a", "namespace": "team"}


def workload(**security: object) -> dict[str, object]:
    containers = [
        {"name": "etcd", "securityContext": {"readOnlyRootFilesystem": True, **security}},
        {"name": "syncer", "securityContext": {"readOnlyRootFilesystem": True}},
    ]
    return {"kind": "StatefulSet", "spec": {"template": {"spec": {"containers": containers}}}}


def test_a_store_whose_files_are_roots_goes_on_as_root():
    as_root = {"runAsUser": 0, "runAsNonRoot": False}
    assert with_user_of(workload(**as_root), workload()) == workload(**as_root)
    assert with_user_of(workload(), workload()) == workload()
    assert with_user_of(workload(**as_root), {"kind": "Service"}) == {"kind": "Service"}
