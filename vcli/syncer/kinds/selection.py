"""Which of the host's classes tenants may name: all, unless the values select some."""

from collections.abc import Mapping
from typing import Final

from vcli.catalog import SYNCED
from vcli.kube.resources import INGRESSCLASSES, STORAGECLASSES, Resource
from vcli.kube.types import annotations
from vcli.syncer.engine.context import SyncContext
from vcli.syncer.sync.from_host import to_mirror

_PATHS: Final = {kind.resource: kind.path for kind in SYNCED if kind.selectable}
_IS_DEFAULT: Final[Mapping[Resource, str]] = {
    INGRESSCLASSES: "ingressclass.kubernetes.io/is-default-class",
    STORAGECLASSES: "storageclass.kubernetes.io/is-default-class",
}


def may_use(ctx: SyncContext, resource: Resource, name: str) -> bool:
    """Whether a tenant's object may name an object of the host.

    Where the values select some, those alone: also while the syncer may not list them, and none is known. An
    object that names none, which is the empty name, gets the host's default: that has to be one of them.
    """
    if _PATHS[resource] not in ctx.settings.selectors:
        return True
    known = ctx.host[to_mirror(resource)]
    if name:
        return known.get(None, name) is not None
    return any(annotations(each).get(_IS_DEFAULT[resource]) == "true" for each in known.items())


def refusal(resource: Resource, name: str) -> str:
    """What is said of an object that names another one, or none."""
    if not name:
        return f"it names no {resource.kind}, and this virtual cluster may not use the host's default one"
    return f"{resource.kind} {name} is not one of those of the host that this virtual cluster may use"
