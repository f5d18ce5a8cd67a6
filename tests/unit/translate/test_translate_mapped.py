"""ConfigMaps and Secrets of the host as tenants see them."""

from typing import Any

import pytest

from vcli.syncer.sync.from_host import covers
from vcli.syncer.translate.mapped import must_be_replaced, removal_of_additions, to_virtual
from vcli.syncer.translate.mirrors import is_mirror
from vcli.syncer.translate.names import VirtualName

Object = dict[str, Any]
NAME = VirtualName("apps", "ca")


def host(**fields: Any) -> Object:
    metadata = {
        "name": "root-ca",
        "namespace": "shared",
        "uid": "1",
        "labels": {"tier": "gold", "vcli.dev/mirror-of": "x", "v.vcli.dev/name": "y"},
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"},
        "ownerReferences": [{"kind": "Certificate"}],
        "finalizers": ["example.com/a"],
    }
    return {"metadata": metadata, "immutable": True, **fields}


def test_it_has_the_data_and_labels_of_the_hosts_and_no_word_of_the_host() -> None:
    made = to_virtual(host(data={"a": "1"}, binaryData={"b": "Mg=="}), NAME, kind="ConfigMap")
    assert made == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": "ca",
            "namespace": "apps",
            "labels": {"tier": "gold", "vcli.dev/mirror": "true"},
            "annotations": {"vcli.dev/mirror-name": "apps/ca"},
        },
        "data": {"a": "1"},
        "binaryData": {"b": "Mg=="},
    }


@pytest.mark.parametrize(
    ("own", "shown"),
    [
        (None, "Opaque"),
        ("kubernetes.io/tls", "kubernetes.io/tls"),
        ("kubernetes.io/service-account-token", "Opaque"),
    ],
)
def test_the_type_of_a_secret(own: str | None, shown: str) -> None:
    made = to_virtual(host(data={"a": "MQ=="}, **({"type": own} if own else {})), NAME, kind="Secret")
    assert made["type"] == shown


def test_a_copy_that_a_tenant_makes_elsewhere_is_no_mirror() -> None:
    made = to_virtual(host(), NAME, kind="Secret")
    assert is_mirror(made)
    assert not is_mirror({**made, "metadata": {**made["metadata"], "namespace": "mine"}})
    assert not is_mirror({**made, "metadata": {**made["metadata"], "name": "mine"}})


def test_what_a_tenant_adds_to_the_data_goes() -> None:
    desired = to_virtual(host(data={"a": "1"}), NAME, kind="ConfigMap")
    current = {**desired, "data": {"a": "1", "b": "2"}, "binaryData": {"c": "Mg=="}}
    assert covers(current, desired)
    assert removal_of_additions(current, desired) == {"data": {"b": None}, "binaryData": {"c": None}}
    assert removal_of_additions(desired, desired) is None


def test_what_can_not_be_undone_in_place_is_replaced() -> None:
    desired = to_virtual(host(data={"a": "MQ=="}), NAME, kind="Secret")
    assert not must_be_replaced(desired, desired)
    assert must_be_replaced({**desired, "immutable": True}, desired)
    assert must_be_replaced({**desired, "type": "kubernetes.io/tls"}, desired)
