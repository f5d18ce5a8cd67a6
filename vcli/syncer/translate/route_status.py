"""The status of a route: what the host's controllers say of each parent, and what is refused here."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from vcli.syncer.translate import customresources
from vcli.syncer.translate.gateway_refs import NOT_PERMITTED
from vcli.syncer.translate.objects import Object
from vcli.syncer.translate.route_parents import Parent, is_gateway
from vcli.syncer.translate.scope import Scope

_CHOOSING: Final = ("sectionName", "port")
CONTROLLER: Final = "vcli.dev/syncer"
"""Who says that a parent is refused, in ``controllerName``."""


def virtual_status(
    route: Object,
    host: Object | None,
    parents: Sequence[Parent],
    *,
    refused: str,
    names: Mapping[str, str],
    scope: Scope,
    now: str,
) -> Object:
    """The status of the virtual route.

    Args:
        route: the virtual object.
        host: the host object; None where there is none.
        parents: as they were judged.
        refused: what is said of references that are not permitted; empty where all are.
        names: host names that the status may hold, to virtual ones.
        scope: the virtual cluster.
        now: the time, for conditions that have changed.
    """
    before: list[Object] = (route.get("status") or {}).get("parents") or []
    namespace: str = route["metadata"]["namespace"]
    shown = [
        *(each for each in before if _is_of_others(each, parents, namespace)),
        *(_of_host(route, host, parents, names, scope) if host is not None else ()),
        *(_refusal(each) for each in parents if each.reason),
    ]
    if refused:
        for each in shown:
            if not _is_of_others(each, parents, namespace):
                each["conditions"] = with_condition(each["conditions"], not_permitted(refused))
    generation = route["metadata"].get("generation", 0)
    return {"parents": [_dated(each, before, generation, now) for each in shown]}


def not_permitted(message: str) -> Object:
    """The condition of what has a reference that is not permitted."""
    return {"type": "ResolvedRefs", "status": "False", "reason": NOT_PERMITTED, "message": message}


def with_condition(conditions: Sequence[Object], condition: Object) -> list[Object]:
    """Conditions with this one in place of that of its type."""
    return [*(each for each in conditions if each["type"] != condition["type"]), condition]


def dated(conditions: Sequence[Object], before: Sequence[Object], generation: int, now: str) -> list[Object]:
    """Conditions of ours with their times: that of before while the status is the same."""
    known = {each["type"]: each for each in before}
    found = []
    for each in conditions:
        if "lastTransitionTime" not in each:
            old = known.get(each["type"], {})
            since = old.get("lastTransitionTime", now) if old.get("status") == each["status"] else now
            found.append({**each, "lastTransitionTime": since, "observedGeneration": generation})
        else:
            found.append(each)
    return found


def _is_of_others(entry: Object, parents: Sequence[Parent], namespace: str) -> bool:
    """Whether an entry is about a parent that the host has nothing to do with."""
    meant = _meant(entry["parentRef"], namespace)
    return any(each.is_elsewhere and _meant(each.ref, namespace) == meant for each in parents)


def _meant(ref: Mapping[str, Any], namespace: str) -> tuple[Any, ...]:
    """What a reference of a route in a namespace is known by: controllers fill in what it leaves out."""
    return is_gateway(ref), ref.get("namespace") or namespace, ref["name"], *map(ref.get, _CHOOSING)


def _refusal(parent: Parent) -> Object:
    condition = {"type": "Accepted", "status": "False", "reason": parent.reason, "message": parent.message}
    return {"parentRef": parent.ref, "controllerName": CONTROLLER, "conditions": [condition]}


def _of_host(
    route: Object, host: Object, parents: Sequence[Parent], names: Mapping[str, str], scope: Scope
) -> list[Object]:
    """An entry for each parent and controller: for one that is several on the host, of the best of them."""
    places = {
        _meant(ref, scope.host_namespace): index for index, each in enumerate(parents) for ref in each.on_host
    }
    theirs = (host.get("status") or {}).get("parents") or ()
    rewritten = customresources.virtual_status(route, host, names=names, scope=scope).get("parents") or ()
    found: dict[tuple[int, str], Object] = {}
    for each, entry in zip(theirs, rewritten, strict=True):
        index = places.get(_meant(each["parentRef"], scope.host_namespace))
        if index is None:
            continue
        key = (index, each["controllerName"])
        if key not in found or not _is_accepted(found[key]):
            found[key] = {
                **entry,
                "parentRef": parents[index].ref,
                "conditions": list(entry.get("conditions") or ()),
            }
    return [found[key] for key in sorted(found)]


def _is_accepted(entry: Object) -> bool:
    return any(each["type"] == "Accepted" and each["status"] == "True" for each in entry["conditions"])


def _dated(entry: Object, before: Sequence[Object], generation: int, now: str) -> Object:
    same = (entry["parentRef"], entry["controllerName"])
    known = next((each for each in before if (each["parentRef"], each["controllerName"]) == same), {})
    return {
        **entry,
        "conditions": dated(entry.get("conditions") or (), known.get("conditions") or (), generation, now),
    }
