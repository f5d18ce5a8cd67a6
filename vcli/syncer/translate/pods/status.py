"""Pod status: host to virtual, and readiness gates the other way."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

from vcli.kube.types import annotations, conditions
from vcli.syncer.translate import keys
from vcli.syncer.translate.messages import rewrite
from vcli.syncer.translate.objects import Object, by_name, changed, without
from vcli.syncer.translate.pods.references import pod_names
from vcli.syncer.translate.pods.words import own_words
from vcli.syncer.translate.scope import Scope

_STATUSES: Final = (
    ("initContainerStatuses", "initContainers"),
    ("containerStatuses", "containers"),
    ("ephemeralContainerStatuses", "ephemeralContainers"),
)
_NOT_TAKEN: Final = (
    "extendedResourceClaimStatus",  # names of host objects
    "nodeAllocatableResourceClaimStatuses",
    "observedGeneration",
    "qosClass",  # immutable, and the host's admission may have given a pod another
    "resourceClaimStatuses",
)
_NEVER_RAN: Final = frozenset({"ContainerCannotRun", "ContainerStatusUnknown", "StartError"})
"""Reasons of a terminated container whose message is the runtime's, and not the container's own."""
_OF_THE_HOST: Final = frozenset(
    {
        "AllContainersRestarting",
        "ContainersReady",
        "Initialized",
        "PodReadyToStartContainers",
        "PodResizeInProgress",
        "PodResizePending",
        "PodScheduled",
        "Ready",
    }
)


def virtual_status(host: Object, virtual: Object, *, scope: Scope) -> Object:
    """The status that the virtual pod shall have, complete (for a replace of the status subresource).

    It is the host's, but for: the QoS class; generations, which are the virtual pod's own; statuses of
    containers and mounts that the syncer or the host's admission put in; conditions that belong to readiness
    gates or to controllers of the virtual cluster; and names in texts. What a container says at its end is
    its own, byte for byte.
    """
    old = virtual.get("status") or {}

    @cache  # a status is translated often, and few have a message
    def names() -> tuple[dict[str, str], set[str]]:
        return pod_names(virtual, scope), own_words(virtual)

    def text(message: str) -> str:
        known, own = names()
        return rewrite(message, known, namespace=virtual["metadata"]["namespace"], scope=scope, own=own)

    status = changed(without(host.get("status") or {}, *_NOT_TAKEN), "message", text)
    for field in ("qosClass", "resourceClaimStatuses"):
        if old.get(field):
            status[field] = old[field]
    if (generation := _generation(host, (host.get("status") or {}).get("observedGeneration"))) is not None:
        status["observedGeneration"] = generation
    elif old.get("observedGeneration"):
        status["observedGeneration"] = old["observedGeneration"]
    for field, containers in _STATUSES:
        if field in status:
            ours = by_name(virtual["spec"].get(containers))
            status[field] = [
                _container_status(each, ours[each["name"]], text)
                for each in status[field]
                if each["name"] in ours
            ]
    status["conditions"] = _conditions(host, virtual, text)
    return status


def host_conditions(virtual: Object) -> list[Object]:
    """The readiness-gate conditions of a virtual pod, set by its own controllers; the host must know them."""
    gates = _gates(virtual)
    return [
        without(condition, "observedGeneration")
        for condition in conditions(virtual)
        if condition["type"] in gates
    ]


def host_status_patch(host: Object, virtual: Object) -> Object | None:
    """The strategic merge patch that syncs ``host_conditions`` to the host pod's ``status``, or None."""
    live: dict[str, Mapping[str, object]] = {each["type"]: each for each in conditions(host)}
    missing = [
        condition
        for condition in host_conditions(virtual)
        if any(
            condition.get(field) != live.get(condition["type"], {}).get(field)
            for field in ("status", "reason", "message")
        )
    ]
    return {"status": {"conditions": missing}} if missing else None


def _conditions(host: Object, virtual: Object, text: Any) -> list[Object]:
    gates = _gates(virtual)
    old = {each["type"]: each for each in conditions(virtual)}
    merged: list[Object] = []
    for condition in conditions(host):
        if condition["type"] in gates:
            continue
        translated = changed(without(condition, "observedGeneration"), "message", text)
        generation = _generation(host, condition.get("observedGeneration"))
        if generation is None:
            before = old.get(condition["type"])
            generation = before.get("observedGeneration") if before else None
        if generation:
            translated["observedGeneration"] = generation
        merged.append(translated)
    known = {condition["type"] for condition in merged} | _OF_THE_HOST
    return merged + [dict(condition) for name, condition in old.items() if name not in known]


def _generation(host: Object, observed: int | None) -> int | None:
    """The virtual generation that a host generation corresponds to, if that is known.

    Only the host pod's current generation is: an annotation has the virtual one that its spec is from.
    """
    made_from = annotations(host).get(keys.GENERATION, "")
    is_current = observed and observed == host["metadata"].get("generation")
    return int(made_from) if is_current and made_from.isdecimal() else None


def _container_status(status: Mapping[str, Any], container: Mapping[str, Any], text: Any) -> Object:
    paths = {mount["mountPath"] for mount in container.get("volumeMounts") or ()}

    def own(mounts: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        return [mount for mount in mounts if mount["mountPath"] in paths]

    def states(found: Mapping[str, Any]) -> Object:
        return {
            name: state if _is_its_own(name, state or {}) else changed(state or {}, "message", text)
            for name, state in found.items()
        }

    own_mounts = changed(status, "volumeMounts", own)
    if not own_mounts.get("volumeMounts", True):
        del own_mounts["volumeMounts"]
    return changed(changed(own_mounts, "state", states), "lastState", states)


def _is_its_own(name: str, state: Mapping[str, Any]) -> bool:
    """Whether the message in a container's state is the termination message, which results travel in."""
    return name == "terminated" and state.get("reason") not in _NEVER_RAN


def _gates(virtual: Object) -> set[str]:
    return {gate["conditionType"] for gate in virtual["spec"].get("readinessGates") or ()}
