"""From the host to the virtual cluster: mirrors, which are for reading.

What a tenant changes of one is undone, what a tenant adds to it may stay. An object of the same name that a
tenant made is the tenant's, and left alone.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from vcli.kube.errors import AlreadyExists, NotFound
from vcli.kube.informer import Informer
from vcli.kube.resources import NAMESPACES, Resource
from vcli.kube.types import is_terminating, labels
from vcli.syncer.engine.context import Object, SyncContext, name_of
from vcli.syncer.engine.controller import Controller, RequeueAfter
from vcli.syncer.engine.enqueue import created_or_deleted, enqueue_on
from vcli.syncer.engine.log import Log
from vcli.syncer.engine.patching import merge_patch
from vcli.syncer.engine.writer import FIELD_MANAGER, stamped
from vcli.syncer.translate import keys
from vcli.syncer.translate.mirrors import is_mirror
from vcli.syncer.translate.names import VirtualName

BY_MIRROR: Final = "mirror"

log = Log("vcli.syncer.mirrors")


def to_mirror(resource: Resource) -> str:
    """The key of the host's cache of a kind that is mirrored; what is synced to it is under the resource."""
    return f"{resource.plural} to mirror"


def always(ctx: SyncContext, host: Object) -> bool:  # noqa: ARG001
    """For `FromHost.wanted`."""
    return True


def never(current: Object, desired: Object) -> bool:  # noqa: ARG001
    """For `FromHost.replace_when`."""
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class FromHost:
    """What is special about a kind.

    Attributes:
        translate: makes the complete virtual object; its labels must be such that it is `owned`.
        owned: whether a virtual object is a mirror, and not the tenant's own.
        wanted: whether an object of the host is to be mirrored.
        mirror_name: what the mirror of an object is called; by default as the object, in no namespace.
        follows: mirrors are there while the virtual cluster has an object of this kind and of the same name.
        depends_on: kinds of the virtual cluster by whose objects, and their labels, `wanted` decides.
        replace_when: whether a mirror, as it is, can't become what is desired, as a field is immutable.
        status: the status of the mirror of an object, where that is a subresource.
    """

    translate: Callable[[SyncContext, Object], Object]
    owned: Callable[[Object], bool] = is_mirror
    wanted: Callable[[SyncContext, Object], bool] = always
    mirror_name: Callable[[Object], VirtualName] = name_of
    follows: Resource | None = None
    depends_on: tuple[Resource, ...] = ()
    replace_when: Callable[[Object, Object], bool] = never
    status: Callable[[Object], Object] | None = None

    @property
    def indexers(self) -> Mapping[str, Callable[[Object], tuple[str]]]:
        """Of the host's cache: objects are found by the names of their mirrors."""
        return {BY_MIRROR: lambda host: ("/".join(self.mirror_name(host)),)}


