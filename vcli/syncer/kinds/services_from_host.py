"""Services of the host that the virtual cluster has by a name of its own, for its pods.

What a tenant changes in one is undone. A Service of that name that a tenant made stays as it is.
"""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Final, NamedTuple

from vcli.kube.errors import ApiError
from vcli.kube.resources import ENDPOINTS, ENDPOINTSLICES, NAMESPACES, SERVICES, Resource
from vcli.kube.types import is_terminating, labels
from vcli.syncer.engine.context import Object, SyncContext, name_of
from vcli.syncer.engine.controller import Controller
from vcli.syncer.engine.enqueue import enqueue_on
from vcli.syncer.kinds.endpointslices import BY_SERVICE, SERVICE_NAME
from vcli.syncer.sync.from_host import ensure_namespace
from vcli.syncer.sync.rejections import IGNORED, emit_warning
from vcli.syncer.translate import replicated_services as translate
from vcli.syncer.translate.mirrors import is_mirror
from vcli.syncer.translate.names import VirtualName

_KEY: Final = "networking.replicateServices.fromHost"


class HostService(NamedTuple):
    """A Service of the host."""

    namespace: str
    name: str

    def cache_of(self, resource: Resource) -> str:
        """The key of the host's cache of this one Service, or of its Endpoints."""
        return f"{resource.plural} {self.namespace}/{self.name}"


def service_of(endpoint_slice: Object) -> VirtualName:
    """The Service that an EndpointSlice is of."""
    name = labels(endpoint_slice).get(SERVICE_NAME, "")
    return VirtualName(endpoint_slice["metadata"]["namespace"], name)


class ServicesFromHost:
    """The controller of these virtual Services; its keys are their names.

    While a Service of the host can't be read, what shows it stays as it is.

    Args:
        ctx: both clusters.
        services: by the virtual name, which Service of the host.
    """

    def __init__(self, ctx: SyncContext, services: Mapping[VirtualName, HostService]) -> None:
        self._ctx = ctx
        self._services = services
        self.controller: Controller[VirtualName] = Controller(
            "services-from-host", self._reconcile, workers=1
        )
        queue = self.controller.queue
        enqueue_on(ctx.virtual[SERVICES], queue, lambda obj: self._known(name_of(obj)))
        enqueue_on(ctx.virtual[ENDPOINTSLICES], queue, lambda obj: self._known(service_of(obj)))
        enqueue_on(ctx.virtual[NAMESPACES], queue, lambda obj: self._in(obj["metadata"]["name"]))
        for name, service in services.items():
            for resource in (SERVICES, ENDPOINTS):
                cache = ctx.host[service.cache_of(resource)]
                enqueue_on(cache, queue, partial(_only, name))
                cache.subscribe_availability(partial(self._listed, name))

    async def _reconcile(self, name: VirtualName) -> None:
        ctx, service = self._ctx, self._services[name]
        caches = [ctx.host[service.cache_of(resource)] for resource in (SERVICES, ENDPOINTS)]
        if not all(cache.available for cache in caches):
            return
        host, endpoints = (cache.get(service.namespace, service.name) for cache in caches)
        current = ctx.in_virtual(SERVICES, name)
        if current is not None and not is_mirror(current):
            text = f"{_KEY} has this name for a Service of the host; this one was not made for it, and stays"
            await emit_warning(ctx, SERVICES, current, text, reason=IGNORED)
            await self._sync_slices(name, [])
            return
        if host is None:
            if current is not None and not is_terminating(current):
                await ctx.virtual.writer.delete(SERVICES, current)
            await self._sync_slices(name, [])
            return
        await ensure_namespace(ctx, name.namespace)
        desired = translate.mirror(host, name)
        if current is None:
            await ctx.virtual.writer.create(SERVICES, desired)  # a tenant's of that moment is not replaced
        elif not translate.is_as_mirrored(current, desired):
            await ctx.virtual.writer.create_or_replace(SERVICES, desired, current=current)
        await self._sync_slices(name, translate.mirrored_slices(host, endpoints, name))

    async def _sync_slices(self, name: VirtualName, wanted: Iterable[Object]) -> None:
        writer = self._ctx.virtual.writer
        known = self._ctx.virtual[ENDPOINTSLICES].by_index(BY_SERVICE, f"{name.namespace}/{name.name}")
        left = {each["metadata"]["name"]: each for each in known if is_mirror(each)}
        for desired in wanted:
            current = left.pop(desired["metadata"]["name"], None)
            if current is None or not translate.is_slice_as_mirrored(current, desired):
                await writer.create_or_replace(ENDPOINTSLICES, desired, current=current)
        for each in left.values():
            await writer.delete(ENDPOINTSLICES, each)

    def _known(self, name: VirtualName) -> Iterable[VirtualName]:
        return (name,) if name in self._services else ()

    def _in(self, namespace: str) -> Iterable[VirtualName]:
        return [name for name in self._services if name.namespace == namespace]

    def _listed(self, name: VirtualName, error: ApiError | None) -> None:
        """What is not in a list any more brings no event."""
        if error is None:
            self.controller.queue.add(name)


def _only(name: VirtualName, _: Object) -> Iterable[VirtualName]:
    return (name,)
