"""Objects of the host that the values name, in the virtual cluster and for reading.

What a tenant changes of them is undone. An object of the same name that a tenant made is left alone.
"""

from collections.abc import Iterator
from functools import partial
from importlib import import_module
from typing import Final, NamedTuple

from vcli.catalog.kind import SyncedKind
from vcli.contract.mappings import NameMapping, parse_all
from vcli.kube.errors import ApiError
from vcli.kube.informer import Informer
from vcli.kube.resources import NAMESPACES, Resource
from vcli.kube.types import is_terminating
from vcli.syncer.engine.context import Object, SyncContext, name_of
from vcli.syncer.engine.controller import WAITING, Controller, Waiting
from vcli.syncer.engine.enqueue import created_or_deleted, enqueue_on
from vcli.syncer.engine.writer import stamped
from vcli.syncer.sync.from_host import Mapped, ensure_namespace, mirror, mirror_status
from vcli.syncer.sync.rejections import emit_warning
from vcli.syncer.translate import mapped as translate
from vcli.syncer.translate.mirrors import is_mirror
from vcli.syncer.translate.names import VirtualName

REASON: Final = "NotMirrored"


class Source(NamedTuple):
    """Objects of the host that are shown, and the cache of them."""

    mapping: NameMapping
    cache: Informer


def watch(ctx: SyncContext, kind: SyncedKind) -> None:
    """Ask for the caches: of each entry its own, so that a right to these objects is enough."""
    for mapping in _mappings(ctx, kind):
        one = f"metadata.name={mapping.host_name}"
        ctx.host.watch(
            kind.resource,
            key=_key(kind.resource, mapping),
            title=f"{kind.resource.plural} for {mapping.target}",
            namespace=mapping.host_namespace or ctx.namespace,
            label_selector=translate.NOT_BY_LABELS if mapping.is_for_all else None,
            field_selector=_shown_by(kind.resource).not_by_fields if mapping.is_for_all else one,
            optional=True,
        )


def controller(ctx: SyncContext, kind: SyncedKind) -> Controller[VirtualName]:
    """The controller of a kind; its keys are names in the virtual cluster."""
    sources = [Source(each, ctx.host[_key(kind.resource, each)]) for each in _mappings(ctx, kind)]
    return _Mapped(ctx, kind.resource, sources).controller


class _Mapped:
    def __init__(self, ctx: SyncContext, resource: Resource, sources: list[Source]) -> None:
        self._ctx = ctx
        self._resource = resource
        self._shown = _shown_by(resource)
        self._sources = sources
        self.controller: Controller[VirtualName] = Controller(
            f"mirrored-{resource.plural}", self._reconcile, caches=[ctx.virtual[resource]]
        )
        queue = self.controller.queue
        for source in sources:
            enqueue_on(source.cache, queue, partial(_targets, source.mapping))
            source.cache.subscribe_availability(partial(self._look_again, source.mapping))
        enqueue_on(ctx.virtual[resource], queue, self._concerned)
        enqueue_on(ctx.virtual[NAMESPACES], queue, self._shown_in, predicate=created_or_deleted)

    async def _reconcile(self, name: VirtualName) -> Waiting | None:
        ctx, resource = self._ctx, self._resource
        current = ctx.in_virtual(resource, name)
        host = None
        for mapping, cache in self._sources:
            host_name = mapping.source_of(*name)
            if host_name is None:
                continue
            if not cache.available:
                return WAITING  # what is shown stays as it is
            host = cache.get(mapping.host_namespace or ctx.namespace, host_name)
            if host is not None:
                break
        if current is not None and not is_mirror(current):
            if host is not None:
                message = f"the host's {resource.kind} for this name is not shown while this one is there"
                await emit_warning(ctx, resource, current, message, reason=REASON)
        elif host is not None:
            await self._show(host, name, current)
        elif current is not None and not is_terminating(current):
            await ctx.virtual.writer.delete(resource, current)
        return None

    async def _show(self, host: Object, name: VirtualName, current: Object | None) -> None:
        ctx, resource, shown = self._ctx, self._resource, self._shown
        desired = shown.translate(host, name)
        if current is None:
            await ensure_namespace(ctx, name.namespace)
        made = await mirror(ctx, resource, stamped(desired), current=current, replace_when=shown.replace_when)
        if made is not None and (patch := shown.removal(made, desired)):
            await ctx.virtual.writer.patch(resource, made, patch)
        if made is not None and shown.status is not None:
            await mirror_status(ctx, resource, made, shown.status(host))

    def _concerned(self, virtual: Object) -> Iterator[VirtualName]:
        name = name_of(virtual)
        if is_mirror(virtual) or any(each.mapping.source_of(*name) for each in self._sources):
            yield name

    def _shown_in(self, namespace: Object) -> Iterator[VirtualName]:
        """What is to be shown in a namespace: while one is being deleted, nothing can be."""
        for mapping, cache in self._sources:
            if mapping.namespace == namespace["metadata"]["name"]:
                for host in cache.items():
                    yield from _targets(mapping, host)

    def _look_again(self, mapping: NameMapping, refusal: ApiError | None) -> None:
        """The host lets us list an entry: what it does not have any more goes."""
        if refusal is None:
            for virtual in self._ctx.virtual[self._resource].items():
                if mapping.source_of(*name_of(virtual)) is not None:
                    self.controller.queue.add(name_of(virtual))


def _shown_by(resource: Resource) -> Mapped:
    """How a kind is shown: the module of one that is not data alone says it, as ``MAPPED``."""
    fields = translate.NOT_BY_FIELDS.get(resource.kind)
    if fields is None:
        module: Mapped = import_module(f"vcli.syncer.kinds.{resource.plural}").MAPPED
        return module
    return Mapped(
        translate=partial(translate.to_virtual, kind=resource.kind),
        replace_when=translate.must_be_replaced,
        removal=translate.removal_of_additions,
        not_by_fields=fields,
    )


def _mappings(ctx: SyncContext, kind: SyncedKind) -> list[NameMapping]:
    return parse_all(ctx.settings.mappings.get(kind.path, {}))


def _key(resource: Resource, mapping: NameMapping) -> str:
    """Of the host's caches."""
    return f"{resource.plural} {mapping.host_namespace}/{mapping.host_name} to {mapping.target}"


def _targets(mapping: NameMapping, host: Object) -> Iterator[VirtualName]:
    target = mapping.target_of(host["metadata"]["name"])
    if target is not None:
        yield VirtualName(*target)
