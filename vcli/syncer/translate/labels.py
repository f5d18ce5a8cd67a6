"""Labels and selectors on the host, where every virtual namespace shares one.

The control plane's own Service selects ``app=vcluster, release=VC``. A tenant's pod with these labels would
receive API traffic, its own cluster's or a neighbour's. And some hosts' network plugins restart pods that
look like the host's own DNS, ``k8s-app=kube-dns``. So a tenant's ``release`` and ``k8s-app`` always travel as
``label.vcli.dev/…`` too, selectors ask for those, and the plain ones are left out where they would do harm.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from vcli.contract.labels import is_control_plane
from vcli.kube.types import LabelSelector, LabelSelectorRequirement
from vcli.syncer.translate import keys
from vcli.syncer.translate.allowed import host_label_key
from vcli.syncer.translate.scope import Scope

_NAMESPACE_NAME: Final = "kubernetes.io/metadata.name"

Requirements: TypeAlias = Sequence[LabelSelectorRequirement]


def host_labels(labels: Mapping[str, str] | None, namespace: str, scope: Scope) -> dict[str, str]:
    """A virtual object's labels on the host, with ours.

    Args:
        labels: the virtual object's ``metadata.labels``.
        namespace: its namespace; empty for a cluster-scoped object.
        scope: the virtual cluster.
    """
    labels = labels or {}
    translated = {host_label_key(key, scope.allowed): value for key, value in labels.items()}
    for key, alias in keys.ALIASED_LABELS.items():
        if key in labels:
            translated[alias] = labels[key]
    if is_control_plane(labels):
        translated.pop("release", None)
    if labels.get("k8s-app") == "kube-dns":
        del translated["k8s-app"]
    translated[keys.MANAGED_BY] = scope.cluster
    if namespace:
        return {**translated, keys.NAMESPACE: namespace}
    return {**translated, keys.HOST_NAMESPACE: scope.host_namespace}


def host_selector(selector: Mapping[str, str], namespace: str, scope: Scope) -> dict[str, str]:
    """A plain map selector (of a Service), matching on the host what it matches in its virtual namespace."""
    translated = {selector_key(key, scope): value for key, value in selector.items()}
    return {**translated, keys.MANAGED_BY: scope.cluster, keys.NAMESPACE: namespace}


def host_label_selector(selector: Mapping[str, Any], namespace: str | None, scope: Scope) -> LabelSelector:
    """A LabelSelector, matching on the host what it matches in its virtual namespace.

    An empty one matches everything in the namespace. ``namespace`` None: in all of the virtual cluster's
    namespaces.
    """
    ours = {keys.MANAGED_BY: scope.cluster}
    if namespace is not None:
        ours[keys.NAMESPACE] = namespace
    labels = {selector_key(key, scope): value for key, value in (selector.get("matchLabels") or {}).items()}
    return _selector({**labels, **ours}, _translated(selector.get("matchExpressions") or (), scope))


def selector_key(key: str, scope: Scope) -> str:
    """The host's key for a label key in a selector."""
    return keys.ALIASED_LABELS.get(key) or host_label_key(key, scope.allowed)


def host_namespace_labels(labels: Mapping[str, str] | None) -> dict[str, str]:
    """A virtual namespace's labels as its pods have them on the host, for selectors of namespaces."""
    return {_namespace_key(key): value for key, value in (labels or {}).items() if key != _NAMESPACE_NAME}


def with_namespace_selector(
    selector: Mapping[str, Any], namespace_selector: Mapping[str, Any]
) -> LabelSelector:
    """A host LabelSelector that also asks for the namespace of the pod to match ``namespace_selector``."""
    labels = {
        _namespace_key(key): value for key, value in (namespace_selector.get("matchLabels") or {}).items()
    }
    asked: Requirements = namespace_selector.get("matchExpressions") or ()
    requirements: list[LabelSelectorRequirement] = [
        {"key": key, "operator": "In", "values": [value]} for key, value in labels.items()
    ]
    requirements += [{**expression, "key": _namespace_key(expression["key"])} for expression in asked]
    return with_requirements(selector, requirements)


def with_requirements(selector: Mapping[str, Any], requirements: Requirements) -> LabelSelector:
    """A LabelSelector with more ``matchExpressions``."""
    return _selector(
        selector.get("matchLabels") or {}, [*(selector.get("matchExpressions") or ()), *requirements]
    )


def selector_text(selector: Mapping[str, Any]) -> str:
    """A LabelSelector as the API takes it in the parameter ``labelSelector``."""
    labels = [f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items()]
    return ",".join([*labels, *map(_expression_text, selector.get("matchExpressions") or ())])


def matches(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether a LabelSelector matches labels, as apimachinery decides it."""
    return all(
        labels.get(key) == value for key, value in (selector.get("matchLabels") or {}).items()
    ) and all(holds(expression, labels) for expression in selector.get("matchExpressions") or ())


def holds(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether labels meet one of ``matchExpressions``."""
    value, values = labels.get(expression["key"]), expression.get("values") or ()
    match expression["operator"]:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case _:
            return value is None


def _expression_text(expression: Mapping[str, Any]) -> str:
    key, values = expression["key"], ",".join(expression.get("values") or ())
    match expression["operator"]:
        case "In":
            return f"{key} in ({values})"
        case "NotIn":
            return f"{key} notin ({values})"
        case "Exists":
            return f"{key}"
        case _:
            return f"!{key}"


def _namespace_key(key: str) -> str:
    # Hashed because a prefix of our own would not fit before every key, and so that no tenant's key meets
    # ours.
    return (
        keys.NAMESPACE
        if key == _NAMESPACE_NAME
        else keys.NAMESPACE_LABEL_PREFIX + hashlib.sha256(key.encode()).hexdigest()[:16]
    )


def _translated(expressions: Requirements, scope: Scope) -> list[LabelSelectorRequirement]:
    return [{**expression, "key": selector_key(expression["key"], scope)} for expression in expressions]


def _selector(labels: Mapping[str, str], expressions: Requirements) -> LabelSelector:
    selector: LabelSelector = {"matchLabels": dict(labels)} if labels else {}
    return {**selector, "matchExpressions": list(expressions)} if expressions else selector
