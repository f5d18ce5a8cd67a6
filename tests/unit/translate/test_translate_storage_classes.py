"""StorageClasses as tenants see them."""

from typing import Any

import pytest
from translate_builders import unchanged

from vcli.syncer.translate.storageclasses import must_be_replaced, to_virtual

DEFAULT = "storageclass.kubernetes.io/is-default-class"


def storage_class(**fields: Any) -> dict[str, Any]:
    return {
        "metadata": {
            "name": "fast",
            "uid": "u",
            "resourceVersion": "7",
            "labels": {"team": "storage"},
            "annotations": {DEFAULT: "true", "meta.helm.sh/release-namespace": "storage"},
        },
        "provisioner": "csi.example.com",
        "parameters": {
            "type": "ssd",
            "csi.storage.k8s.io/provisioner-secret-name": "password",
            "csi.storage.k8s.io/provisioner-secret-namespace": "storage",
            "userNamespace": "storage",
        },
        "reclaimPolicy": "Delete",
        "volumeBindingMode": "WaitForFirstConsumer",
        "allowVolumeExpansion": True,
        **fields,
    }


def test_it_is_as_on_the_host_without_what_is_the_hosts() -> None:
    host = storage_class()
    with unchanged(host):
        virtual = to_virtual(host)
    assert virtual == {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {
            "name": "fast",
            "labels": {"vcli.dev/mirror": "true"},
            "annotations": {DEFAULT: "true"},
        },
        "provisioner": "csi.example.com",
        "parameters": {"type": "ssd"},
        "reclaimPolicy": "Delete",
        "volumeBindingMode": "WaitForFirstConsumer",
        "allowVolumeExpansion": True,
    }


@pytest.mark.parametrize(
    ("change", "replaced"),
    [
        ({}, False),
        ({"allowVolumeExpansion": False}, False),
        ({"mountOptions": ["ro"]}, False),
        ({"parameters": {"csi.storage.k8s.io/provisioner-secret-name": "other", "type": "ssd"}}, False),
        ({"parameters": {}}, True),
        ({"parameters": {"type": "hdd"}}, True),
        ({"provisioner": "other.example.com"}, True),
        ({"reclaimPolicy": "Retain"}, True),
        ({"volumeBindingMode": "Immediate"}, True),
    ],
)
def test_what_can_not_be_changed_makes_another_object(change: dict[str, Any], replaced: Any) -> None:
    current = to_virtual(storage_class())
    assert must_be_replaced(current, to_virtual(storage_class(**change))) is replaced


def test_no_parameters_are_as_good_as_none() -> None:
    desired = to_virtual(storage_class(parameters=None))
    assert "parameters" not in desired
    assert not must_be_replaced({**desired, "parameters": {}}, desired)
