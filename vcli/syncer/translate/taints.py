"""What the tenant says of the nodes, and which ones a plain cluster's scheduler keeps a pod away from."""

from collections.abc import Mapping
from typing import Any, Final

from vcli.syncer.translate.nodes import of_host, tenant_labels

_CORDONED: Final = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}
_OF_THE_CONTROL_PLANE: Final = frozenset({"node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"})
"""Taints that the virtual control plane puts on each new Node for a moment; the host knows how nodes are."""


def says_something(node: Mapping[str, Any]) -> bool:
    """Whether the tenant has cordoned, tainted or labelled a Node that corresponds to one of the host's.

    Such a Node stays without pods: pods would come back to another Node of its name.
    """
    spec, hosts = node.get("spec") or {}, of_host(node)
    cordoned = spec.get("unschedulable") and not hosts["unschedulable"]
    known = [(each["key"], each["effect"]) for each in hosts["taints"]]
    tainted = any((each["key"], each["effect"]) not in known for each in _taints(node))
    return bool(cordoned or tainted or tenant_labels(node))


def repels(node: Mapping[str, Any], pod: Mapping[str, Any]) -> bool:
    """Whether a node is cordoned, or has a taint, and the pod does not tolerate that."""
    spec, taints = node.get("spec") or {}, _taints(node)
    if spec.get("unschedulable"):
        taints.append(_CORDONED)
    tolerations = pod["spec"].get("tolerations") or ()
    return any(
        taint["effect"] != "PreferNoSchedule" and not any(_tolerates(each, taint) for each in tolerations)
        for taint in taints
    )


def _taints(node: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    taints = (node.get("spec") or {}).get("taints") or ()
    return [each for each in taints if each["key"] not in _OF_THE_CONTROL_PLANE]


def _tolerates(toleration: Mapping[str, Any], taint: Mapping[str, Any]) -> bool:
    """As ``ToleratesTaint`` of k8s.io/component-helpers; comparing numbers is for the host to reject."""
    if toleration.get("effect") not in (None, "", taint["effect"]):
        return False
    key, operator = toleration.get("key"), toleration.get("operator") or "Equal"
    if key and key != taint["key"]:
        return False
    if operator == "Exists":
        return True
    return bool(key) and operator == "Equal" and (toleration.get("value") or "") == (taint.get("value") or "")
