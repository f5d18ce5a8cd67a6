"""What changes of a virtual Node's labels, taints and cordon.

A tenant may label, taint and cordon a Node as on a plain cluster: it then keeps the tenant's own pods away.
So the Node remembers what it has of the host's, and only that follows the host.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from vcli.kube.types import annotations, labels
from vcli.syncer.translate import keys
from vcli.syncer.translate.nodes import of_host
from vcli.syncer.translate.objects import Object

_OF_NEW_NODES: Final = ("node.kubernetes.io/not-ready", "NoSchedule")
"""The admission plugin TaintNodesByCondition gives it to each new Node; who lifts it is not running here."""


def patch_of_node(current: Mapping[str, Any], fresh: Mapping[str, Any]) -> Object | None:
    """A merge patch of labels, taints and cordon: what is the host's follows it, what is the tenant's stays.

    Args:
        current: the virtual Node as it is.
        fresh: as its source has it.

    Returns:
        None: there is nothing to change.
    """
    before = of_host(current)
    metadata: Object = {}
    gone = {key: None for key in before["labels"] if key in labels(current) and key not in labels(fresh)}
    new = {key: value for key, value in labels(fresh).items() if labels(current).get(key) != value}
    if gone or new:
        metadata["labels"] = {**gone, **new}
    memory = annotations(fresh).get(keys.OF_HOST_NODE)
    if annotations(current).get(keys.OF_HOST_NODE) != memory:
        metadata["annotations"] = {keys.OF_HOST_NODE: memory}
    spec: Object = {}
    now, wanted = current.get("spec") or {}, fresh.get("spec") or {}
    taints = _taints(now.get("taints") or [], before["taints"], wanted.get("taints") or [])
    if taints != (now.get("taints") or []):
        spec["taints"] = taints or None
    cordoned = bool(wanted.get("unschedulable") or (now.get("unschedulable") and not before["unschedulable"]))
    if cordoned != bool(now.get("unschedulable")):
        spec["unschedulable"] = cordoned or None
    if wanted.get("providerID") and not now.get("providerID"):  # it can be set once
        spec["providerID"] = wanted["providerID"]
    patch = {key: value for key, value in (("metadata", metadata), ("spec", spec)) if value}
    return patch or None


def _taints(current: Sequence[Object], before: Sequence[Object], wanted: Sequence[Object]) -> list[Object]:
    """The taints that are not the host's, and those that are; a taint is known by key and effect."""
    hosts = {_identity(each) for each in (*before, *wanted)}
    own = [each for each in current if _identity(each) not in hosts and _identity(each) != _OF_NEW_NODES]
    known = {_identity(each): each for each in current}
    # One with a time, as NoExecute has it, stays as the API server has completed it.
    return [*own, *(_kept(known.get(_identity(each)), each) for each in wanted)]


def _kept(current: Object | None, wanted: Object) -> Object:
    same = current is not None and current.get("value") == wanted.get("value")
    return current if same and current is not None else wanted


def _identity(taint: Object) -> tuple[str, str]:
    return taint["key"], taint["effect"]
