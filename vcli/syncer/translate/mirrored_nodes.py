"""Virtual Nodes that show the host's."""

import json
from collections.abc import Mapping
from typing import Any, Final, cast

from vcli.kube.types import NodeSpec, NodeStatus, ObjectMeta, labels
from vcli.syncer.translate import keys
from vcli.syncer.translate.nodes import KIND_OF_NODE, addresses_of, endpoints_of
from vcli.syncer.translate.objects import Object
from vcli.syncer.translate.requests import Amounts, less

_STATUS: Final = ("allocatable", "capacity", "conditions", "nodeInfo", "declaredFeatures", "runtimeHandlers")
_SPEC: Final = ("providerID", "taints", "unschedulable")
_REAL_ADDRESSES: Final = ("InternalIP", "ExternalIP")


def mirrored_node(
    host: Mapping[str, Any],
    *,
    kubelet_host: str,
    kubelet_port: int,
    images: bool = False,
    used: Amounts | None = None,
    remember_values: bool = False,
) -> Object:
    """The Node for a host node that we can read, with its status and our kubelet's address.

    Annotations and volumes name what other tenants have, so they stay on the host.

    Args:
        host: the host's Node.
        kubelet_host: DNS name where kube-apiserver reaches the syncer.
        kubelet_port: the syncer's port for this node.
        images: whether to show the images that the node has, which others may have pulled.
        used: what others use of the node, which is not to allocate here.
        remember_values: whether to keep in mind which values the host's labels have, for `changes_for_host`.
    """
    real: NodeStatus = host.get("status") or NodeStatus()
    spec: NodeSpec = host.get("spec") or NodeSpec()
    name = host["metadata"]["name"]
    shown = (*_STATUS, "images") if images else _STATUS
    status: NodeStatus = {
        **cast("NodeStatus", {key: real[key] for key in shown if key in real}),  # type: ignore[literal-required]
        "addresses": [
            *(each for each in real.get("addresses") or () if each["type"] in _REAL_ADDRESSES),
            *addresses_of(name, (), kubelet_host),
        ],
        "daemonEndpoints": endpoints_of(kubelet_port),
    }
    if used and "allocatable" in status:
        status["allocatable"] = less(status["allocatable"], used)
    own = {**labels(host), KIND_OF_NODE: "mirrored"}
    memory = {
        "labels": own if remember_values else sorted(own),
        "taints": spec.get("taints") or [],
        "unschedulable": bool(spec.get("unschedulable")),
    }
    metadata: ObjectMeta = {
        "name": name,
        "labels": own,
        "annotations": {keys.OF_HOST_NODE: json.dumps(memory, sort_keys=True)},
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": metadata,
        "spec": {key: spec[key] for key in _SPEC if key in spec},
        "status": status,
    }
