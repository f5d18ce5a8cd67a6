"""PriorityClasses: those of the host as tenants see them, and those of tenants for the host."""

from typing import Final

from vcli.syncer.translate.metadata import host_metadata
from vcli.syncer.translate.mirrors import differ, mirrored, picked
from vcli.syncer.translate.objects import Object, without
from vcli.syncer.translate.scope import Scope

_COPIED: Final = ("value", "globalDefault", "description", "preemptionPolicy")
_SYSTEM: Final = "system-"


def is_system(priority_class: Object) -> bool:
    """Whether it is one that each cluster makes for itself (``system-node-critical``): it is never synced."""
    name: str = priority_class["metadata"]["name"]
    return name.startswith(_SYSTEM)


def to_virtual(priority_class: Object, *, may_be_default: bool = True) -> Object:
    """The complete virtual PriorityClass for one of the host's.

    Args:
        priority_class: the host's.
        may_be_default: False where a tenant has a default: the API takes no second one.
    """
    fields = {"value": 0, **picked(priority_class, _COPIED)}
    return mirrored(
        priority_class,
        "scheduling.k8s.io/v1",
        "PriorityClass",
        fields if may_be_default else without(fields, "globalDefault"),
    )


def to_host(priority_class: Object, *, scope: Scope) -> Object:
    """The complete host PriorityClass for a tenant's own; never the host's default."""
    return {
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": host_metadata(priority_class, kind="PriorityClass", scope=scope),
        "value": 0,
        **without(picked(priority_class, _COPIED), "globalDefault"),
    }


def must_be_replaced(current: Object, desired: Object) -> bool:
    """Whether a PriorityClass can't become the desired one, as the API takes no such change."""
    return differ(current, desired, ("value",)) or _preemption(current) != _preemption(desired)


def _preemption(priority_class: Object) -> str:
    policy: str = priority_class.get("preemptionPolicy") or "PreemptLowerPriority"
    return policy
