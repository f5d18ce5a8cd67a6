"""Where the tenant wants a pod, as a node affinity for names of nodes.

The host schedules, and knows nothing of what the tenant says of the virtual Nodes: their labels, taints, and
that they are cordoned. Nodes have the same names in both clusters, so their names can say it.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from vcli.syncer.translate import keys
from vcli.syncer.translate.labels import holds
from vcli.syncer.translate.nodes import tenant_labels
from vcli.syncer.translate.objects import Object, changed, digest
from vcli.syncer.translate.taints import repels

_REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED: Final = "preferredDuringSchedulingIgnoredDuringExecution"
_NAME: Final = "metadata.name"

Labels = Mapping[str, str]
Requirement = Mapping[str, Any]
Term = Mapping[str, Any]


def placement(
    pod: Object, nodes: Sequence[Object], *, only: Mapping[str, str] | None = None
) -> Object | None:
    """What a host pod's spec says of nodes, if that differs from what the virtual pod's does.

    A label that the tenant has given a Node is the tenant's on all nodes: a requirement for it is answered
    by the virtual Nodes. All others are left to the host.

    Args:
        pod: the virtual pod.
        nodes: the virtual Nodes that correspond to the host's.
        only: labels that the host's node must have.

    Returns:
        ``nodeSelector`` and ``nodeAffinity``; None: it says what the virtual pod does.
    """
    spec = pod["spec"]
    if spec.get("schedulingGates"):
        return None  # its tenant may still change it
    # Kubelets check affinities too, but not taints: a pod that names its node goes there.
    off = [] if spec.get("nodeName") else sorted(_name(node) for node in nodes if repels(node, pod))
    labels = {_name(node): tenant_labels(node) for node in sorted(nodes, key=_name)}
    known = {key for each in labels.values() for key in each}
    selector = spec.get("nodeSelector") or {}
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}

    def by_name(term: Term) -> list[Term]:
        return _by_name(term, labels, known)

    demands = [_in(key, value) for key, value in selector.items() if key in known]
    demands += [_in(key, value) for key, value in sorted((only or {}).items())]
    base = (affinity.get(_REQUIRED) or {}).get("nodeSelectorTerms") or [{"matchExpressions": []}]
    required = [
        _with_fields(named, [_not(name) for name in off])
        for term in base
        for named in by_name(_with_expressions(term, demands))
    ]
    found: Object = {
        "nodeSelector": {key: value for key, value in selector.items() if key not in known},
        "nodeAffinity": changed(
            affinity,
            _PREFERRED,
            lambda items: [
                {**item, "preference": term} for item in items for term in by_name(item["preference"])
            ],
        ),
    }
    if required != [{"matchExpressions": []}]:
        found["nodeAffinity"] = {**found["nodeAffinity"], _REQUIRED: {"nodeSelectorTerms": required}}
    return None if found == {"nodeSelector": selector, "nodeAffinity": affinity} else found


def placed(host_pod: Object, where: Object | None) -> Object:
    """The host pod, placed; it remembers how.

    Args:
        host_pod: as it is to be created.
        where: from `placement`.
    """
    if where is None:
        return host_pod
    metadata, spec = host_pod["metadata"], host_pod["spec"]
    affinity = {**(spec.get("affinity") or {}), "nodeAffinity": where["nodeAffinity"]}
    annotations = {**metadata["annotations"], keys.PLACEMENT: remembered(where)}
    return {
        **host_pod,
        "metadata": {**metadata, "annotations": annotations},
        "spec": {**spec, "affinity": affinity, "nodeSelector": where["nodeSelector"]},
    }


def remembered(where: Object | None) -> str:
    """What the annotation of a host pod says that is placed so; empty where there is none."""
    if where is None:
        return ""
    return digest(where)


def _by_name(term: Term, labels: Mapping[str, Labels], known: set[str]) -> list[Term]:
    """Terms of which one matches where this one does, with names of nodes instead of the tenant's labels.

    A field may be compared to one name alone, so it takes a term for each node.
    """
    expressions = term.get("matchExpressions") or ()
    asked = [each for each in expressions if each["key"] in known]
    if not asked:
        return [term]
    rest = {**term, "matchExpressions": [each for each in expressions if each["key"] not in known]}
    fits = [name for name, has in labels.items() if _meets(has, asked)]
    if _meets({}, asked):
        # Nor do the host's other nodes have what it must not have.
        others = [_not(name) for name in labels if name not in fits]
        return [_with_fields(rest, others)] if others else [term]
    return [_with_fields(rest, [_is(name)]) for name in fits] or [term]


def _meets(labels: Labels, requirements: Iterable[Requirement]) -> bool:
    return all(_holds(each, labels) for each in requirements)


def _holds(requirement: Requirement, labels: Labels) -> bool:
    """As ``NodeSelectorRequirement`` of the API reference: what a label selector asks, or a comparison."""
    operator = requirement["operator"]
    if operator not in ("Gt", "Lt"):
        return holds(requirement, labels)
    try:
        number, bound = int(labels.get(requirement["key"], "")), int(requirement["values"][0])
    except ValueError:
        return False
    return number > bound if operator == "Gt" else number < bound


def _with_expressions(term: Term, more: Sequence[Requirement]) -> Term:
    """A term narrowed; one without anything in it matches nowhere, and must not begin to."""
    if not term or not more:
        return term
    return {**term, "matchExpressions": [*(term.get("matchExpressions") or ()), *more]}


def _with_fields(term: Term, more: Sequence[Requirement]) -> Term:
    if not term or not more:
        return term
    return {**term, "matchFields": [*(term.get("matchFields") or ()), *more]}


def _in(key: str, value: str) -> Requirement:
    return {"key": key, "operator": "In", "values": [value]}


def _is(node: str) -> Requirement:
    return _in(_NAME, node)


def _not(node: str) -> Requirement:
    return {"key": _NAME, "operator": "NotIn", "values": [node]}


def _name(node: Object) -> str:
    name: str = node["metadata"]["name"]
    return name
