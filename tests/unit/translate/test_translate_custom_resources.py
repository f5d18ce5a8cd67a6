"""Custom resources to the host, and their status back."""

from typing import Any

from translate_builders import SCOPE, unchanged

from vcli.syncer.translate.customresources import mirror_of, to_host, virtual_status
from vcli.syncer.translate.mirrors import is_mirror
from vcli.syncer.translate.names import VirtualName
from vcli.syncer.translate.patches import load

Object = dict[str, Any]
PATCHES = [load({"path": "spec.secretName", "reference": {"apiVersion": "v1", "kind": "Secret"}})]


def certificate(**more: Any) -> Object:
    return {
        "apiVersion": "example.com/v1",
        "kind": "Certificate",
        "metadata": {
            "name": "web",
            "namespace": "default",
            "uid": "u",
            "generation": 3,
            "finalizers": ["example.com/keep"],
            "labels": {"app": "web"},
        },
        "spec": {"secretName": "tls"},
        **more,
    }


def host_object(status: Object, *, generation: int = 5) -> Object:
    made = to_host(certificate(), PATCHES, places={}, scope=SCOPE)
    return {**made, "metadata": {**made["metadata"], "generation": generation}, "status": status}


def test_all_but_metadata_and_status_goes() -> None:
    virtual = certificate(data={"more": 1}, status={"ready": True})
    with unchanged(virtual):
        host = to_host(virtual, PATCHES, places={}, scope=SCOPE)
    assert (host["apiVersion"], host["kind"]) == ("example.com/v1", "Certificate")
    assert host["spec"] == {"secretName": "tls-x-default-x-demo"}
    assert host["data"] == {"more": 1}
    assert "status" not in host
    metadata = host["metadata"]
    assert metadata["name"] == "web-x-default-x-demo"
    assert "finalizers" not in metadata
    assert metadata["labels"]["app"] == "web"
    assert metadata["annotations"]["vcli.dev/generation"] == "3"
    assert metadata["ownerReferences"]


def shown(host: Object, **spec: Any) -> Object:
    virtual = certificate(spec={"secretName": "tls", **spec})
    return virtual_status(virtual, host, names={}, scope=SCOPE)


def test_a_status_has_the_names_of_the_tenant() -> None:
    namespace = SCOPE.host_namespace
    message = f"Secret {namespace}/tls-x-default-x-demo of web-x-default-x-demo is there"
    status = shown(host_object({"conditions": [{"message": message}], "count": 2, "ok": True}))
    assert status == {
        "conditions": [{"message": "Secret default/tls of web is there"}],
        "count": 2,
        "ok": True,
    }


def test_what_a_tenant_has_written_stays_as_it_is() -> None:
    name = f"{SCOPE.host_namespace}.example.com"
    host = host_object({"names": [name], "namespace": SCOPE.host_namespace})
    assert shown(host, dnsNames=[name]) == {"names": [name], "namespace": "default"}


def test_who_waits_for_a_generation_sees_that_of_the_virtual_object() -> None:
    status = {"observedGeneration": 5, "conditions": [{"observedGeneration": 4}], "other": 5}
    assert shown(host_object(status)) == {
        "observedGeneration": 3,
        "conditions": [{"observedGeneration": 2}],
        "other": 5,
    }
    assert shown(host_object({"observedGeneration": 1}, generation=9)) == {"observedGeneration": 0}
    assert shown(host_object({"observedGeneration": 1}, generation=1)) == {"observedGeneration": 3}


def test_without_status_there_is_none() -> None:
    assert shown({"metadata": {}}) == {}
    assert shown({"metadata": {}, "status": {"observedGeneration": 2}}) == {"observedGeneration": 2}


def test_a_mirror_has_all_but_most_of_the_metadata() -> None:
    host = certificate(status={"ready": True}, data={})
    host["metadata"]["labels"] = {"app": "web", "vcli.dev/namespace": "x"}
    made = mirror_of(host, VirtualName("shop", "it"), has_status=True)
    assert made == {
        "apiVersion": "example.com/v1",
        "kind": "Certificate",
        "metadata": {
            "name": "it",
            "namespace": "shop",
            "labels": {"app": "web", "vcli.dev/mirror": "true"},
            "annotations": {"vcli.dev/mirror-name": "shop/it"},
        },
        "spec": {"secretName": "tls"},
        "data": {},
    }
    assert is_mirror(made)
    assert not is_mirror({**made, "metadata": {**made["metadata"], "name": "copy"}}), "a tenant's copy"
    in_no_namespace = mirror_of(host, VirtualName("", "it"), has_status=False)
    assert is_mirror(in_no_namespace)
    assert in_no_namespace["status"] == {"ready": True}
