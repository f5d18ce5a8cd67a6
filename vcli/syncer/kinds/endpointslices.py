"""EndpointSlices that no selector makes: the host can't make these by itself.

They may be of a Service with a selector as well: proxies serve what that finds, and these. Endpoints need no
syncing of their own: the virtual control plane mirrors them to EndpointSlices, and proxies read nothing else.
"""

from collections.abc import Iterable
from typing import Final

from vcli.kube.resources import ENDPOINTSLICES, SERVICES
from vcli.kube.types import labels
from vcli.syncer.engine.context import Object, SyncContext, name_of
from vcli.syncer.kinds.services import is_own
from vcli.syncer.sync.to_host import ToHost, Trigger
from vcli.syncer.translate.endpoints import slice_to_host
from vcli.syncer.translate.names import VirtualName
from vcli.syncer.translate.services import is_on_host

SERVICE_NAME: Final = "kubernetes.io/service-name"
BY_SERVICE: Final = "service"
NOT_FROM_SELECTORS: Final = "endpointslice.kubernetes.io/managed-by!=endpointslice-controller.k8s.io"
"""Label selector for the virtual slices that are worth a cache: those that no selector made."""


def by_service(endpoint_slice: Object) -> Iterable[str]:
    """Indexer for `BY_SERVICE`; the values are `NAMESPACE/SERVICE`."""
    metadata = endpoint_slice["metadata"]
    service = labels(endpoint_slice).get(SERVICE_NAME)
    return (f"{metadata['namespace']}/{service}",) if service else ()


async def _is_wanted(ctx: SyncContext, endpoint_slice: Object, _: Object | None) -> bool:
    """Whether it belongs to a Service that the host has."""
    namespace = endpoint_slice["metadata"]["namespace"]
    service = VirtualName(namespace, labels(endpoint_slice).get(SERVICE_NAME, ""))
    if not service.name or is_own(service, ctx):
        return False
    found = ctx.in_virtual(SERVICES, service)
    return found is not None and is_on_host(found)


def _slices_of(ctx: SyncContext, service: Object) -> Iterable[VirtualName]:
    name = name_of(service)
    index = f"{name.namespace}/{name.name}"
    return map(name_of, ctx.virtual[ENDPOINTSLICES].by_index(BY_SERVICE, index))


def _takes_other_slices(old: Object | None, new: Object | None) -> bool:
    if old is None or new is None:
        return True
    return is_on_host(old) != is_on_host(new)


TO_HOST: Final = ToHost(
    translate=lambda ctx, virtual, _: slice_to_host(virtual, scope=ctx.scope),
    wanted=_is_wanted,
    replace_when=lambda virtual, host: bool(host["addressType"] != virtual["addressType"]),
    triggers=(Trigger(SERVICES, _slices_of, _takes_other_slices),),
    selector=NOT_FROM_SELECTORS,
    indexers={BY_SERVICE: by_service},
)
