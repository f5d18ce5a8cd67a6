"""From the virtual cluster to the host: the one reconcile of all kinds that need no controller of their own.

A kind says what is special about it in a `ToHost`. What is common is here: whose host object it is, when it
goes, when it has to be another one, what the host rejects, and what comes back.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

from vcli.kube.errors import Forbidden
from vcli.kube.resources import Resource
from vcli.kube.types import annotations, is_terminating, uid
from vcli.syncer.engine.context import Object, SyncContext
from vcli.syncer.engine.controller import Controller, RequeueAfter
from vcli.syncer.engine.enqueue import Change, enqueue_on, enqueue_on_host, enqueue_on_virtual
from vcli.syncer.engine.patching import merge_patch
from vcli.syncer.sync.ownership import with_owner
from vcli.syncer.sync.references import ConfigName
from vcli.syncer.sync.rejections import IGNORED, UNAVAILABLE, emit_warning, warn_on_rejection
from vcli.syncer.translate import allowed, dropped
from vcli.syncer.translate.metadata import virtual_uid_of
from vcli.syncer.translate.names import VirtualName

Index: TypeAlias = Callable[[Object], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Trigger:
    """Objects of another kind that what is wanted depends on.

    Attributes:
        resource: that kind; it must have a cache.
        names: the objects that one of them concerns.
        predicate: which changes matter; by default each does.
        on_host: whether they are those of the host, not of the virtual cluster.
    """

    resource: Resource
    names: Callable[[SyncContext, Object], Iterable[VirtualName]]
    predicate: Change | None = None
    on_host: bool = False


async def always(ctx: SyncContext, virtual: Object, host: Object | None) -> bool:  # noqa: ARG001
    """For `ToHost.wanted`."""
    return True


def never(virtual: Object, host: Object) -> bool:  # noqa: ARG001
    """For `ToHost.replace_when`."""
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class ToHost:
    """What is special about a kind. Virtual object first, then its host object; None: there is none.

    Attributes:
        translate: makes the complete host object.
        wanted: whether it is to be on the host; may make an event that says why not.
        replace_when: whether the host object can't become what is wanted, as a field of it is immutable.
        patch_virtual: a merge patch of the virtual object by what the host has; None for nothing.
        before_status: what has to happen before the status is shown.
        status: the status of the virtual object, by that of the host's.
        after: what is to be said once the host has it: the virtual object, the host object before and now.
        references: the ConfigMaps and Secrets that a virtual object needs on the host.
        triggers: what else it depends on.
        selector: label selector of the virtual objects that are worth a cache.
        indexers: of that cache.
    """

    translate: Callable[[SyncContext, Object, Object | None], Object]
    wanted: Callable[[SyncContext, Object, Object | None], Awaitable[bool]] = always
    replace_when: Callable[[Object, Object], bool] = never
    patch_virtual: Callable[[SyncContext, Object, Object], Object | None] | None = None
    before_status: Callable[[Object, Object], Awaitable[Any]] | None = None
    status: Callable[[SyncContext, Object, Object], Object] | None = None
    after: Callable[[SyncContext, Object, Object | None, Object], Awaitable[None]] | None = None
    references: Callable[[Object], Iterable[ConfigName]] | None = None
    triggers: Sequence[Trigger] = ()
    selector: str | None = None
    indexers: Mapping[str, Index] = field(default_factory=dict)


def to_host(ctx: SyncContext, resource: Resource, sync: ToHost) -> Controller[VirtualName]:
    """The controller of a kind; both clusters must have a cache of it.

    While either is unavailable, nothing is done, as an empty cache would say that nothing is there; while the
    host's is, virtual objects get a Warning event.
    """
    work = _ToHost(ctx, resource, sync)
    controller: Controller[VirtualName] = Controller(
        resource.plural,
        work.reconcile,
        caches=[ctx.host[resource], ctx.virtual[resource]],
        unavailable=work.warn_unavailable,
    )
    queue = controller.queue
    enqueue_on_virtual(ctx.virtual[resource], queue)
    enqueue_on_host(ctx.host[resource], queue, kind=resource.kind, scope=ctx.scope)
    for trigger in sync.triggers:
        enqueue_on(
            (ctx.host if trigger.on_host else ctx.virtual)[trigger.resource],
            queue,
            partial(trigger.names, ctx),
            predicate=trigger.predicate,
        )
    return controller


async def update_virtual_status(
    ctx: SyncContext, resource: Resource, virtual: Object, status: Object
) -> Object:
    """Have this status on a virtual object; returns it as it is then."""
    patch = merge_patch(virtual.get("status") or {}, status)
    if not patch:
        return virtual
    return await ctx.virtual.writer.patch_status(resource, virtual, patch)


class _ToHost:
    def __init__(self, ctx: SyncContext, resource: Resource, sync: ToHost) -> None:
        self._ctx = ctx
        self._resource = resource
        self._sync = sync

    async def reconcile(self, name: VirtualName) -> RequeueAfter | None:
        ctx, resource, sync = self._ctx, self._resource, self._sync
        virtual, host = ctx.in_virtual(resource, name), ctx.on_host(resource, name)
        if virtual is None or (host is not None and virtual_uid_of(host) != uid(virtual)):
            await self._delete(host)  # when it is gone, that brings the name here again
            return None
        if not await sync.wanted(ctx, virtual, host):
            await self._delete(host)
            return None
        if host is not None and sync.replace_when(virtual, host):
            await self._delete(host)
            return None
        if host is not None:
            # First, so that what the host rejects below does not hide what it says.
            virtual = await self._back(virtual, host)
        elif is_terminating(virtual):
            return None
        await self._apply(virtual, host)
        return None

    async def warn_unavailable(self, name: VirtualName) -> None:
        """Say of a virtual object what is missing for it to be on the host."""
        ctx, resource = self._ctx, self._resource
        virtual, refusal = ctx.in_virtual(resource, name), ctx.host[resource].refusal
        if virtual is None or refusal is None or is_terminating(virtual):
            return
        if await self._sync.wanted(ctx, virtual, None):
            kind = f"{resource.plural}.{resource.group}" if resource.group else resource.plural
            lacks = f"this virtual cluster has no right to list {kind} on its host"
            message = lacks if isinstance(refusal, Forbidden) else f"its host has no {kind}"
            await emit_warning(ctx, resource, virtual, f"not synced: {message}", reason=UNAVAILABLE)

    async def _delete(self, host: Object | None) -> None:
        if host is not None and not is_terminating(host):
            await self._ctx.host.writer.delete(self._resource, host)

    async def _apply(self, virtual: Object, host: Object | None) -> None:
        ctx, resource, sync = self._ctx, self._resource, self._sync
        desired = sync.translate(ctx, virtual, host)
        if not resource.namespaced:
            desired = await with_owner(ctx, desired)
        async with warn_on_rejection(ctx, resource, virtual):
            made = await ctx.host.writer.apply(resource, desired, current=host)
        if made is not host:
            stay = allowed.sentences(annotations(virtual), ctx.scope.allowed)
            for sentence in (*stay, *dropped.sentences(desired, made)):
                await emit_warning(ctx, resource, virtual, sentence, reason=IGNORED)
        if sync.after is not None:
            await sync.after(ctx, virtual, host, made)

    async def _back(self, virtual: Object, host: Object) -> Object:
        """Show what came of it; returns the virtual object as it is then."""
        ctx, resource, sync = self._ctx, self._resource, self._sync
        patch = sync.patch_virtual(ctx, virtual, host) if sync.patch_virtual is not None else None
        if patch is not None:
            virtual = await ctx.virtual.writer.patch(resource, virtual, patch)
        if sync.before_status is not None:
            await sync.before_status(virtual, host)
        if sync.status is None:
            return virtual
        return await update_virtual_status(ctx, resource, virtual, sync.status(ctx, virtual, host))
