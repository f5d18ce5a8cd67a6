"""Affinity and spreading between pods, where all virtual namespaces share one host namespace."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from vcli.kube.types import LabelSelector, LabelSelectorRequirement, labels
from vcli.syncer.translate import keys
from vcli.syncer.translate.labels import (
    host_label_selector,
    matches,
    with_namespace_selector,
    with_requirements,
)
from vcli.syncer.translate.objects import Object, changed, without
from vcli.syncer.translate.pods.context import PodContext

_REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED: Final = "preferredDuringSchedulingIgnoredDuringExecution"


def host_affinity(affinity: Mapping[str, Any], pod: Object, context: PodContext) -> Object:
    """``spec.affinity`` for the host; nodes have the same names there, so nodeAffinity stays."""

    def term(virtual: Mapping[str, Any]) -> Object:
        return _term(virtual, pod, context)

    def both(group: Mapping[str, Any]) -> Object:
        required = changed(group, _REQUIRED, lambda terms: [term(item) for item in terms])
        return changed(
            required, _PREFERRED, lambda terms: [changed(item, "podAffinityTerm", term) for item in terms]
        )

    return changed(changed(affinity, "podAffinity", both), "podAntiAffinity", both)


def host_constraint(constraint: Mapping[str, Any], pod: Object, context: PodContext) -> Object:
    """One of ``spec.topologySpreadConstraints`` for the host; it counts pods of the pod's own namespace."""
    kept = without(constraint, "matchLabelKeys")
    selector = constraint.get("labelSelector")
    if selector is None:
        return kept  # counts nothing
    selector = _with_keys(selector, constraint.get("matchLabelKeys"), "In", pod)
    return {
        **kept,
        "labelSelector": host_label_selector(selector, pod["metadata"]["namespace"], context.scope),
    }


def _term(term: Mapping[str, Any], pod: Object, context: PodContext) -> Object:
    kept = without(term, "namespaces", "namespaceSelector", "matchLabelKeys", "mismatchLabelKeys")
    selector = term.get("labelSelector")
    if selector is None:
        return kept  # matches nothing
    selector = _with_keys(selector, term.get("matchLabelKeys"), "In", pod)
    selector = _with_keys(selector, term.get("mismatchLabelKeys"), "NotIn", pod)
    names, namespace_selector = list(term.get("namespaces") or ()), term.get("namespaceSelector")
    if namespace_selector is None:
        return {
            **kept,
            "labelSelector": _in_namespaces(selector, names or [pod["metadata"]["namespace"]], context),
        }
    if not names:
        everywhere = host_label_selector(selector, None, context.scope)
        return {**kept, "labelSelector": with_namespace_selector(everywhere, namespace_selector)}
    # Either one is a match, which no single selector can say: so the namespaces that match at this moment.
    matching = [name for name, labels in context.namespaces.items() if matches(namespace_selector, labels)]
    return {**kept, "labelSelector": _in_namespaces(selector, sorted({*names, *matching}), context)}


def _in_namespaces(selector: Mapping[str, Any], names: Sequence[str], context: PodContext) -> LabelSelector:
    if len(names) == 1:
        return host_label_selector(selector, names[0], context.scope)
    everywhere = host_label_selector(selector, None, context.scope)
    return with_requirements(everywhere, [{"key": keys.NAMESPACE, "operator": "In", "values": list(names)}])


def _with_keys(
    selector: Mapping[str, Any], label_keys: Sequence[str] | None, operator: str, pod: Object
) -> Mapping[str, Any]:
    """The selector with matchLabelKeys (In) or mismatchLabelKeys (NotIn) merged in.

    The virtual API server has done so already if it is recent (1.31 for affinity, 1.34 for spreading). The
    keys must not reach the host: it would merge again, and rejects a selector that has them twice.
    """
    own = labels(pod)
    wanted: list[LabelSelectorRequirement] = [
        {"key": key, "operator": operator, "values": [own[key]]} for key in label_keys or () if key in own
    ]
    missing = [each for each in wanted if each not in (selector.get("matchExpressions") or ())]
    return with_requirements(selector, missing) if missing else selector
