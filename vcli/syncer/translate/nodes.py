"""Virtual Nodes."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from vcli.syncer.translate.objects import Object, compact, without

KIND_OF_NODE: Final = "vcli.dev/node"
"""Label of the Nodes that are ours: ``synthetic`` or ``mirrored``. A tenant's own Nodes lack it."""


def is_ours(node: Mapping[str, Any]) -> bool:
    """Whether a Node corresponds to one of the host's."""
    return KIND_OF_NODE in (node["metadata"].get("labels") or {})


def tenant_labels(node: Mapping[str, Any]) -> Object:
    """The labels of a Node of ours that the tenant gave it; of one that we can read they are the host's."""
    labels = node["metadata"].get("labels") or {}
    return without(labels, *_STANDARD) if labels.get(KIND_OF_NODE) == "synthetic" else {}


def _standard_labels(name: str, architecture: str, operating_system: str) -> dict[str, str]:
    return {
        "beta.kubernetes.io/arch": architecture,
        "beta.kubernetes.io/os": operating_system,
        "kubernetes.io/arch": architecture,
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": operating_system,
        KIND_OF_NODE: "synthetic",
    }


_STANDARD: Final = frozenset(_standard_labels("", "", ""))

_CAPACITY: Final = {"cpu": "64", "memory": "256Gi", "ephemeral-storage": "1Ti", "pods": "1000"}
"""Nobody schedules by these numbers: the host does. They only must not make a client believe that a node is
full."""

_CONDITIONS: Final = (
    ("MemoryPressure", "False", "KubeletHasSufficientMemory", "the host schedules by real memory"),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure", "the host schedules by real disk space"),
    ("PIDPressure", "False", "KubeletHasSufficientPID", "the host schedules by real process counts"),
    ("Ready", "True", "KubeletReady", "a pod of this cluster runs on this node"),
)
_LEASE_SECONDS: Final = 40


def synthetic_node(
    name: str,
    *,
    internal_ips: Sequence[str],
    kubelet_host: str,
    kubelet_port: int,
    kubernetes_version: str,
    now: str,
    architecture: str,
    operating_system: str = "linux",
    labels: Mapping[str, str] | None = None,
) -> Object:
    """The Node for a host node that we can't read, with its status.

    Args:
        name: the host node's name.
        internal_ips: its addresses, from ``status.hostIPs`` of a pod on it.
        kubelet_host: DNS name where kube-apiserver reaches the syncer.
        kubelet_port: the syncer's port for this node.
        kubernetes_version: such as ``v1.36.3``.
        now: RFC 3339, the heartbeat.
        architecture: GOARCH of the node.
        operating_system: GOOS of the node.
        labels: more labels.
    """
    standard = _standard_labels(name, architecture, operating_system)
    conditions = [
        {
            "type": kind,
            "status": status,
            "reason": reason,
            "message": message,
            "lastHeartbeatTime": now,
            "lastTransitionTime": now,
        }
        for kind, status, reason, message in _CONDITIONS
    ]
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {**(labels or {}), **standard}},
        "spec": {},
        "status": {
            "addresses": _addresses(name, internal_ips, kubelet_host),
            "allocatable": dict(_CAPACITY),
            "capacity": dict(_CAPACITY),
            "conditions": conditions,
            "daemonEndpoints": {"kubeletEndpoint": {"Port": kubelet_port}},
            "nodeInfo": {
                "architecture": architecture,
                "bootID": "",
                "containerRuntimeVersion": "unknown://unknown",
                "kernelVersion": "unknown",
                "kubeProxyVersion": "",
                "kubeletVersion": kubernetes_version,
                "machineID": "",
                "operatingSystem": operating_system,
                "osImage": "unknown",
                "systemUUID": "",
            },
        },
    }


def mirrored_node(host: Mapping[str, Any], *, kubelet_host: str, kubelet_port: int) -> Object:
    """The Node for a host node that we can read: its labels, taints and status, with our kubelet endpoint.

    Annotations, images and volumes name what other tenants have, so they stay on the host.

    Args:
        host: the host's Node.
        kubelet_host: DNS name where kube-apiserver reaches the syncer.
        kubelet_port: the syncer's port for this node.
    """
    metadata, spec, status = host["metadata"], host.get("spec") or {}, host.get("status") or {}
    name = metadata["name"]
    real = [each for each in status.get("addresses") or () if each["type"] in ("InternalIP", "ExternalIP")]
    addresses = [*real, *_addresses(name, (), kubelet_host)]
    mirrored = {
        key: status[key] for key in ("allocatable", "capacity", "conditions", "nodeInfo") if key in status
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {**(metadata.get("labels") or {}), KIND_OF_NODE: "mirrored"}},
        "spec": {key: spec[key] for key in ("providerID", "taints", "unschedulable") if key in spec},
        "status": {
            **mirrored,
            "addresses": addresses,
            "daemonEndpoints": {"kubeletEndpoint": {"Port": kubelet_port}},
        },
    }


def lease(name: str, *, now: str, node_uid: str | None = None) -> Object:
    """The Lease in ``kube-node-lease`` that keeps a Node alive.

    Args:
        name: the node's name.
        now: RFC 3339 with microseconds.
        node_uid: the virtual Node's uid, so that the Lease goes with it.
    """
    owner = {"apiVersion": "v1", "kind": "Node", "name": name, "uid": node_uid}
    owners = [owner] if node_uid else None
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": compact({"name": name, "namespace": "kube-node-lease", "ownerReferences": owners}),
        "spec": {"holderIdentity": name, "leaseDurationSeconds": _LEASE_SECONDS, "renewTime": now},
    }


def _addresses(name: str, internal_ips: Sequence[str], kubelet_host: str) -> list[Object]:
    addresses = [{"type": "InternalIP", "address": each} for each in internal_ips]
    return [
        *addresses,
        {"type": "Hostname", "address": name},
        {"type": "InternalDNS", "address": kubelet_host},
    ]
