"""What tenants see of the host's classes and drivers, and what the host gets of tenants' own."""

from typing import Any

import pytest
from translate_builders import SCOPE, unchanged

from vcli.syncer.translate import (
    csidrivers,
    csinodes,
    ingressclasses,
    priorityclasses,
    runtimeclasses,
    serviceaccounts,
    storageclasses,
    volumesnapshotclasses,
)

Object = dict[str, Any]

DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"


def on_host(name: str = "fast", *, annotations: dict[str, str] | None = None, **fields: Any) -> Object:
    """An object of the host, with what is not for tenants to see."""
    return {
        "metadata": {
            "name": name,
            "uid": "u",
            "resourceVersion": "7",
            "labels": {"team": "platform"},
            "annotations": {"meta.helm.sh/release-namespace": "platform", **(annotations or {})},
            "finalizers": ["example.com/hold"],
        },
        **fields,
    }


def own(name: str = "high", **fields: Any) -> Object:
    """A tenant's object in no namespace."""
    metadata = {"name": name, "uid": "u", "labels": {"app": "web"}, "annotations": {"note": "mine"}}
    return {"metadata": metadata, **fields}


def mirror(kind: str, version: str, *, annotations: dict[str, str] | None = None, **fields: Any) -> Object:
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": {
            "name": "fast",
            "labels": {"vcli.dev/mirror": "true"},
            "annotations": annotations or {},
        },
        **fields,
    }


# --- from the host


def test_an_ingress_class_without_parameters() -> None:
    default = {"ingressclass.kubernetes.io/is-default-class": "true"}
    parameters = {"kind": "Params", "name": "p", "scope": "Namespace", "namespace": "platform"}
    host = on_host(annotations=default, spec={"controller": "example.com/c", "parameters": parameters})
    with unchanged(host):
        virtual = ingressclasses.to_virtual(host)
    expected = {"controller": "example.com/c"}
    assert virtual == mirror("IngressClass", "networking.k8s.io/v1", annotations=default, spec=expected)
    assert not ingressclasses.must_be_replaced({**virtual, "spec": host["spec"]}, virtual)
    assert ingressclasses.must_be_replaced({**virtual, "spec": {"controller": "other"}}, virtual)


def test_a_runtime_class_with_overhead_and_scheduling() -> None:
    fields = {
        "handler": "runsc",
        "overhead": {"podFixed": {"cpu": "10m"}},
        "scheduling": {"nodeSelector": {"sandbox": "yes"}},
    }
    virtual = runtimeclasses.to_virtual(on_host(**fields))
    assert virtual == mirror("RuntimeClass", "node.k8s.io/v1", **fields)
    assert not runtimeclasses.must_be_replaced({**virtual, "overhead": {}}, virtual)
    assert runtimeclasses.must_be_replaced({**virtual, "handler": "runc"}, virtual)


def test_a_priority_class() -> None:
    fields = {
        "value": 1000,
        "globalDefault": True,
        "description": "For what matters.",
        "preemptionPolicy": "Never",
    }
    host = on_host(**fields)
    assert priorityclasses.to_virtual(host) == mirror("PriorityClass", "scheduling.k8s.io/v1", **fields)
    assert "globalDefault" not in priorityclasses.to_virtual(host, may_be_default=False)


def test_a_csi_driver_without_the_audiences_of_its_tokens() -> None:
    spec = {"attachRequired": False, "fsGroupPolicy": "File", "volumeLifecycleModes": ["Persistent"]}
    audiences = {"tokenRequests": [{"audience": "vault"}], "ofALaterVersion": True}
    virtual = csidrivers.to_virtual(on_host(spec={**spec, **audiences}))
    assert virtual == mirror("CSIDriver", "storage.k8s.io/v1", spec=spec)
    assert not csidrivers.must_be_replaced({"spec": {**spec, "podInfoOnMount": False}}, virtual)
    assert csidrivers.must_be_replaced({"spec": {**spec, "attachRequired": True}}, virtual)


def test_a_scheduler_inside_looks_for_no_capacities() -> None:
    host = on_host(spec={"storageCapacity": True})
    assert csidrivers.to_virtual(host)["spec"] == {"storageCapacity": True}
    assert csidrivers.to_virtual(host, scheduled_inside=True)["spec"] == {"storageCapacity": False}


def test_a_csi_node() -> None:
    driver = {"name": "a.example.com", "nodeID": "i-1", "topologyKeys": ["zone"], "allocatable": {"count": 9}}
    other = {"name": "b.example.com", "nodeID": "i-1"}
    host = on_host(spec={"drivers": [{**driver, "later": 1}]})
    host["metadata"]["ownerReferences"] = [{"kind": "Node", "name": "fast", "uid": "n"}]
    virtual = csinodes.to_virtual(host)
    assert virtual == mirror("CSINode", "storage.k8s.io/v1", spec={"drivers": [driver]})
    assert csinodes.to_virtual(on_host(spec={})) == mirror(
        "CSINode", "storage.k8s.io/v1", spec={"drivers": []}
    )
    more = csinodes.to_virtual(on_host(spec={"drivers": [driver, other]}))
    assert not csinodes.must_be_replaced(virtual, more)
    assert not csinodes.must_be_replaced(more, virtual)
    changed = csinodes.to_virtual(on_host(spec={"drivers": [{**driver, "nodeID": "i-2"}]}))
    assert csinodes.must_be_replaced(virtual, changed)


