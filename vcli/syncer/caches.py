"""Which collections the syncer keeps in memory, and how they are indexed."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from vcli.contract.labels import synced_by
from vcli.kube.resources import (
    CONFIGMAPS,
    ENDPOINTSLICES,
    NAMESPACES,
    NODES,
    PODS,
    PVCS,
    PVS,
    SECRETS,
    SERVICES,
    Resource,
)
from vcli.kube.types import annotations
from vcli.syncer import exports
from vcli.syncer.engine.context import Object, SyncContext
from vcli.syncer.engine.memory import intern
from vcli.syncer.kinds.endpointslices import SERVICE_NAME
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
from vcli.syncer.kinds.kubernetes_service import OWN_SLICES
from vcli.syncer.nodes.occupancy import ALL_PODS, BY_OCCUPIED_NODE, by_occupied_node
from vcli.syncer.registry import (
    from_host_kinds,
    is_synced,
    kinds_of,
    mapped_kinds,
    selector_of_mirrored,
    to_host_kinds,
)
from vcli.syncer.sync.from_host import to_mirror
from vcli.syncer.translate import keys
from vcli.syncer.translate.metadata import POD_TOKENS
from vcli.syncer.translate.objects import digest
from vcli.syncer.translate.requests import occupant

CONTENT: Final = "content"
"""Field of a cached ConfigMap or Secret: a hash of what it holds."""
_CONTAINERS: Final = ("containers", "initContainers", "ephemeralContainers")
_OF_CONTAINERS: Final = ("name", "image", "resources")
_OF_TOKENS: Final = ("name", "namespace", "uid", "resourceVersion", "labels", "annotations")
_OF_NODES: Final = (
    "addresses",
    "allocatable",
    "capacity",
    "conditions",
    "declaredFeatures",
    "nodeInfo",
    "runtimeHandlers",
)
_OF_PODS: Final = (
    "activeDeadlineSeconds",
    "affinity",
    "nodeName",
    "nodeSelector",
    "resources",
    "schedulingGates",
    "terminationGracePeriodSeconds",
    "tolerations",
)


def host_pod(pod: Object) -> Object:
    """What is kept of a host pod: of its spec, only what can change while it runs."""
    spec: Object = {field: pod["spec"][field] for field in _OF_PODS if field in pod["spec"]}
    for group in _CONTAINERS:
        if group in pod["spec"]:
            spec[group] = [
                {field: each[field] for field in _OF_CONTAINERS if field in each}
                for each in pod["spec"][group]
            ]
    kept: Object = intern({**pod, "spec": spec})
    return kept


def host_config(config: Object) -> Object:
    """What is kept of a host ConfigMap or Secret: of what it holds a hash; of a pod's tokens, their names."""
    rest = {key: value for key, value in config.items() if key not in ("data", "binaryData")}
    held = {key: config[key] for key in ("data", "binaryData") if config.get(key)}
    rest[CONTENT] = digest(held)
    if annotations(config).get(keys.KIND) == POD_TOKENS:
        metadata = {key: config["metadata"][key] for key in _OF_TOKENS if key in config["metadata"]}
        rest = {"metadata": metadata, "data": dict.fromkeys(config.get("data") or (), "")}
    kept: Object = intern(rest)
    return kept


def host_node(node: Object, *, images: bool) -> Object:
    """What is kept of a host Node: not its annotations, which name volumes and more of what others have."""
    metadata = {key: value for key, value in node["metadata"].items() if key != "annotations"}
    status = {key: value for key, value in (node.get("status") or {}).items() if key in _OF_NODES}
    if images and "images" in (node.get("status") or {}):
        status["images"] = node["status"]["images"]
    kept: Object = intern({**node, "metadata": metadata, "status": status})
    return kept


_KEPT: Final[Mapping[Resource, Callable[[Object], Object]]] = {
    PODS: host_pod,
    CONFIGMAPS: host_config,
    SECRETS: host_config,
}
"""What is kept of each host object; of other kinds, all of it."""


def watch_all(ctx: SyncContext) -> None:
    """Ask for all caches: of the kinds that are on, and of what else the controllers look at."""
    virtual, host = ctx.virtual, ctx.host
    virtual.watch(PODS, indexers={BY_REFERENCE: by_reference, BY_NAMESPACE: by_namespace, BY_NODE: by_node})
    virtual.watch(SERVICES, indexers={BY_NAMESPACE: by_namespace, BY_EXTERNAL_IP: by_external_ip})
    virtual.watch(PVCS, indexers={BY_VOLUME: by_volume})
    for resource in (CONFIGMAPS, SECRETS, PVS, NAMESPACES, NODES):
        virtual.watch(resource)
    _watch_to_host(ctx)
    for resource, mirrored in from_host_kinds(ctx.settings):
        if resource not in virtual:
            virtual.watch(resource, optional=True)
        selector = selector_of_mirrored(ctx.settings, resource)
        host.watch(
            resource,
            key=to_mirror(resource),
            label_selector=selector,
            indexers=mirrored.indexers,
            optional=True,
        )
    exports.watch(ctx)
    for kind, module in mapped_kinds(ctx.settings):
        if kind.resource not in virtual:
            virtual.watch(kind.resource, optional=True)
        module.watch(ctx, kind)
    if is_synced(ctx.settings, NODES):
        _watch_nodes(ctx)
    if ctx.settings.scheduler:
        _watch_all_pods(ctx)
    _watch_triggers(ctx)
    own = f"{SERVICE_NAME}={ctx.settings.service}"
    host.watch(ENDPOINTSLICES, key=OWN_SLICES, namespace=ctx.namespace, label_selector=own, optional=True)


def _watch_to_host(ctx: SyncContext) -> None:
    for resource, sync in to_host_kinds(ctx.settings):
        if resource not in ctx.virtual:
            # Optional: the virtual cluster may not have a custom resource yet, or no API of its version.
            ctx.virtual.watch(resource, label_selector=sync.selector, indexers=sync.indexers, optional=True)
    for kind in kinds_of(ctx.settings):
        if kind.direction == "toHost":
            namespaced = kind.resource.namespaced
            ctx.host.watch(
                kind.resource,
                namespace=ctx.namespace if namespaced else None,
                label_selector=synced_by(ctx.scope.cluster, ctx.namespace, namespaced=namespaced),
                keep=_KEPT.get(kind.resource, intern),
                optional=not kind.essential,
            )


def _watch_triggers(ctx: SyncContext) -> None:
    """What kinds depend on, where nothing else keeps a cache of it."""
    for _, sync in to_host_kinds(ctx.settings):
        for trigger in sync.triggers:
            if trigger.resource not in ctx.virtual:
                ctx.virtual.watch(trigger.resource, optional=True)


def _watch_nodes(ctx: SyncContext) -> None:
    selector = ",".join(f"{key}={value}" for key, value in ctx.settings.node_labels.items())
    keep = partial(host_node, images=ctx.settings.node_images)
    ctx.host.watch(NODES, label_selector=selector or None, keep=keep, optional=True)


def _watch_all_pods(ctx: SyncContext) -> None:
    """What a scheduler inside must not take for free."""
    ctx.host.watch(
        PODS,
        key=ALL_PODS,
        title=f"{ALL_PODS} (what they request is not taken off Nodes inside)",
        indexers={BY_OCCUPIED_NODE: by_occupied_node},
        keep=partial(occupant, scope=ctx.scope),
        optional=True,
    )
