"""Virtual Nodes."""

from collections.abc import Mapping, Sequence
from typing import Any

from vcli.syncer.translate.objects import Object


def fake_node(
    name: str,
    *,
    internal_ips: Sequence[str],
    kubelet_host: str,
    kubelet_port: int,
    kubernetes_version: str,
    now: str,
    architecture: str = "amd64",
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
    raise NotImplementedError


def mirrored_node(host: Mapping[str, Any], *, kubelet_host: str, kubelet_port: int) -> Object:
    """The Node for a host node that we can read: its labels, taints and status, with our kubelet endpoint."""
    raise NotImplementedError


def lease(name: str, *, now: str, node_uid: str | None = None) -> Object:
    """The Lease in ``kube-node-lease`` that keeps a Node alive.

    Args:
        name: the node's name.
        now: RFC 3339 with microseconds.
        node_uid: the virtual Node's uid, so that the Lease goes with it.
    """
    raise NotImplementedError