def test_a_volume_snapshot_class_without_secrets() -> None:
    default = {"snapshot.storage.kubernetes.io/is-default-class": "true"}
    secret = {"csi.storage.k8s.io/snapshotter-secret-name": "password"}
    fields = {"driver": "a.example.com", "deletionPolicy": "Delete"}
    virtual = volumesnapshotclasses.to_virtual(
        on_host(annotations=default, parameters={"type": "full", **secret}, **fields)
    )
    assert virtual == mirror(
        "VolumeSnapshotClass",
        "snapshot.storage.k8s.io/v1",
        annotations=default,
        parameters={"type": "full"},
        **fields,
    )
    assert "parameters" not in volumesnapshotclasses.to_virtual(on_host(parameters=secret, **fields))


# --- to the host


@pytest.mark.parametrize(
    ("name", "system"),
    [("system-node-critical", True), ("system-cluster-critical", True), ("systems", False), ("high", False)],
)
def test_the_priorities_of_a_clusters_own_are_no_tenants(name: str, system: Any) -> None:
    assert priorityclasses.is_system(own(name)) is system


def test_a_tenants_priority_class_is_never_the_hosts_default() -> None:
    virtual = own(value=1000, globalDefault=True, preemptionPolicy="Never", description="Mine.")
    with unchanged(virtual):
        host = priorityclasses.to_host(virtual, scope=SCOPE)
    metadata = host.pop("metadata")
    assert host == {
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "value": 1000,
        "preemptionPolicy": "Never",
        "description": "Mine.",
    }
    assert metadata["name"] == "vcli-high-x-team-a-x-demo"
    assert metadata["labels"] == {
        "app": "web",
        "vcli.dev/managed-by": "demo",
        "vcli.dev/host-namespace": "team-a",
    }
    assert metadata["annotations"]["note"] == "mine"


@pytest.mark.parametrize(
    ("change", "replaced"),
    [
        ({}, False),
        ({"description": "Other."}, False),
        ({"preemptionPolicy": "PreemptLowerPriority"}, False),
        ({"preemptionPolicy": "Never"}, True),
        ({"value": 999}, True),
    ],
)
def test_a_priority_class_whose_value_changes_is_another_one(change: Object, replaced: Any) -> None:
    host = priorityclasses.to_host(own(value=1000), scope=SCOPE)
    assert priorityclasses.must_be_replaced(own(**{"value": 1000, **change}), host) is replaced


def test_a_tenants_storage_class_is_never_the_hosts_default_and_names_no_secret() -> None:
    secret = {"csi.storage.k8s.io/provisioner-secret-name": "password"}
    namespace = {"csi.storage.k8s.io/provisioner-secret-namespace": "platform"}
    fields = {"provisioner": "a.example.com", "reclaimPolicy": "Delete", "mountOptions": ["ro"]}
    virtual = own("fast", **fields, parameters={"type": "ssd", **secret, **namespace})
    virtual["metadata"]["annotations"] = {DEFAULT_CLASS: "true", "note": "mine"}
    with unchanged(virtual):
        host = storageclasses.to_host(virtual, scope=SCOPE)
    metadata = host.pop("metadata")
    assert host == {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        **fields,
        "parameters": {"type": "ssd"},
    }
    assert metadata["name"] == "vcli-fast-x-team-a-x-demo"
    assert metadata["annotations"]["note"] == "mine"
    assert DEFAULT_CLASS not in metadata["annotations"]
    assert storageclasses.left_out(virtual) == [*secret, *namespace]
    assert "provisioner-secret-name" in storageclasses.sentence(storageclasses.left_out(virtual))
    assert not storageclasses.must_be_replaced(host, storageclasses.fields(virtual))
    assert storageclasses.must_be_replaced({**host, "parameters": {}}, storageclasses.fields(virtual))


def test_a_service_account_has_annotations_and_nothing_to_use() -> None:
    virtual = {
        "metadata": {
            "name": "web",
            "namespace": "default",
            "uid": "u",
            "labels": {"app": "web"},
            "annotations": {
                "eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/web",
                "kubernetes.io/enforce-mountable-secrets": "true",
            },
        },
        "secrets": [{"name": "token"}],
        "imagePullSecrets": [{"name": "registry"}],
        "automountServiceAccountToken": True,
    }
    with unchanged(virtual):
        host = serviceaccounts.to_host(virtual, scope=SCOPE)
    metadata = host.pop("metadata")
    assert host == {"apiVersion": "v1", "kind": "ServiceAccount", "automountServiceAccountToken": False}
    assert metadata["name"] == "web-x-default-x-demo"
    assert metadata["labels"]["app"] == "web"
    assert metadata["annotations"]["eks.amazonaws.com/role-arn"] == "arn:aws:iam::1:role/web"
    assert "kubernetes.io/enforce-mountable-secrets" not in metadata["annotations"]
    of_all = [{"name": "mirror"}]
    assert serviceaccounts.to_host(virtual, scope=SCOPE, pull_secrets=of_all)["imagePullSecrets"] == of_all
