"""Which collections the syncer keeps in memory, and how they are indexed."""

from collections.abc import Callable, Mapping
from typing import Final

from vcli.kube.informer import Informer
from vcli.kube.resources import (
    CONFIGMAPS,
    ENDPOINTSLICES,
    NAMESPACES,
    PODS,
    PVCS,
    PVS,
    SECRETS,
    SERVICES,
    Resource,
)
from vcli.syncer.engine.thrift import host_config, host_pod, shared
from vcli.syncer.engine.world import Object, World
from vcli.syncer.kinds.endpointslices import BY_SERVICE, NOT_FROM_SELECTORS, SERVICE_NAME, by_service
from vcli.syncer.kinds.external_ips import BY_EXTERNAL_IP, by_external_ip
from vcli.syncer.kinds.indexes import (
    BY_NAMESPACE,
    BY_NODE,
    BY_REFERENCE,
    BY_VOLUME,
    by_namespace,
    by_node,
    by_reference,
    by_volume,
)
from vcli.syncer.translate import keys

_ON_HOST: Final[Mapping[Resource, Callable[[Object], Object]]] = {
    PODS: host_pod,
    CONFIGMAPS: host_config,
    SECRETS: host_config,
    SERVICES: shared,
    ENDPOINTSLICES: shared,
    PVCS: shared,
}
"""What is watched on the host, and what is kept of each object."""


def watch_all(world: World) -> Informer:
    """Ask for all caches; returns the one of the EndpointSlices of the control plane's own Service."""
    virtual, host = world.virtual, world.host
    virtual.watch(
        PODS,
        indexers={
            BY_REFERENCE: by_reference,
            BY_NAMESPACE: by_namespace,
            BY_NODE: by_node,
        },
    )
    virtual.watch(SERVICES, indexers={BY_NAMESPACE: by_namespace, BY_EXTERNAL_IP: by_external_ip})
    virtual.watch(ENDPOINTSLICES, label_selector=NOT_FROM_SELECTORS, indexers={BY_SERVICE: by_service})
    virtual.watch(PVCS, indexers={BY_VOLUME: by_volume})
    for resource in (CONFIGMAPS, SECRETS, PVS, NAMESPACES):
        virtual.watch(resource)
    ours = f"{keys.MANAGED_BY}={world.scope.cluster}"
    for resource, keep in _ON_HOST.items():
        host.watch(resource, namespace=world.namespace, label_selector=ours, keep=keep)
    own = f"{SERVICE_NAME}={world.settings.service}"
    return host.watch_also(ENDPOINTSLICES, namespace=world.namespace, label_selector=own)
