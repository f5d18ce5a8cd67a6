"""Which kinds have no effect on the host, by the catalog of what is synced.

Only kinds are named here that would have one on a plain cluster, whatever runs inside: no Deployments, which
the virtual cluster's own controllers take care of.
"""

from collections.abc import Iterator
from typing import Final

from vcli.catalog import SYNCED, SyncedKind
from vcli.contract.settings import Settings
from vcli.kube.resources import (
    INGRESSCLASSES,
    INGRESSES,
    PRIORITYCLASSES,
    PVS,
    RUNTIMECLASSES,
    STORAGECLASSES,
    Resource,
)
from vcli.syncer.registry import kinds_of
from vcli.syncer.sync.inert import InertKind
from vcli.syncer.translate import keys
from vcli.syncer.translate.pvs import KIND_OF_VOLUME

_WITHOUT_SUPPORT: Final = (INGRESSES,)
"""What only the host can act on, beside the kinds of the catalog."""
_OF_THE_HOST: Final = (PVS, STORAGECLASSES, PRIORITYCLASSES, RUNTIMECLASSES)
"""What the host has by these names counts for host objects; what a tenant makes does not."""
_NOT_MIRRORED: Final = f"!{keys.MIRROR},!{KIND_OF_VOLUME}"
_MADE_BY_KUBERNETES: Final = {
    PRIORITYCLASSES: "metadata.name!=system-cluster-critical,metadata.name!=system-node-critical"
}


def inert_kinds(settings: Settings) -> Iterator[InertKind]:
    """The kinds that are not synced, with what their objects are told."""
    on = kinds_of(settings)
    to_host = {kind.resource: kind for kind in SYNCED if kind.direction != "fromHost"}
    for resource in dict.fromkeys((*to_host, *_WITHOUT_SUPPORT)):
        kind = to_host.get(resource)
        if kind is None or kind not in on:
            yield InertKind(resource=resource, message=_not_synced(resource, kind))
    of_the_host = [*_OF_THE_HOST]
    if any(kind.resource == INGRESSES for kind in on):
        of_the_host.append(INGRESSCLASSES)  # else only a controller inside looks at Ingresses
    shown = {kind.resource: kind for kind in SYNCED if kind.direction == "fromHost" and kind not in on}
    for resource in of_the_host:
        if resource not in to_host:
            yield InertKind(
                resource=resource,
                message=_counts_only_there(resource, shown.get(resource)),
                label_selector=_NOT_MIRRORED,
                field_selector=_MADE_BY_KUBERNETES.get(resource),
            )


def refusable_kinds(settings: Settings) -> Iterator[Resource]:
    """The kinds that are synced to the host and have a switch: the host may refuse them."""
    for kind in kinds_of(settings):
        if kind.direction == "toHost" and not kind.required:
            yield kind.resource


def _not_synced(resource: Resource, kind: SyncedKind | None) -> str:
    text = f"has no effect on the host: {resource.kind} objects are not synced"
    return f"{text}; the value {kind.switch}=true turns that on" if kind is not None else text


def _counts_only_there(resource: Resource, kind: SyncedKind | None) -> str:
    text = f"has no effect on the host, where only its own {resource.kind} objects count"
    return f"{text}; the value {kind.switch}=true shows them here" if kind is not None else text
