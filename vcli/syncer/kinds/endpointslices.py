"""EndpointSlices that no selector makes: the host can't make these by itself.

They may be of a Service with a selector as well: proxies serve what that finds, and these. Endpoints need no
syncing of their own: the virtual control plane mirrors them to EndpointSlices, and proxies read nothing else.
"""

from collections.abc import Callable, Iterable
from typing import Final

from vcli.kube.resources import ENDPOINTSLICES, PODS, SERVICES
from vcli.kube.types import labels
from vcli.syncer.engine.context import Object, SyncContext, name_of
from vcli.syncer.kinds.services import is_own
from vcli.syncer.sync.rejections import IGNORED, emit_warning
from vcli.syncer.sync.to_host import ToHost, Trigger
from vcli.syncer.translate.endpoints import left_out, slice_to_host
from vcli.syncer.translate.external_ips import Address, addresses
from vcli.syncer.translate.names import VirtualName
from vcli.syncer.translate.services import is_on_host

SERVICE_NAME: Final = "kubernetes.io/service-name"
BY_SERVICE: Final = "service"
BY_ADDRESS: Final = "address"
NOT_FROM_SELECTORS: Final = "endpointslice.kubernetes.io/managed-by!=endpointslice-controller.k8s.io"
"""Label selector for the virtual slices that are worth a cache: those that no selector made."""


def by_service(endpoint_slice: Object) -> Iterable[str]:
    """Indexer for `BY_SERVICE`; the values are `NAMESPACE/SERVICE`."""
    metadata = endpoint_slice["metadata"]
    service = labels(endpoint_slice).get(SERVICE_NAME)
    return (f"{metadata['namespace']}/{service}",) if service else ()


def by_address(endpoint_slice: Object) -> Iterable[str]:
    """Indexer for `BY_ADDRESS`."""
    return map(str, _addresses(endpoint_slice))


def _addresses(endpoint_slice: Object) -> frozenset[Address]:
    return addresses(text for each in endpoint_slice.get("endpoints") or () for text in each["addresses"])


def reachable(ctx: SyncContext) -> Callable[[str], bool] | None:
    """Whether an address may be an endpoint, in a virtual cluster that is isolated; else None: each may."""
    if not ctx.settings.isolated:
        return None
    pods = ctx.host[PODS].items()
    nodes = frozenset(address for pod in pods for address in _of_pod(pod, "hostIPs"))
    own = frozenset(address for pod in pods for address in _of_pod(pod, "podIPs"))

    def may(text: str) -> bool:
        found = addresses([text])
        return bool(found) and not found & nodes and all(each in own or each.is_global for each in found)

    return may


def _of_pod(pod: Object, field: str) -> frozenset[Address]:
    listed = (pod.get("status") or {}).get(field) or ()
    return addresses(each.get("ip", "") for each in listed)


def _slices_at(ctx: SyncContext, pod: Object) -> Iterable[VirtualName]:
    """The slices that name an address of a host pod: it may be another tenant's when the pod is gone."""
    if not ctx.settings.isolated:
        return ()
    slices = ctx.virtual[ENDPOINTSLICES]
    return [
        name_of(each)
        for address in _of_pod(pod, "podIPs")
        for each in slices.by_index(BY_ADDRESS, str(address))
    ]


def _moves(old: Object | None, new: Object | None) -> bool:
    before, after = (frozenset() if each is None else _of_pod(each, "podIPs") for each in (old, new))
    return before != after


async def _warn(ctx: SyncContext, virtual: Object, host: Object | None, made: Object) -> None:
    may = reachable(ctx)
    if may is not None and made is not host:
        for sentence in left_out(virtual, may):
            await emit_warning(ctx, ENDPOINTSLICES, virtual, sentence, reason=IGNORED)


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
    translate=lambda ctx, virtual, _: slice_to_host(virtual, scope=ctx.scope, reachable=reachable(ctx)),
    wanted=_is_wanted,
    replace_when=lambda virtual, host: bool(host["addressType"] != virtual["addressType"]),
    after=_warn,
    triggers=(
        Trigger(SERVICES, _slices_of, _takes_other_slices),
        Trigger(PODS, _slices_at, _moves, on_host=True),
    ),
    selector=NOT_FROM_SELECTORS,
    indexers={BY_SERVICE: by_service, BY_ADDRESS: by_address},
)
