"""What the kinds of the Gateway API have in common: what they ask the virtual cluster, and their triggers."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Final

from vcli.kube.resources import GATEWAYCLASSES, GATEWAYS, NAMESPACES, REFERENCEGRANTS, Resource
from vcli.kube.types import labels
from vcli.syncer.engine.context import Object, SyncContext, name_of
from vcli.syncer.sync.rejections import emit_warning
from vcli.syncer.sync.to_host import Trigger
from vcli.syncer.translate.gateway_refs import NOT_PERMITTED, Referrer, Target, sentence
from vcli.syncer.translate.mappings import HostObject, Mappings
from vcli.syncer.translate.metadata import virtual_name_of
from vcli.syncer.translate.mirrors import is_mirror
from vcli.syncer.translate.names import VirtualName
from vcli.syncer.translate.route_parents import Judge, Place

SHOWN: Final = "fromHost.gateways"
"""The path of the kind by which Gateways of the host are shown."""


def referrer(ctx: SyncContext, resource: Resource, virtual: Object) -> Referrer:
    """An object, with what it may refer to."""

    def grants(namespace: str) -> Iterator[Object]:
        found = ctx.virtual[REFERENCEGRANTS].items()
        return (each for each in found if each["metadata"]["namespace"] == namespace)

    return Referrer(resource.kind, virtual["metadata"]["namespace"], grants, ctx.scope)


def judge(ctx: SyncContext) -> Judge:
    """Who says what routes may attach to."""
    return Judge(place=partial(_place, ctx), labels=partial(_labels, ctx), scope=ctx.scope)


def is_of_own_class(ctx: SyncContext, gateway: Object) -> bool:
    """Whether a Gateway's class was made in the virtual cluster, for a controller there."""
    own = ctx.virtual[GATEWAYCLASSES].get(None, gateway["spec"]["gatewayClassName"])
    return own is not None and not is_mirror(own)


def virtual_gateway(ctx: SyncContext, host: HostObject) -> VirtualName | None:
    """The virtual Gateway of one of the host's: a tenant's, or one that is shown."""
    if host.namespace == ctx.namespace and GATEWAYS in ctx.host:
        found = ctx.host[GATEWAYS].get(host.namespace, host.name)
        name = virtual_name_of(found, scope=ctx.scope, kind=GATEWAYS.kind) if found is not None else None
        if name is not None:
            return name
    return _shown(ctx).to_virtual(host)


def by_grants(resource: Resource) -> Trigger:
    """What a ReferenceGrant concerns: the objects of the namespaces that it names."""

    def names(ctx: SyncContext, grant: Object) -> Iterator[VirtualName]:
        concerned = {each["namespace"] for each in grant["spec"]["from"] if each["kind"] == resource.kind}
        return _in_namespaces(ctx, resource, concerned)

    return Trigger(REFERENCEGRANTS, names)


def by_namespaces(resource: Resource) -> Trigger:
    """What a Namespace concerns by its labels: the objects in it."""

    def names(ctx: SyncContext, namespace: Object) -> Iterator[VirtualName]:
        return _in_namespaces(ctx, resource, {namespace["metadata"]["name"]})

    return Trigger(NAMESPACES, names, _is_relabelled)


def is_respecified(old: Object | None, new: Object | None) -> bool:
    """For `Trigger`: not for what merely has another status."""
    return old is None or new is None or bool(old["spec"] != new["spec"]) or is_mirror(old) != is_mirror(new)


async def warn_of_refused(
    ctx: SyncContext, resource: Resource, virtual: Object, refused: Iterable[Target]
) -> None:
    """Say which references are not permitted, if any is."""
    if found := list(refused):
        await emit_warning(ctx, resource, virtual, sentence(found), reason=NOT_PERMITTED)


async def warn_of_unknown(ctx: SyncContext, resource: Resource, virtual: Object, fields: list[str]) -> None:
    """Say why an object is not sent."""
    message = f"not synced: this version of vcli does not know {', '.join(fields)}"
    await emit_warning(ctx, resource, virtual, message)


def now() -> str:
    """The time, as conditions have it."""
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _place(ctx: SyncContext, name: VirtualName) -> Place | None:
    gateway = ctx.in_virtual(GATEWAYS, name)
    if gateway is None:
        return None
    if is_mirror(gateway):
        shown = next(_shown(ctx).to_host(name), None)
        return Place(gateway, shown=shown)
    return Place(gateway, is_synced=GATEWAYS in ctx.host and not is_of_own_class(ctx, gateway))


def _shown(ctx: SyncContext) -> Mappings:
    return Mappings(ctx.settings.mappings.get(SHOWN, {}), own=ctx.namespace)


def _labels(ctx: SyncContext, namespace: str) -> dict[str, str]:
    found = ctx.virtual[NAMESPACES].get(None, namespace)
    return dict(labels(found)) if found is not None else {}


def _in_namespaces(ctx: SyncContext, resource: Resource, namespaces: set[str]) -> Iterator[VirtualName]:
    names: Callable[[Object], VirtualName] = name_of
    return (each for each in map(names, ctx.virtual[resource].items()) if each.namespace in namespaces)


def _is_relabelled(old: Object | None, new: Object | None) -> bool:
    return old is None or new is None or labels(old) != labels(new)
