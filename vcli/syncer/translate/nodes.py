"""Virtual Nodes."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from vcli.kube.types import (
    Condition,
    LeaseSpec,
    NodeAddress,
    NodeDaemonEndpoints,
    NodeStatus,
    ObjectMeta,
    annotations,
    labels,
)
from vcli.syncer.translate import keys
from vcli.syncer.translate.objects import Object, without

KIND_OF_NODE: Final = "vcli.dev/node"
"""Label of the Nodes that are ours: ``synthetic`` or ``mirrored``. A tenant's own Nodes lack it."""


_ADOPTED: Final = "vcluster.loft.sh/fake-node"
"""Label of the Nodes that loft-sh's vcluster made up, in a virtual cluster that was adopted from it."""


def is_ours(node: Mapping[str, Any]) -> bool:
    """Whether a Node corresponds to one of the host's."""
    return KIND_OF_NODE in labels(node) or _ADOPTED in labels(node)


def of_host(node: Mapping[str, Any]) -> Object:
    """What a Node of ours has of the host's: ``labels`` (or their keys), ``taints`` and ``unschedulable``."""
    made_up = labels(node).get(KIND_OF_NODE) == "synthetic" or _ADOPTED in labels(node)
    found: Object = {"labels": _STANDARD if made_up else labels(node), "taints": [], "unschedulable": False}
    try:
        found.update(json.loads(annotations(node).get(keys.OF_HOST_NODE, "{}")))
    except ValueError:  # somebody has written into it
        return found
    return found


def tenant_labels(node: Mapping[str, Any]) -> Object:
    """The labels of a Node of ours that the tenant gave it."""
    return without(labels(node), *of_host(node)["labels"])


def _standard_labels(name: str, architecture: str, operating_system: str) -> dict[str, str]:
    return {
        "beta.kubernetes.io/arch": architecture,
        "beta.kubernetes.io/os": operating_system,
        "kubernetes.io/arch": architecture,
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": operating_system,
        KIND_OF_NODE: "synthetic",
    }


_STANDARD: Final = frozenset(_standard_labels("", "", "")) | {_ADOPTED}

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
        "addresses": addresses_of(name, internal_ips, kubelet_host),
        "allocatable": dict(_CAPACITY),
        "capacity": dict(_CAPACITY),
        "conditions": conditions,
        "daemonEndpoints": endpoints_of(kubelet_port),
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


def addresses_of(name: str, internal_ips: Sequence[str], kubelet_host: str) -> list[NodeAddress]:
    """``status.addresses`` of a Node: its own, its name, and where its kubelet is reached."""
    real: list[NodeAddress] = [{"type": "InternalIP", "address": each} for each in internal_ips]
    return [
        *real,
        {"type": "Hostname", "address": name},
        {"type": "InternalDNS", "address": kubelet_host},
    ]


def endpoints_of(port: int) -> NodeDaemonEndpoints:
    """``status.daemonEndpoints`` of a Node whose kubelet listens on a port."""
    return {"kubeletEndpoint": {"Port": port}}
