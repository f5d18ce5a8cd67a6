"""Services that the other cluster has by a name of its own, as ``networking.replicateServices`` says."""

from collections.abc import Iterator
from typing import Any, Final

from vcli.errors import VcliError
from vcli.kube.resources import ENDPOINTS, ENDPOINTSLICES, SERVICES, Resource
from vcli.syncer.engine.caches import Caches
from vcli.syncer.engine.context import Object, SyncContext, name_of
from vcli.syncer.engine.controller import Controller
from vcli.syncer.engine.log import Log
from vcli.syncer.kinds.services_from_host import HostService, ServicesFromHost, service_of
from vcli.syncer.kinds.services_to_host import ServicesToHost
from vcli.syncer.translate.mirrors import is_mirror
from vcli.syncer.translate.names import VirtualName
from vcli.syncer.translate.replicated_services import is_replica

log = Log("vcli.syncer.replicated_services")

_KEY: Final = "replicateServices"


def to_host(ctx: SyncContext) -> dict[str, VirtualName]:
    """By the name in the host namespace: which virtual Service."""
    found = ctx.settings.networking.get(_KEY, {}).get("toHost", [])
    return {each["to"].rpartition("/")[2]: _virtual_name(each["from"]) for each in found}


def from_host(ctx: SyncContext) -> dict[VirtualName, HostService]:
    """By the virtual name: which Service of the host."""
    found = ctx.settings.networking.get(_KEY, {}).get("fromHost", [])
    return {_virtual_name(each["to"]): _host_service(ctx, each["from"]) for each in found}


def watch(ctx: SyncContext) -> None:
    """Ask for the caches: each Service of the host by its name alone, which is all that the rights allow."""
    for service in set(from_host(ctx).values()):
        for resource in (SERVICES, ENDPOINTS):
            ctx.host.watch(
                resource,
                key=service.cache_of(resource),
                title=service.cache_of(resource),
                namespace=service.namespace,
                field_selector=f"metadata.name={service.name}",
                optional=True,
            )


def controllers(ctx: SyncContext) -> Iterator[Controller[Any]]:
    """Those of the directions in which something is replicated; their caches must have been asked for."""
    if names := to_host(ctx):
        yield ServicesToHost(ctx, names).controller
    if services := from_host(ctx):
        yield ServicesFromHost(ctx, services).controller


async def tidy(ctx: SyncContext) -> None:
    """Take away what is no longer replicated."""
    on_host, in_virtual = to_host(ctx), from_host(ctx)
    for host in ctx.host[SERVICES].items():
        if is_replica(host) and host["metadata"]["name"] not in on_host:
            await _remove(ctx.host, SERVICES, host)
    for virtual in ctx.virtual[SERVICES].items():
        if is_mirror(virtual) and name_of(virtual) not in in_virtual:
            await _remove(ctx.virtual, SERVICES, virtual)
    for each in ctx.virtual[ENDPOINTSLICES].items():
        if is_mirror(each) and service_of(each) not in in_virtual:
            await _remove(ctx.virtual, ENDPOINTSLICES, each)


async def _remove(caches: Caches, resource: Resource, obj: Object) -> None:
    name = obj["metadata"]["name"]
    try:
        await caches.writer.delete(resource, obj)
    except VcliError as error:  # the next start tries again
        log.warning("not removed, though no longer replicated", kind=resource.kind, name=name, error=error)
    else:
        log.info("removed: no longer replicated", kind=resource.kind, name=name)


def _virtual_name(text: str) -> VirtualName:
    namespace, _, name = text.partition("/")
    return VirtualName(namespace, name)


def _host_service(ctx: SyncContext, text: str) -> HostService:
    namespace, _, name = text.rpartition("/")
    return HostService(namespace or ctx.namespace, name)
