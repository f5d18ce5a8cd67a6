"""Which of the host's classes tenants may name: all, unless the values select some."""

from typing import Final

from vcli.catalog import SYNCED
from vcli.kube.resources import Resource
from vcli.syncer.engine.context import SyncContext
from vcli.syncer.sync.from_host import to_mirror

_PATHS: Final = {kind.resource: kind.path for kind in SYNCED if kind.selectable}


def may_use(ctx: SyncContext, resource: Resource, name: str) -> bool:
    """Whether a tenant's object may name an object of the host.

    Where the values select some, those alone: also while the syncer may not list them, and none is known.
    """
    if _PATHS[resource] not in ctx.settings.selectors:
        return True
    return ctx.host[to_mirror(resource)].get(None, name) is not None


def refusal(resource: Resource, name: str) -> str:
    """What is said of an object that names another one."""
    return f"{resource.kind} {name} is not one of those of the host that this virtual cluster may use"
