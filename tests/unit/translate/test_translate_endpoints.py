from typing import Any

import pytest
from translate_builders import SCOPE, unchanged

from vcli.syncer.translate.endpoints import slice_to_host


def endpoint_slice(**fields: Any) -> dict[str, Any]:
    return {
        "metadata": {
            "name": "web-abc",
            "namespace": "default",
            "uid": "u",
            "labels": {
                "kubernetes.io/service-name": "web",
                "endpointslice.kubernetes.io/managed-by": "endpointslicemirroring-controller.k8s.io",
                "a": "b",
            },
        },
        "addressType": "IPv4",
        "endpoints": [
            {"addresses": ["192.0.2.1"], "conditions": {"ready": True}, "nodeName": "n", "zone": "z"}
        ],
        "ports": [{"name": "http", "port": 80, "protocol": "TCP"}],
        **fields,
    }


def test_a_slice():
    virtual = endpoint_slice()
    with unchanged(virtual):
        host = slice_to_host(virtual, scope=SCOPE)
    assert host["metadata"]["name"] == "web-abc-x-default-x-demo"
    assert host["metadata"]["labels"] == {
        "kubernetes.io/service-name": "web-x-default-x-demo",
        "endpointslice.kubernetes.io/managed-by": "vcli.dev",
        "a": "b",
        "vcli.dev/managed-by": "demo",
        "vcli.dev/namespace": "default",
    }
    assert {key: host[key] for key in ("addressType", "endpoints", "ports")} == {
        key: virtual[key] for key in ("addressType", "endpoints", "ports")
    }


def test_a_long_service_name_is_the_hosts_own():
    labels = {"kubernetes.io/service-name": "s" * 63}
    virtual = endpoint_slice()
    virtual["metadata"] = virtual["metadata"] | {"labels": labels}
    name = slice_to_host(virtual, scope=SCOPE)["metadata"]["labels"]["kubernetes.io/service-name"]
    assert len(name) == 63
    assert name != "s" * 63


def test_a_slice_of_no_service_and_without_endpoints():
    virtual = endpoint_slice(endpoints=None, ports=None)
    virtual["metadata"] = {"name": "x", "namespace": "default"}
    host = slice_to_host(virtual, scope=SCOPE)
    assert (host["endpoints"], host["ports"]) == ([], [])
    assert "kubernetes.io/service-name" not in host["metadata"]["labels"]


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (
            {"kind": "Pod", "name": "web-0", "namespace": "default", "uid": "u", "resourceVersion": "7"},
            {"kind": "Pod", "name": "web-0-x-default-x-demo", "namespace": "team-a"},
        ),
        ({"kind": "VirtualMachine", "name": "vm", "namespace": "default"}, None),
        ({"kind": "Pod", "name": "web-0"}, None),
    ],
)
def test_targets(target: dict[str, str], expected: dict[str, str] | None):
    virtual = endpoint_slice(endpoints=[{"addresses": ["192.0.2.1"], "targetRef": target}])
    (found,) = slice_to_host(virtual, scope=SCOPE)["endpoints"]
    assert found == {"addresses": ["192.0.2.1"]} | ({"targetRef": expected} if expected else {})