def nothing(current: Object, desired: Object) -> Object | None:  # noqa: ARG001
    """For `Mapped.removal`."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """What is special about a kind of which the values name the objects.

    Attributes:
        translate: makes the complete virtual object that shows one of the host's under a name.
        replace_when: as of `FromHost`.
        removal: a merge patch that takes away what a tenant added to a mirror; None for nothing.
        status: the status of the mirror of an object, where that is a subresource.
        not_by_fields: a field selector without what is not shown where all of a namespace is.
    """

    translate: Callable[[Object, VirtualName], Object]
    replace_when: Callable[[Object, Object], bool] = never
    removal: Callable[[Object, Object], Object | None] = nothing
    status: Callable[[Object], Object] | None = None
    not_by_fields: str | None = None


def from_host(ctx: SyncContext, resource: Resource, sync: FromHost) -> Controller[VirtualName]:
    """The controller of a kind, whose keys are names of mirrors; both clusters must have a cache of it.

    The host's is the one of `to_mirror`, with the `FromHost.indexers`. While either is unavailable, nothing
    is done: mirrors stay as they are.
    """
    on_host, in_virtual = ctx.host[to_mirror(resource)], ctx.virtual[resource]
    followed = None if sync.follows is None else ctx.virtual[sync.follows]

    async def reconcile(name: VirtualName) -> RequeueAfter | None:
        host = next(iter(on_host.by_index(BY_MIRROR, "/".join(name))), None)
        current = ctx.in_virtual(resource, name)
        if current is not None and not sync.owned(current):
            return None
        is_followed = followed is None or followed.get(None, name.name) is not None
        if host is not None and is_followed and sync.wanted(ctx, host):
            desired = stamped(sync.translate(ctx, host))
            made = await mirror(ctx, resource, desired, current=current, replace_when=sync.replace_when)
            if made is not None and sync.status is not None:
                await mirror_status(ctx, resource, made, sync.status(host))
        elif current is not None and not is_terminating(current):
            await ctx.virtual.writer.delete(resource, current)
        return None

    controller: Controller[VirtualName] = Controller(
        f"mirrored-{resource.plural}", reconcile, caches=[on_host, in_virtual]
    )
    enqueue_on(on_host, controller.queue, lambda host: (sync.mirror_name(host),))
    enqueue_on(in_virtual, controller.queue, lambda virtual: (name_of(virtual),))
    if followed is not None:
        enqueue_on(followed, controller.queue, lambda obj: (name_of(obj),), predicate=created_or_deleted)
    for other in sync.depends_on:
        if other in ctx.virtual:
            every = partial(_all_of, on_host, sync)
            enqueue_on(ctx.virtual[other], controller.queue, every, predicate=_is_relabelled)
    return controller


def _all_of(on_host: Informer, sync: FromHost, _: Object) -> Iterator[VirtualName]:
    return map(sync.mirror_name, on_host.items())


def _is_relabelled(old: Object | None, new: Object | None) -> bool:
    """Whether an object came, went, or has other labels."""
    return old is None or new is None or labels(old) != labels(new)


async def ensure_namespace(ctx: SyncContext, name: str) -> None:
    """Have a namespace in the virtual cluster, for what the values show in it."""
    if ctx.virtual[NAMESPACES].get(None, name) is None:
        with suppress(AlreadyExists):  # the cache is a moment behind
            await ctx.virtual.writer.create(NAMESPACES, {"metadata": {"name": name}})


async def remove_mirrors(ctx: SyncContext, resource: Resource) -> None:
    """Delete the mirrors of a kind that is off, from when it was on."""
    try:
        found = await ctx.virtual.client.list(resource, label_selector=keys.MIRROR)
    except NotFound:  # a kind that the virtual cluster does not have
        return
    for obj in filter(is_mirror, found["items"]):
        await ctx.virtual.writer.delete(resource, obj)
        log.info("mirror removed: its kind is off", kind=resource.kind, name=obj["metadata"]["name"])


async def mirror_status(ctx: SyncContext, resource: Resource, made: Object, status: Object) -> None:
    """Have a status on a mirror."""
    if patch := merge_patch(made.get("status") or {}, status):
        await ctx.virtual.writer.patch_status(resource, made, patch)


def covers(current: Any, desired: Any) -> bool:
    """Whether an object has all that is desired; it may have more."""
    if isinstance(desired, dict):
        known = current if isinstance(current, dict) else {}  # an empty map is left out of answers
        return all(covers(known.get(key), value) for key, value in desired.items())
    return bool(current == desired)


async def mirror(
    ctx: SyncContext,
    resource: Resource,
    desired: Object,
    *,
    current: Object | None,
    replace_when: Callable[[Object, Object], bool] = never,
    covered: Callable[[Object, Object], bool] = covers,
) -> Object | None:
    """Have an object in the virtual cluster as the host has it.

    Args:
        ctx: both clusters.
        resource: of the object.
        desired: the complete virtual object.
        current: as it is.
        replace_when: whether it has to be another object for that.
        covered: whether it is that already.

    Returns:
        The object; None where it is being replaced: when the old one is gone, call again.

    Raises:
        ApiError: as the virtual API answers.
    """
    if current is not None and replace_when(current, desired):
        if not is_terminating(current):
            await ctx.virtual.writer.delete(resource, current)
        return None
    if current is not None and covered(current, desired):
        return current
    made = await ctx.virtual.client.apply(resource, desired, field_manager=FIELD_MANAGER)
    ctx.virtual.store(resource, made)
    return made
