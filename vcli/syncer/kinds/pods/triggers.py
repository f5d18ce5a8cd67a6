"""Which pods are reconciled when something that they depend on changes."""

from collections.abc import Iterable
from functools import partial

from vcli.kube.resources import (
    CONFIGMAPS,
    NAMESPACES,
    NODES,
    PODS,
    PRIORITYCLASSES,
    PVCS,
    RESOURCECLAIMS,
    RUNTIMECLASSES,
    SERVICEACCOUNTS,
    SERVICES,
    Resource,
)
from vcli.kube.types import labels
from vcli.syncer.engine.context import Object, SyncContext, name_of
from vcli.syncer.engine.enqueue import created_or_deleted, enqueue_on, enqueue_on_host, enqueue_on_virtual
from vcli.syncer.engine.queue import WorkQueue
from vcli.syncer.engine.schedule import HIGH, NORMAL
from vcli.syncer.kinds.indexes import BY_NAMESPACE, BY_REFERENCE, is_finished, reference_index
from vcli.syncer.kinds.pods.classes import named_by
from vcli.syncer.kinds.pods.context import DNS_SERVICE
from vcli.syncer.kinds.pods.state import PodStates
from vcli.syncer.sync.from_host import to_mirror
from vcli.syncer.sync.references import ConfigName
from vcli.syncer.translate.metadata import virtual_name_of
from vcli.syncer.translate.names import VirtualName
from vcli.syncer.translate.nodes import tenant_labels
from vcli.syncer.translate.pods import pod_of_config_map


