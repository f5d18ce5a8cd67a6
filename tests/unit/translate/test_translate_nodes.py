import pytest
from translate_builders import unchanged

from vcli.syncer.translate.mirrored_nodes import mirrored_node
from vcli.syncer.translate.nodes import KIND_OF_NODE, lease, synthetic_node

NOW, LATER = "2026-01-01T00:00:00Z", "2026-01-01T00:05:00Z"


def synthetic():
    return synthetic_node(
        "node-1",
        internal_ips=["192.0.2.7", "2001:db8::7"],
        kubelet_host="demo-headless.team-a.svc",
        kubelet_port=10251,
        kubernetes_version="v1.36.3",
        now=NOW,
        architecture="arm64",
        labels={"kubernetes.io/os": "forged", "zone": "z"},
    )


def test_addresses_and_kubelet():
    status = synthetic()["status"]
    assert status["addresses"] == [
        {"type": "InternalIP", "address": "192.0.2.7"},
        {"type": "InternalIP", "address": "2001:db8::7"},
        {"type": "Hostname", "address": "node-1"},
        {"type": "InternalDNS", "address": "demo-headless.team-a.svc"},
    ]
    assert status["daemonEndpoints"] == {"kubeletEndpoint": {"Port": 10251}}
    assert status["nodeInfo"]["kubeletVersion"] == "v1.36.3"


def test_labels():
    assert synthetic()["metadata"]["labels"] == {
        "beta.kubernetes.io/arch": "arm64",
        "beta.kubernetes.io/os": "linux",
        "kubernetes.io/arch": "arm64",
        "kubernetes.io/hostname": "node-1",
        "kubernetes.io/os": "linux",
        "zone": "z",
        KIND_OF_NODE: "synthetic",
    }


def test_it_is_ready_and_has_room():
    status = synthetic()["status"]
    conditions = {each["type"]: each["status"] for each in status["conditions"]}
    assert conditions == {
        "Ready": "True",
        "MemoryPressure": "False",
        "DiskPressure": "False",
        "PIDPressure": "False",
    }
    assert status["capacity"] == status["allocatable"]
    assert set(status["capacity"]) == {"cpu", "memory", "ephemeral-storage", "pods"}


def test_a_mirrored_node_lacks_what_names_other_tenants():
    host = {
        "metadata": {
            "name": "node-1",
            "uid": "host",
            "labels": {"topology.kubernetes.io/zone": "z"},
            "annotations": {"csi": "secret"},
        },
        "spec": {
            "podCIDR": "10.1.0.0/24",
            "taints": [{"key": "k"}],
            "unschedulable": True,
            "providerID": "p",
        },
        "status": {
            "addresses": [
                {"type": "InternalIP", "address": "192.0.2.7"},
                {"type": "InternalDNS", "address": "node-1.internal"},
                {"type": "Hostname", "address": "node-1"},
            ],
            "capacity": {"cpu": "4"},
            "allocatable": {"cpu": "3"},
            "conditions": [{"type": "Ready", "status": "False"}],
            "nodeInfo": {"kubeletVersion": "v1.30.0"},
            "images": [{"names": ["other-tenant:1"]}],
            "volumesInUse": ["v"],
            "volumesAttached": [{}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
        },
    }
    with unchanged(host):
        node = mirrored_node(host, kubelet_host="demo-headless.team-a.svc", kubelet_port=10251)
    assert node == {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": "node-1",
            "labels": {"topology.kubernetes.io/zone": "z", KIND_OF_NODE: "mirrored"},
            "annotations": {
                "vcli.dev/of-host-node": '{"labels": ["topology.kubernetes.io/zone", "vcli.dev/node"],'
                ' "taints": [{"key": "k"}], "unschedulable": true}'
            },
        },
        "spec": {"taints": [{"key": "k"}], "unschedulable": True, "providerID": "p"},
        "status": {
            "addresses": [
                {"type": "InternalIP", "address": "192.0.2.7"},
                {"type": "Hostname", "address": "node-1"},
                {"type": "InternalDNS", "address": "demo-headless.team-a.svc"},
            ],
            "capacity": {"cpu": "4"},
            "allocatable": {"cpu": "3"},
            "conditions": [{"type": "Ready", "status": "False"}],
            "nodeInfo": {"kubeletVersion": "v1.30.0"},
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10251}},
        },
    }


@pytest.mark.parametrize("uid", [None, "node-uid"])
def test_lease(uid: str | None):
    made = lease("node-1", now="2026-01-01T00:00:00.000000Z", node_uid=uid)
    assert made["spec"] == {
        "holderIdentity": "node-1",
        "leaseDurationSeconds": 40,
        "renewTime": "2026-01-01T00:00:00.000000Z",
    }
    assert made["metadata"]["namespace"] == "kube-node-lease"
    assert [owner["uid"] for owner in made["metadata"].get("ownerReferences", [])] == ([uid] if uid else [])
