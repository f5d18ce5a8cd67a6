"""Custom resources from the host: mirrors of those that the values choose, which are for reading."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from typing import Final

from vcli.kube.discovery import Served
from vcli.kube.informer import Informer
from vcli.kube.resources import NAMESPACES
from vcli.syncer.engine.context import Object, SyncContext, name_of
from vcli.syncer.engine.controller import Controller
from vcli.syncer.engine.enqueue import created_or_deleted, enqueue_on
from vcli.syncer.engine.patching import merge_patch
from vcli.syncer.engine.writer import stamped
from vcli.syncer.kinds.custom.resources import CustomResource
from vcli.syncer.sync.from_host import ensure_namespace, mirror, to_mirror
from vcli.syncer.sync.rejections import IGNORED, emit_warning
from vcli.syncer.translate import customresources as translate
from vcli.syncer.translate import keys
from vcli.syncer.translate.labels import selector_text
from vcli.syncer.translate.mappings import HostObject, Mappings
from vcli.syncer.translate.mirrors import is_mirror
from vcli.syncer.translate.names import VirtualName

_TAKEN: Final = "the host has one that is to be mirrored under this name: this one is left as it is"


@asynccontextmanager
async def synced_from_host(ctx: SyncContext, custom: CustomResource, found: Served) -> AsyncIterator[None]:
    """A context in which one is mirrored, as both clusters serve it."""
    work = _FromHost(ctx, custom, found)
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each.run()) for each in work.caches]
            for each in work.caches:
                await each.wait_tried()
            tasks.append(group.create_task(work.controller.run()))
            yield
            for task in tasks:
                task.cancel()
    finally:
        ctx.virtual.forget(found.resource)


class _FromHost:
    """Mirrors one custom resource; its keys are virtual names."""

    def __init__(self, ctx: SyncContext, custom: CustomResource, found: Served) -> None:
        self._ctx = ctx
        self._resource = resource = found.resource
        self._has_status = found.has_status
        self._mappings = Mappings(custom.by_name, own=ctx.namespace)
        selector = ",".join(filter(None, [f"!{keys.MANAGED_BY}", selector_text(custom.selector)]))
        namespaces = sorted(self._mappings.host_namespaces) if resource.namespaced else [""]
        self._on_host = {
            namespace: ctx.host.watch(
                resource,
                key=f"{to_mirror(resource)} of {namespace}",
                namespace=namespace or None,
                label_selector=selector,
            )
            for namespace in namespaces
        }
        self._in_virtual = ctx.virtual.watch(resource)
        self.controller: Controller[VirtualName] = Controller(
            f"mirrored-{custom.name}", self._reconcile, caches=self.caches
        )
        for cache in self._on_host.values():
            enqueue_on(cache, self.controller.queue, self._shown_as)
        enqueue_on(self._in_virtual, self.controller.queue, lambda obj: (name_of(obj),))
        if resource.namespaced:
            namespace_of = ctx.virtual[NAMESPACES]
            enqueue_on(namespace_of, self.controller.queue, self._in_namespace, predicate=created_or_deleted)

    @property
    def caches(self) -> list[Informer]:
        """Of both clusters."""
        return [self._in_virtual, *self._on_host.values()]

    async def _reconcile(self, name: VirtualName) -> None:
        ctx, resource = self._ctx, self._resource
        host, current = self._source(name), ctx.in_virtual(resource, name)
        if current is not None and not is_mirror(current):
            if host is not None:
                await emit_warning(ctx, resource, current, _TAKEN, reason=IGNORED)
            return
        if host is None:
            if current is not None:
                await ctx.virtual.writer.delete(resource, current)
            return
        if name.namespace and current is None:
            await ensure_namespace(ctx, name.namespace)
        desired = translate.mirror_of(host, name, has_status=self._has_status)
        made = await mirror(ctx, resource, stamped(desired), current=current)
        if made is not None and self._has_status:
            patch = merge_patch(made.get("status") or {}, host.get("status") or {})
            if patch:
                await ctx.virtual.writer.patch_status(resource, made, patch)

    def _source(self, name: VirtualName) -> Object | None:
        """The object of the host that is mirrored under a name."""
        if not self._resource.namespaced:
            return self._on_host[""].get(None, name.name)
        found = (self._on_host[each.namespace].get(*each) for each in self._mappings.to_host(name))
        return next(filter(None, found), None)

    def _shown_as(self, host: Object) -> Iterable[VirtualName]:
        metadata = host["metadata"]
        if not self._resource.namespaced:
            return (VirtualName("", metadata["name"]),)
        name = self._mappings.to_virtual(HostObject(metadata["namespace"], metadata["name"]))
        return () if name is None else (name,)

    def _in_namespace(self, namespace: Object) -> Iterator[VirtualName]:
        for cache in self._on_host.values():
            for obj in cache.items():
                for name in self._shown_as(obj):
                    if name.namespace == namespace["metadata"]["name"]:
                        yield name