class PodTriggers:
    """Enqueues pods.

    Args:
        ctx: both clusters.
        queue: of the controller of pods.
        states: what is remembered of each pod.
    """

    def __init__(self, ctx: SyncContext, queue: WorkQueue[VirtualName], states: PodStates) -> None:
        self._ctx = ctx
        self._queue = queue
        self._over_quota = states.over_quota
        enqueue_on_virtual(ctx.virtual[PODS], queue)
        enqueue_on_host(ctx.host[PODS], queue, kind="Pod", scope=ctx.scope, priority=_priority)
        ctx.host[PODS].subscribe(states.host_pod_changed)
        ctx.host[PODS].subscribe(self._retry_over_quota)
        enqueue_on(ctx.host[CONFIGMAPS], queue, self._of_config_map, predicate=created_or_deleted)
        enqueue_on(ctx.host[PVCS], queue, self._of_host_claim, predicate=created_or_deleted)
        enqueue_on(ctx.virtual[PVCS], queue, self._of_claim, predicate=_deleted)
        enqueue_on(ctx.host[SERVICES], queue, self._of_dns_service)
        enqueue_on(ctx.virtual[NODES], queue, self._without_node, predicate=_scheduling_changed)
        enqueue_on(ctx.virtual[NAMESPACES], queue, self._of_namespace, predicate=_labels_changed)

        for resource in (PRIORITYCLASSES, SERVICEACCOUNTS):
            if resource in ctx.host:
                names = partial(self._of_host_object, resource)
                enqueue_on(ctx.host[resource], queue, names, predicate=created_or_deleted)
                names = partial(self._naming, resource)
                enqueue_on(ctx.virtual[resource], queue, names, predicate=_deleted)

        if RESOURCECLAIMS in ctx.host:
            on_host, predicate = self._of_host_resource_claim, created_or_deleted
            enqueue_on(ctx.host[RESOURCECLAIMS], queue, on_host, predicate=predicate)
            enqueue_on(ctx.virtual[RESOURCECLAIMS], queue, self._of_resource_claim, predicate=predicate)

        if to_mirror(RUNTIMECLASSES) in ctx.host:
            mirrored = ctx.host[to_mirror(RUNTIMECLASSES)]
            enqueue_on(mirrored, queue, self._under, predicate=created_or_deleted)

    def enqueue_waiting_for(self, config: ConfigName) -> None:
        """Enqueue the pods that are not on the host without a ConfigMap or Secret; it is there now."""
        for each in self._waiting_for(config.kind, config.name):
            self._queue.add(each)

    def enqueue_all_not_on_host(self) -> None:
        """Enqueue all pods that have no host pod."""
        for each in self._not_on_host(self._ctx.virtual[PODS].items()):
            self._queue.add(each)

    def _retry_over_quota(self, old: Object | None, new: Object | None) -> None:
        """A pod that is deleted or has finished leaves room in a quota."""
        if new is None or (is_finished(new) and old is not None and not is_finished(old)):
            self._over_quota.retry_first()

    def _of_config_map(self, config_map: Object) -> Iterable[VirtualName]:
        name = pod_of_config_map(config_map, self._ctx.scope)
        return () if name is None else (name,)

    def _of_host_claim(self, claim: Object) -> Iterable[VirtualName]:
        name = virtual_name_of(claim, scope=self._ctx.scope, kind="PersistentVolumeClaim")
        return () if name is None else self._waiting_for("PersistentVolumeClaim", name)

    def _of_claim(self, claim: Object) -> Iterable[VirtualName]:
        return self._waiting_for("PersistentVolumeClaim", name_of(claim))

    def _of_host_resource_claim(self, claim: Object) -> Iterable[VirtualName]:
        name = virtual_name_of(claim, scope=self._ctx.scope, kind=RESOURCECLAIMS.kind)
        return () if name is None else self._waiting_for(RESOURCECLAIMS.kind, name)

    def _of_resource_claim(self, claim: Object) -> Iterable[VirtualName]:
        return self._waiting_for(RESOURCECLAIMS.kind, name_of(claim))

    def _of_host_object(self, resource: Resource, host: Object) -> Iterable[VirtualName]:
        name = virtual_name_of(host, scope=self._ctx.scope, kind=resource.kind)
        return () if name is None else self._of_name(resource, name)

    def _naming(self, resource: Resource, virtual: Object) -> Iterable[VirtualName]:
        return self._of_name(resource, name_of(virtual))

    def _of_name(self, resource: Resource, name: VirtualName) -> Iterable[VirtualName]:
        """The pods without a host pod that name a PriorityClass or ServiceAccount."""
        pods = self._ctx.virtual[PODS]
        near = pods.by_index(BY_NAMESPACE, name.namespace) if name.namespace else pods.items()
        return self._not_on_host(pod for pod in near if (resource, name) in named_by(self._ctx, pod))

    def _under(self, runtime_class: Object) -> Iterable[VirtualName]:
        name = runtime_class["metadata"]["name"]
        pods = self._ctx.virtual[PODS].items()
        return self._not_on_host(pod for pod in pods if pod["spec"].get("runtimeClassName") == name)

    def _of_dns_service(self, service: Object) -> Iterable[VirtualName]:
        if virtual_name_of(service, scope=self._ctx.scope, kind="Service") != DNS_SERVICE:
            return ()
        return self._not_on_host(self._ctx.virtual[PODS].items())

    def _of_namespace(self, namespace: Object) -> Iterable[VirtualName]:
        return map(name_of, self._ctx.virtual[PODS].by_index(BY_NAMESPACE, namespace["metadata"]["name"]))

    def _without_node(self, _: Object) -> Iterable[VirtualName]:
        pods = self._ctx.virtual[PODS].items()
        return [name_of(pod) for pod in pods if not pod["spec"].get("nodeName")]

    def _waiting_for(self, kind: str, name: VirtualName) -> Iterable[VirtualName]:
        index = reference_index(kind, name)
        return self._not_on_host(self._ctx.virtual[PODS].by_index(BY_REFERENCE, index))

    def _not_on_host(self, pods: Iterable[Object]) -> list[VirtualName]:
        return [name for name in map(name_of, pods) if self._ctx.on_host(PODS, name) is None]


def _priority(old: Object | None, new: Object | None) -> int:
    """A pod that got its node goes first: the kubelet there has begun, and its tokens are to come."""
    bound = old is not None and new is not None and old["spec"].get("nodeName") != new["spec"].get("nodeName")
    return HIGH if bound else NORMAL


def _deleted(_: Object | None, new: Object | None) -> bool:
    return new is None


def _scheduling_changed(old: Object | None, new: Object | None) -> bool:
    """Whether a Node's taints, cordon or labels of the tenant's have changed."""
    before, after = (((each or {}).get("spec") or {}) for each in (old, new))
    if any(before.get(field) != after.get(field) for field in ("taints", "unschedulable")):
        return True
    labels_before, labels_after = (tenant_labels(each) if each else {} for each in (old, new))
    return bool(labels_before != labels_after)


def _labels_changed(old: Object | None, new: Object | None) -> bool:
    """Whether a namespace's labels changed, which its pods carry; not when it merely appeared."""
    if old is None or new is None:
        return False
    return labels(old) != labels(new)
