"""Custom resources to the host: caches and a controller of each, and what is special about it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Final, TypeAlias

from vcli.contract.labels import synced_by
from vcli.kube.discovery import Served
from vcli.kube.resources import Resource
from vcli.syncer.engine.context import Object, SyncContext, name_of
from vcli.syncer.engine.controller import Controller, TerminalError
from vcli.syncer.engine.patching import merge_patch
from vcli.syncer.engine.schedule import INITIAL
from vcli.syncer.kinds.custom.resources import CustomResource
from vcli.syncer.kinds.events import Events
from vcli.syncer.sync.references import ConfigName, ReferenceIndex
from vcli.syncer.sync.rejections import emit_warning
from vcli.syncer.sync.to_host import ToHost, to_host
from vcli.syncer.translate import customresources as translate
from vcli.syncer.translate.metadata import host_name_for
from vcli.syncer.translate.names import VirtualName
from vcli.syncer.translate.patches import GroupKind, Place, Places, UnfitError, references

_CONFIGS: Final = ("ConfigMap", "Secret")
_Running: TypeAlias = tuple[Resource, Controller[VirtualName]]


class KindsToHost:
    """What all of them share: what names of kinds mean, in references of one to another.

    Args:
        ctx: both clusters.
        references: counts the ConfigMaps and Secrets that they name.
        events: passes on the events of their host objects; None where none are.
    """

    def __init__(self, ctx: SyncContext, references: ReferenceIndex, events: Events | None) -> None:
        self._ctx = ctx
        self._references = references
        self._events = events
        self._places: dict[GroupKind, Place] = {
            GroupKind(each.group, each.kind): "namespaced" if each.namespaced else "host"
            for each in Resource.known.values()
        }
        self._running: dict[str, _Running] = {}

    @asynccontextmanager
    async def synced(self, custom: CustomResource, found: Served) -> AsyncIterator[None]:
        """A context in which one is synced, as both clusters serve it."""
        ctx, resource = self._ctx, found.resource
        self._place(resource)
        in_virtual = ctx.virtual.watch(resource)
        on_host = ctx.host.watch(
            resource,
            namespace=ctx.namespace if resource.namespaced else None,
            label_selector=synced_by(ctx.scope.cluster, ctx.namespace, namespaced=resource.namespaced),
        )
        configs = partial(configs_of, custom=custom, places=self._places)
        self._references.register(resource, configs)
        controller = to_host(ctx, resource, kind_to_host(custom, found, self._places))
        self._running[custom.name] = resource, controller
        if self._events is not None:
            self._events.forward(resource)
        try:
            async with asyncio.TaskGroup() as group:
                work = [group.create_task(each.run()) for each in (in_virtual, on_host)]
                await in_virtual.wait_synced()
                await on_host.wait_tried()
                work.append(group.create_task(controller.run()))
                yield
                for task in work:
                    task.cancel()
        finally:
            del self._running[custom.name]
            if self._events is not None:
                self._events.stop_forwarding(resource)
            self._references.forget(resource, configs)
            ctx.virtual.forget(resource)
            ctx.host.forget(resource)

    def _place(self, resource: Resource) -> None:
        """Say what names of a kind mean from now on: objects that may name some are translated again."""
        kind, place = GroupKind(resource.group, resource.kind), _place_of(resource)
        if self._places.get(kind) != place:
            self._places[kind] = place
            for other, controller in self._running.values():
                for obj in self._ctx.virtual[other].items():
                    controller.queue.add(name_of(obj), priority=INITIAL)


def _place_of(resource: Resource) -> Place:
    return "namespaced" if resource.namespaced else "cluster"


def configs_of(virtual: Object, custom: CustomResource, places: Places) -> Iterator[ConfigName]:
    """The ConfigMaps and Secrets that an object names."""
    for found in references(virtual, custom.patches, places):
        if not found.kind.group and found.kind.kind in _CONFIGS:
            yield ConfigName(found.kind.kind, found.name)


def kind_to_host(custom: CustomResource, served: Served, places: Places) -> ToHost:
    """The same for the skeleton of all kinds."""
    resource = served.resource

    def to_host(ctx: SyncContext, virtual: Object, _: Object | None) -> Object:
        return translate.to_host(virtual, custom.patches, places=places, scope=ctx.scope)

    async def wanted(ctx: SyncContext, virtual: Object, _: Object | None) -> bool:
        try:
            to_host(ctx, virtual, None)
        except UnfitError as error:
            # What the host has stays as it was.
            await emit_warning(ctx, resource, virtual, f"not synced: {error}")
            raise TerminalError(f"{custom.name} can't be translated: {error}") from error
        return True

    def status(ctx: SyncContext, virtual: Object, host: Object) -> Object:
        if not host.get("status"):  # yet; what is shown may be of a controller inside
            return virtual.get("status") or {}
        names = _names(ctx, resource, virtual, custom, places)
        return translate.virtual_status(virtual, host, names=names, scope=ctx.scope)

    def status_as_field(ctx: SyncContext, virtual: Object, host: Object) -> Object | None:
        patch = merge_patch(virtual.get("status") or {}, status(ctx, virtual, host))
        return {"status": patch} if patch else None

    return ToHost(
        translate=to_host,
        wanted=wanted,
        status=status if served.has_status else None,
        patch_virtual=None if served.has_status else status_as_field,
    )


def _names(
    ctx: SyncContext, resource: Resource, virtual: Object, custom: CustomResource, places: Places
) -> dict[str, str]:
    """Host names that a status may hold, to virtual ones."""
    own = name_of(virtual)
    found = {host_name_for(own, kind=resource.kind, scope=ctx.scope): own.name}
    for each in references(virtual, custom.patches, places):
        if each.place != "host":
            found[host_name_for(each.name, kind=each.kind.kind, scope=ctx.scope)] = each.name.name
    return {str(host): name for host, name in found.items()}
