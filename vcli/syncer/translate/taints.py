"""Which nodes a plain cluster's scheduler keeps a pod away from, by what the tenant says of the nodes.

The host schedules, and knows nothing of a virtual Node's taints or that it is cordoned. So a host pod gets
the nodes' names, in a node affinity.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from vcli.syncer.translate import keys
from vcli.syncer.translate.objects import Object

_CORDONED: Final = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}
_NOT_TOLD: Final = frozenset({"node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"})
"""Taints that the virtual control plane puts on each new Node for a moment; how nodes are the host knows."""
_REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"


def repels(node: Mapping[str, Any], pod: Mapping[str, Any]) -> bool:
    """Whether a node is cordoned, or has a taint, and the pod does not tolerate that."""
    spec = node.get("spec") or {}
    taints = [each for each in spec.get("taints") or () if each["key"] not in _NOT_TOLD]
    if spec.get("unschedulable"):
        taints.append(_CORDONED)
    tolerations = pod["spec"].get("tolerations") or ()
    return any(
        taint["effect"] != "PreferNoSchedule" and not any(_tolerates(each, taint) for each in tolerations)
        for taint in taints
    )


def kept_off(host_pod: Object, nodes: Sequence[str]) -> Object:
    """The host pod, kept off nodes; it remembers which.

    Args:
        host_pod: as it is to be created, without a nodeName: kubelets check affinities too.
        nodes: names.
    """
    if not nodes:
        return host_pod
    metadata, spec = host_pod["metadata"], host_pod["spec"]
    off = [{"key": "metadata.name", "operator": "NotIn", "values": [name]} for name in nodes]
    affinity = spec.get("affinity") or {}
    of_nodes = affinity.get("nodeAffinity") or {}
    # A pod may go where one of the terms matches; one without anything in it matches nowhere.
    terms = [
        {**term, "matchFields": [*(term.get("matchFields") or ()), *off]} if term else term
        for term in (of_nodes.get(_REQUIRED) or {}).get("nodeSelectorTerms") or [{"matchFields": []}]
    ]
    affinity = {**affinity, "nodeAffinity": {**of_nodes, _REQUIRED: {"nodeSelectorTerms": terms}}}
    annotations = {**metadata["annotations"], keys.KEPT_OFF: remembered(nodes)}
    return {
        **host_pod,
        "metadata": {**metadata, "annotations": annotations},
        "spec": {**spec, "affinity": affinity},
    }


def remembered(nodes: Sequence[str]) -> str:
    """What the annotation of a host pod says that is kept off these nodes."""
    return ",".join(nodes)


def _tolerates(toleration: Mapping[str, Any], taint: Mapping[str, Any]) -> bool:
    """As ``ToleratesTaint`` of k8s.io/component-helpers; comparing numbers is for the host to refuse."""
    if toleration.get("effect") not in (None, "", taint["effect"]):
        return False
    key, operator = toleration.get("key"), toleration.get("operator") or "Equal"
    if key and key != taint["key"]:
        return False
    if operator == "Exists":
        return True
    return bool(key) and operator == "Equal" and (toleration.get("value") or "") == (taint.get("value") or "")
