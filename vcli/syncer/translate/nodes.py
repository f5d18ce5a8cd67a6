"""Virtual Nodes."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from vcli.kube.types import (
    Condition,
    LeaseSpec,
    NodeAddress,
    NodeDaemonEndpoints,
    NodeSpec,
    NodeStatus,
    ObjectMeta,
    labels,
)
from vcli.syncer.translate.objects import Object, without

KIND_OF_NODE: Final = "vcli.dev/node"
"""Label of the Nodes that are ours: ``synthetic`` or ``mirrored``. A tenant's own Nodes lack it."""


def is_ours(node: Mapping[str, Any]) -> bool:
    """Whether a Node corresponds to one of the host's."""
    return KIND_OF_NODE in labels(node)


def tenant_labels(node: Mapping[str, Any]) -> Object:
    """The labels of a Node of ours that the tenant gave it; of one that we can read they are the host's."""
    found = labels(node)
    return without(found, *_STANDARD) if found.get(KIND_OF_NODE) == "synthetic" else {}


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
_MIRRORED_SPEC: Final = ("providerID", "taints", "unschedulable")
_MIRRORED_STATUS: Final = ("allocatable", "capacity", "conditions", "nodeInfo")


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
    conditions: list[Condition] = [
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
    node: NodeStatus = {
        "addresses": _addresses(name, internal_ips, kubelet_host),
        "allocatable": dict(_CAPACITY),
        "capacity": dict(_CAPACITY),
        "conditions": conditions,
        "daemonEndpoints": _endpoints(kubelet_port),
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
    }
    metadata: ObjectMeta = {"name": name, "labels": {**(labels or {}), **standard}}
    return {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "spec": {}, "status": node}


def mirrored_node(host: Mapping[str, Any], *, kubelet_host: str, kubelet_port: int) -> Object:
    """The Node for a host node that we can read: its labels, taints and status, with our kubelet endpoint.

    Annotations, images and volumes name what other tenants have, so they stay on the host.

    Args:
        host: the host's Node.
        kubelet_host: DNS name where kube-apiserver reaches the syncer.
        kubelet_port: the syncer's port for this node.
    """
    real: NodeStatus = host.get("status") or NodeStatus()
    name = host["metadata"]["name"]
    addresses = [each for each in real.get("addresses") or () if each["type"] in ("InternalIP", "ExternalIP")]
    mirrored = {key: real[key] for key in _MIRRORED_STATUS if key in real}
    metadata: ObjectMeta = {"name": name, "labels": {**labels(host), KIND_OF_NODE: "mirrored"}}
    spec: NodeSpec = host.get("spec") or NodeSpec()
    status: NodeStatus = {
        **cast("NodeStatus", mirrored),
        "addresses": [*addresses, *_addresses(name, (), kubelet_host)],
        "daemonEndpoints": _endpoints(kubelet_port),
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": metadata,
        "spec": {key: spec[key] for key in _MIRRORED_SPEC if key in spec},
        "status": status,
    }


def lease(name: str, *, now: str, node_uid: str | None = None) -> Object:
    """The Lease in ``kube-node-lease`` that keeps a Node alive.

    Args:
        name: the node's name.
        now: RFC 3339 with microseconds.
        node_uid: the virtual Node's uid, so that the Lease goes with it.
    """
    metadata: ObjectMeta = {"name": name, "namespace": "kube-node-lease"}
    if node_uid:
        metadata["ownerReferences"] = [{"apiVersion": "v1", "kind": "Node", "name": name, "uid": node_uid}]
    spec: LeaseSpec = {
        "holderIdentity": name,
        "leaseDurationSeconds": _LEASE_SECONDS,
        "renewTime": now,
    }
    return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec}


def _addresses(name: str, internal_ips: Sequence[str], kubelet_host: str) -> list[NodeAddress]:
    real: list[NodeAddress] = [{"type": "InternalIP", "address": each} for each in internal_ips]
    return [
        *real,
        {"type": "Hostname", "address": name},
        {"type": "InternalDNS", "address": kubelet_host},
    ]


def _endpoints(port: int) -> NodeDaemonEndpoints:
    return {"kubeletEndpoint": {"Port": port}}
