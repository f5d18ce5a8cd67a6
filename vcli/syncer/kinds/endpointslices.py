"""EndpointSlices of Services without selector: the host can't make these by itself.

Endpoints need no syncing of their own: the virtual control plane mirrors them to EndpointSlices, and the
host's proxies read nothing else.
"""

from collections.abc import Iterable
from typing import Final

from vcli.kube.resources import ENDPOINTSLICES, SERVICES
from vcli.syncer.engine.context import Object, SyncContext, is_terminating, name_of, uid_of
from vcli.syncer.engine.controller import Controller, RequeueAfter
from vcli.syncer.engine.enqueue import enqueue_on, enqueue_on_host, enqueue_on_virtual
from vcli.syncer.kinds.refusals import warn_on_rejection
from vcli.syncer.kinds.services import is_own
from vcli.syncer.translate.endpoints import slice_to_host
from vcli.syncer.translate.metadata import virtual_uid_of
from vcli.syncer.translate.names import VirtualName
from vcli.syncer.translate.services import is_on_host

SERVICE_NAME: Final = "kubernetes.io/service-name"
BY_SERVICE: Final = "service"
NOT_FROM_SELECTORS: Final = "endpointslice.kubernetes.io/managed-by!=endpointslice-controller.k8s.io"
"""Label selector for the virtual slices that are worth a cache: those that no selector made."""


def by_service(endpoint_slice: Object) -> Iterable[str]:
    """Indexer for `BY_SERVICE`; the values are `NAMESPACE/SERVICE`."""
    metadata = endpoint_slice["metadata"]
    service = (metadata.get("labels") or {}).get(SERVICE_NAME)
    return (f"{metadata['namespace']}/{service}",) if service else ()


class EndpointSlices:
    """The controller of EndpointSlices."""

    def __init__(self, ctx: SyncContext) -> None:
        self._ctx = ctx
        self.controller: Controller[VirtualName] = Controller(
            "endpointslices", self._reconcile, caches=[ctx.host[ENDPOINTSLICES]]
        )
        queue = self.controller.queue
        enqueue_on_virtual(ctx.virtual[ENDPOINTSLICES], queue)
        enqueue_on_host(ctx.host[ENDPOINTSLICES], queue, kind="EndpointSlice", scope=ctx.scope)
        enqueue_on(ctx.virtual[SERVICES], queue, self._slices_of, predicate=_selector_changed)

    async def _reconcile(self, name: VirtualName) -> RequeueAfter | None:
        ctx = self._ctx
        virtual, host = ctx.in_virtual(ENDPOINTSLICES, name), ctx.on_host(ENDPOINTSLICES, name)
        if virtual is None or is_terminating(virtual) or not self._is_wanted(virtual):
            if host is not None:
                await ctx.host.writer.delete(ENDPOINTSLICES, host)
            return None
        if host is not None and _is_of_another(host, virtual):
            await ctx.host.writer.delete(ENDPOINTSLICES, host)
            host = None
        async with warn_on_rejection(ctx, ENDPOINTSLICES, virtual):
            await ctx.host.writer.apply(ENDPOINTSLICES, slice_to_host(virtual, scope=ctx.scope), current=host)
        return None

    def _is_wanted(self, endpoint_slice: Object) -> bool:
        """Whether it belongs to a Service of the host's that has no selector."""
        metadata = endpoint_slice["metadata"]
        service = VirtualName(metadata["namespace"], (metadata.get("labels") or {}).get(SERVICE_NAME) or "")
        if not service.name or is_own(service, self._ctx):
            return False
        found = self._ctx.in_virtual(SERVICES, service)
        return found is not None and _takes_slices(found)

    def _slices_of(self, service: Object) -> Iterable[VirtualName]:
        name = name_of(service)
        index = f"{name.namespace}/{name.name}"
        return map(name_of, self._ctx.virtual[ENDPOINTSLICES].by_index(BY_SERVICE, index))


def _is_of_another(host: Object, virtual: Object) -> bool:
    """Whether a host slice can't become this one's: it was another's, or is of a type that never changes."""
    return virtual_uid_of(host) != uid_of(virtual) or host["addressType"] != virtual["addressType"]


def _selector_changed(old: Object | None, new: Object | None) -> bool:
    if old is None or new is None:
        return True
    return _takes_slices(old) != _takes_slices(new)


def _takes_slices(service: Object) -> bool:
    return is_on_host(service) and not service["spec"].get("selector")
