"""What a tenant has changed of a virtual Node, for the host's Node to follow.

A virtual Node remembers what it was last made from. What differs from that, and is on the host still as it
was, the tenant has changed; where the host has changed it as well, the host's counts.
"""

from collections.abc import Mapping
from typing import Any, Final

from vcli.kube.types import labels
from vcli.syncer.translate import keys
from vcli.syncer.translate.nodes import of_host
from vcli.syncer.translate.objects import Object, without

_IDENTITY: Final = frozenset(
    {
        "beta.kubernetes.io/arch",
        "beta.kubernetes.io/os",
        "kubernetes.io/arch",
        "kubernetes.io/hostname",
        "kubernetes.io/os",
    }
)
"""Labels by which the host's own components know a node: kubelets write them, and nobody else should."""
_OF_CONTROLLERS: Final = "node.kubernetes.io/"
"""Taints of this domain follow from conditions, in each cluster from its own."""

_Taints = dict[tuple[str, str], Object]


def changes_for_host(virtual: Mapping[str, Any], host: Mapping[str, Any]) -> Object | None:
    """The merge patch of the host's Node by what a tenant has changed of labels, taints and cordon, or None.

    Args:
        virtual: the virtual Node, made by `mirrored_node` with ``remember_values``.
        host: the host's; the patch is for this version of it.
    """
    before = of_host(virtual)
    changed = _labels(labels(virtual), before["labels"], labels(host))
    spec: Object = {}
    there, wanted = host.get("spec") or {}, virtual.get("spec") or {}
    taints = _taints(wanted, before, there)
    if taints is not None:
        spec["taints"] = taints or None
    cordoned, was, is_on_host = (bool(each.get("unschedulable")) for each in (wanted, before, there))
    if cordoned != was and is_on_host == was:
        spec["unschedulable"] = cordoned or None
    if not changed and not spec:
        return None
    metadata: Object = {"resourceVersion": host["metadata"]["resourceVersion"]}
    if changed:
        metadata["labels"] = changed
    return {"metadata": metadata, **({"spec": spec} if spec else {})}


def _labels(wanted: Mapping[str, str], before: Any, there: Mapping[str, str]) -> dict[str, str | None]:
    """The labels to set or, None, to take off."""
    if not isinstance(before, Mapping):  # keys alone, from before: none of these has changed, as far as known
        before = {key: wanted[key] for key in before if key in wanted}
    return {
        key: wanted.get(key)
        for key in sorted({*wanted, *before})
        if key not in _IDENTITY
        and not keys.is_ours(key)
        and wanted.get(key) != before.get(key)
        and there.get(key) == before.get(key)
    }


def _taints(
    wanted: Mapping[str, Any], before: Mapping[str, Any], there: Mapping[str, Any]
) -> list[Object] | None:
    """All taints that the host's Node is to have; None where nothing is to change."""
    now, then, on_host = map(_by_identity, (wanted, before, there))
    changed = [
        key
        for key in {**now, **then}
        if not key[0].startswith(_OF_CONTROLLERS)
        and _value(now.get(key)) != _value(then.get(key))
        and _value(on_host.get(key)) == _value(then.get(key))
    ]
    if not changed:
        return None
    kept = [taint for key, taint in on_host.items() if key not in changed]
    return kept + [without(now[key], "timeAdded") for key in changed if key in now]


def _by_identity(of: Mapping[str, Any]) -> _Taints:
    return {(taint["key"], taint["effect"]): taint for taint in of.get("taints") or ()}


def _value(taint: Object | None) -> str | None:
    """None: there is no such taint."""
    return None if taint is None else str(taint.get("value") or "")
