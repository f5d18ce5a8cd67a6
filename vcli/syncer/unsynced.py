"""Which kinds have no effect on the host, by the catalog of what is synced.

Only kinds are named here that would have one on a plain cluster, whatever runs inside: no Deployments, which
the virtual cluster's own controllers take care of.
"""

from collections.abc import Iterator
from typing import Final

from vcli.catalog import SYNCED
from vcli.catalog.kind import SyncedKind
from vcli.contract.settings import Settings
from vcli.kube.resources import (
    DEVICECLASSES,
    INGRESSCLASSES,
    INGRESSES,
    PRIORITYCLASSES,
    PVS,
    RESOURCECLAIMS,
    RUNTIMECLASSES,
    SERVICEACCOUNTS,
    STORAGECLASSES,
    Resource,
)
from vcli.syncer.registry import kinds_of
from vcli.syncer.sync.inert import InertKind
from vcli.syncer.translate import keys
from vcli.syncer.translate.pvs import KIND_OF_VOLUME

_WORK_INSIDE: Final = (SERVICEACCOUNTS,)
"""What has its effect in the virtual cluster, and on the host one more where it is synced."""
_SAID_OF_PODS: Final = (RESOURCECLAIMS,)
"""What has no effect but by pods, of which it is said that they can't run."""
_OF_THE_HOST: Final = (PVS, STORAGECLASSES, PRIORITYCLASSES, RUNTIMECLASSES)
"""What the host has by these names counts for host objects; what a tenant makes does not."""
_NOT_MIRRORED: Final = f"!{keys.MIRROR},!{KIND_OF_VOLUME}"
_MADE_BY_KUBERNETES: Final = {
    PRIORITYCLASSES: "metadata.name!=system-cluster-critical,metadata.name!=system-node-critical"
}


def inert_kinds(settings: Settings) -> Iterator[InertKind]:
    """The kinds that are not synced, with the warning that their objects get."""
    on = kinds_of(settings)
    to_host = {kind.resource: kind for kind in SYNCED if kind.direction == "toHost"}
    for resource, kind in to_host.items():
        # Of a custom resource there is no object before its definition is there, which comes with the kind.
        is_said = kind.custom or resource in (*_OF_THE_HOST, *_WORK_INSIDE, *_SAID_OF_PODS)
        if kind not in on and not is_said:
            yield InertKind(resource=resource, message=_not_synced(kind))
    # A scheduler inside asks for the tenants' priorities.
    of_the_host = [each for each in _OF_THE_HOST if each != PRIORITYCLASSES or not settings.scheduler]
    if any(kind.resource == INGRESSES for kind in on):
        of_the_host.append(INGRESSCLASSES)  # else only a controller inside looks at Ingresses
    if any(kind.resource == RESOURCECLAIMS for kind in on):
        of_the_host.append(DEVICECLASSES)  # else nothing names them
    shown = {kind.resource: kind for kind in SYNCED if kind.direction == "fromHost" and kind not in on}
    for resource in of_the_host:
        kind_to_host = to_host.get(resource)
        if kind_to_host is None or kind_to_host not in on:
            yield InertKind(
                resource=resource,
                message=_counts_only_there(resource, shown.get(resource), kind_to_host),
                label_selector=_NOT_MIRRORED,
                field_selector=_MADE_BY_KUBERNETES.get(resource),
            )


def _not_synced(kind: SyncedKind) -> str:
    text = f"has no effect on the host: {kind.resource.kind} objects are not synced"
    return f"{text}; the value {kind.switch}=true turns that on"


def _counts_only_there(resource: Resource, shown: SyncedKind | None, to_host: SyncedKind | None) -> str:
    text = f"has no effect on the host, where only its own {resource.kind} objects count"
    if shown is not None:
        text += f"; the value {shown.switch}=true shows them here"
    if to_host is not None:
        text += f"; {to_host.switch}=true gives the host this one"
    return text
