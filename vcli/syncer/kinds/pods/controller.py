"""Pods: what is asked for in the virtual cluster runs on the host, and what happens there is told back.

A reconcile looks at the virtual pod and its host pod, takes the step that the table names, and is called
again when the effect shows in a cache. No step depends on which event came first, or on whether this
process saw it.

| virtual pod | host pod | step |
|---|---|---|
| any | half deleted | delete it again: the request was cut between its two writes |
| gone | there | delete the host pod, with its own grace |
| another uid | there | delete the host pod at once: the old virtual pod was forced out, its name is free |
| terminating | none | forget the virtual pod, as a kubelet does when all has ended |
| terminating | there | pass the grace on, keep telling status |
| had started | none | forget the virtual pod: a pod runs once |
| not started | none | wait for what it refers to, then create |
| alive | terminating | if it had started, delete the virtual pod with the same grace |
| alive | there | bind, update, tell status |
"""

from collections.abc import Iterable, Sequence
from typing import Final, Protocol

from vcli.kube.errors import NotFound
from vcli.kube.resources import NAMESPACES, NODES, PODS, PVCS, SERVICES
from vcli.syncer.engine.context import Object, SyncContext, is_terminating, name_of, uid_of
from vcli.syncer.engine.controller import Controller, RequeueAfter, Waiting
from vcli.syncer.engine.enqueue import created_or_deleted, enqueue_on, enqueue_on_host, enqueue_on_virtual
from vcli.syncer.engine.log import Log
from vcli.syncer.engine.schedule import HIGH, NORMAL
from vcli.syncer.kinds.configs import ConfigName, Configs
from vcli.syncer.kinds.indexes import BY_NAMESPACE, BY_REFERENCE, is_daemon, is_finished, reference_index
from vcli.syncer.kinds.pods.burst import AdmissionLimiter, QuotaQueue, Starting
from vcli.syncer.kinds.pods.context import DNS_SERVICE, PodContexts
from vcli.syncer.kinds.pods.creation import PodCreation, bind, placement_of
from vcli.syncer.kinds.pods.needs import PodNeeds
from vcli.syncer.kinds.pods.status import PodStatus, has_started
from vcli.syncer.kinds.pods.tokens import Tokens
from vcli.syncer.kinds.pods.updates import PodUpdates
from vcli.syncer.kinds.refusals import emit_warning, warn_on_rejection
from vcli.syncer.translate import keys
from vcli.syncer.translate.metadata import virtual_name_of, virtual_uid_of
from vcli.syncer.translate.names import VirtualName, host_name
from vcli.syncer.translate.nodes import tenant_labels
from vcli.syncer.translate.placement import remembered

log = Log("vcli.syncer.pods")

_WORKERS: Final = 32
_AT_ONCE: Final = 3
"""Pods that the host gets before the tokens of the first are there. Of 40 made at once on two cores, 35 met
their kubelet without tokens when this had no bound, 15 with six, 6 with three."""
_HIDDEN: Final = 5.0
"""Seconds until a host pod that has lost its label is looked at again."""


class Nodes(Protocol):
    """What pods need of the kind that makes virtual Nodes."""

    async def ensure(self, name: str, *, internal_ips: Sequence[str]) -> None:
        """Make sure that a pod can be bound to a node."""


class Pods:
    """The controller of pods.

    Args:
        ctx: both clusters.
        nodes: makes the virtual Nodes that pods are bound to.
    """

    def __init__(self, ctx: SyncContext, nodes: Nodes) -> None:
        self._ctx = ctx
        self._nodes = nodes
        self._contexts = PodContexts(ctx)
        self.starting = Starting()
        """Pods whose containers the host is making now."""
        self._status = PodStatus(ctx, self.starting)
        self.configs = Configs(ctx, on_settled=self._config_settled)
        self.tokens = Tokens(ctx, on_settled=self._tokens_settled)
        self.controller: Controller[VirtualName] = Controller("pods", self._reconcile, workers=_WORKERS)
        queue = self.controller.queue
        needs = PodNeeds(ctx, self.configs, self.tokens, self._contexts)
        self._limiter = AdmissionLimiter(_AT_ONCE, on_slot=queue.add)
        self._over_quota = QuotaQueue(retry=queue.add)
        self._creation = PodCreation(ctx, needs, self._contexts, self._limiter, self._over_quota)
        self._updates = PodUpdates(ctx, self._contexts)
        enqueue_on_virtual(ctx.virtual[PODS], queue)
        enqueue_on_host(ctx.host[PODS], queue, kind="Pod", scope=ctx.scope, priority=_priority)
        ctx.host[PODS].subscribe(self._host_pod_changed)
        enqueue_on(ctx.host[PVCS], queue, self._pods_of_host_claim, predicate=created_or_deleted)
        enqueue_on(ctx.virtual[PVCS], queue, self._pods_of_claim, predicate=_gone)
        enqueue_on(ctx.host[SERVICES], queue, self._pods_waiting_for_dns)
        enqueue_on(ctx.virtual[NODES], queue, self._pods_without_node, predicate=_says_otherwise)
        enqueue_on(ctx.virtual[NAMESPACES], queue, self._pods_of_namespace, predicate=_labels_changed)

    def addons_applied(self) -> None:
        """From here on a cluster without kube-dns is one whose tenant wants none."""
        self._contexts.expects_dns = False
        for name in self._not_on_host(self._ctx.virtual[PODS].items()):
            self.controller.queue.add(name)

    # --- the table

    async def _reconcile(self, name: VirtualName) -> RequeueAfter | Waiting | None:
        virtual, host = self._ctx.in_virtual(PODS, name), self._ctx.on_host(PODS, name)
        if host is not None and _is_half_deleted(host):
            await self._ctx.host.writer.delete(PODS, host, grace=0)
            return None
        if virtual is None:
            self._limiter.release(name)
            self._over_quota.forget(name)
            self._status.forget(name)
            self._updates.forget(name)
            if host is not None and not is_terminating(host):
                await self._ctx.host.writer.delete(PODS, host)
            return None
        if host is not None and virtual_uid_of(host) != uid_of(virtual):
            await self._ctx.host.writer.delete(PODS, host, grace=0)
            return None
        return await (self._without(virtual) if host is None else self._with(virtual, host))

    async def _without(self, virtual: Object) -> RequeueAfter | Waiting | None:
        """Nothing is on the host."""
        last = self._status.last_of(virtual)
        if is_terminating(virtual) or has_started(virtual) or (last is not None and has_started(last)):
            return await self._end(virtual)
        return await self._creation.create(virtual)

    async def _with(self, virtual: Object, host: Object) -> RequeueAfter | None:
        """Both are there, and belong together."""
        if is_terminating(virtual):
            await self._pass_grace_on(virtual, host)
            return await self._status.tell(virtual, host)
        if is_terminating(host):
            await self._follow_deletion(virtual, host)
            return None
        return await self._run(virtual, host)

    # --- the steps

    async def _run(self, virtual: Object, host: Object) -> RequeueAfter | None:
        node = host["spec"].get("nodeName")
        bound = virtual["spec"].get("nodeName")
        if node and not bound and self.tokens.is_bound(virtual):
            bound = node  # by us; the cache will say so in a moment
        if not node and _is_unschedulable(host):
            self._limiter.release(name_of(virtual))
        if node and not bound:
            await self._bind(virtual, host, node)
        elif bound and not node:
            # A scheduler of the tenant's own has chosen.
            async with warn_on_rejection(self._ctx, PODS, virtual):
                await bind(self._ctx.host, host, bound)
        elif bound != node:
            await emit_warning(
                self._ctx, PODS, virtual, f"bound to node {bound}, but the host chose another one"
            )
            await self._ctx.host.writer.delete(PODS, host, grace=0)
            return None
        elif not node and self._is_out_of_place(virtual, host):
            # Nothing runs yet: the next one is for the nodes as they are now.
            await self._ctx.host.writer.delete(PODS, host, grace=0)
            return None
        elif node and has_started(host) and not is_daemon(virtual):
            # Some pods are made with a nodeName, which may be no node at all.
            await self._nodes.ensure(node, internal_ips=_node_addresses(host))
        if node and not virtual["spec"].get("nodeName") and not has_started(host):
            return None  # there is nothing to tell but the scheduling, which the binding has told
        again = await self._status.tell(virtual, host)
        if not is_finished(virtual):
            await self._updates.bring(virtual, host)
        return again

    def _is_out_of_place(self, virtual: Object, host: Object) -> bool:
        """Whether a pod that waits for a node was made for nodes as they are no more."""
        made_for = (host["metadata"].get("annotations") or {}).get(keys.PLACEMENT, "")
        return bool(made_for != remembered(placement_of(virtual, self._ctx)))

    async def _bind(self, virtual: Object, host: Object, node: str) -> None:
        await self._nodes.ensure(node, internal_ips=_node_addresses(host))
        await bind(self._ctx.virtual, virtual, node)
        self.tokens.bound(virtual)

    # --- the end

    async def _pass_grace_on(self, virtual: Object, host: Object) -> None:
        grace = virtual["metadata"].get("deletionGracePeriodSeconds") or 0
        if not is_terminating(host) or (host["metadata"].get("deletionGracePeriodSeconds") or 0) > grace:
            await self._ctx.host.writer.delete(PODS, host, grace=grace)

    async def _follow_deletion(self, virtual: Object, host: Object) -> None:
        """Somebody deletes the pod on the host: eviction, a drained or lost node, a quota's owner."""
        if not has_started(host):
            return  # it will be made again when it is gone
        await self._status.tell(virtual, host)
        grace = host["metadata"].get("deletionGracePeriodSeconds")
        await self._ctx.virtual.writer.delete(PODS, virtual, grace=grace)

    async def _end(self, virtual: Object) -> RequeueAfter | None:
        """Nothing of the pod is left on the host: tell how it ended, and let go of it."""
        name = name_of(virtual)
        if not is_terminating(virtual) and not await self._is_really_gone(name):
            return RequeueAfter(_HIDDEN)  # no event will say so when it goes
        await self._status.tell_last(virtual)
        metadata = virtual["metadata"]
        waits_for_finalizers = metadata.get("finalizers") and metadata.get("deletionGracePeriodSeconds") == 0
        if not waits_for_finalizers:
            await self._ctx.virtual.writer.delete(PODS, virtual, grace=0)
        return None

    async def _is_really_gone(self, name: VirtualName) -> bool:
        """Ask the host itself: a pod whose label somebody took off has vanished from the cache alone."""
        on_host = host_name(name, self._ctx.scope.cluster)
        try:
            await self._ctx.host.client.get(PODS, on_host, namespace=self._ctx.namespace)
        except NotFound:
            return True
        log.warning("host pod hidden: its labels were changed", pod=on_host)
        return False

    # --- who is concerned

    def _host_pod_changed(self, old: Object | None, new: Object | None) -> None:
        """A pod that is deleted or has ended leaves room in a quota."""
        if new is None or (is_finished(new) and old is not None and not is_finished(old)):
            self._over_quota.retry_first()

    def _tokens_settled(self, name: VirtualName) -> None:
        self._limiter.release(name)
        if self._ctx.on_host(PODS, name) is None:
            self.controller.queue.add(name)

    def _config_settled(self, key: ConfigName) -> None:
        for name in self._waiting_for(key.kind, key.name):
            self.controller.queue.add(name)

    def _pods_of_host_claim(self, claim: Object) -> Iterable[VirtualName]:
        name = virtual_name_of(claim, scope=self._ctx.scope, kind="PersistentVolumeClaim")
        return () if name is None else self._waiting_for("PersistentVolumeClaim", name)

    def _pods_of_claim(self, claim: Object) -> Iterable[VirtualName]:
        return self._waiting_for("PersistentVolumeClaim", name_of(claim))

    def _waiting_for(self, kind: str, name: VirtualName) -> Iterable[VirtualName]:
        index = reference_index(kind, name)
        return self._not_on_host(self._ctx.virtual[PODS].by_index(BY_REFERENCE, index))

    def _pods_waiting_for_dns(self, service: Object) -> Iterable[VirtualName]:
        if virtual_name_of(service, scope=self._ctx.scope, kind="Service") != DNS_SERVICE:
            return ()
        return self._not_on_host(self._ctx.virtual[PODS].items())

    def _pods_of_namespace(self, namespace: Object) -> Iterable[VirtualName]:
        return map(name_of, self._ctx.virtual[PODS].by_index(BY_NAMESPACE, namespace["metadata"]["name"]))

    def _pods_without_node(self, _: Object) -> Iterable[VirtualName]:
        pods = self._ctx.virtual[PODS].items()
        return [name_of(pod) for pod in pods if not pod["spec"].get("nodeName")]

    def _not_on_host(self, pods: Iterable[Object]) -> list[VirtualName]:
        names = map(name_of, pods)
        return [name for name in names if self._ctx.on_host(PODS, name) is None]


def _node_addresses(host: Object) -> list[str]:
    return [each["ip"] for each in (host.get("status") or {}).get("hostIPs") or ()]


def _priority(old: Object | None, new: Object | None) -> int:
    """A pod that got its node goes first: the kubelet there has begun, and its tokens are to come."""
    bound = old is not None and new is not None and old["spec"].get("nodeName") != new["spec"].get("nodeName")
    return HIGH if bound else NORMAL


def _gone(_: Object | None, new: Object | None) -> bool:
    return new is None


def _is_half_deleted(host: Object) -> bool:
    """Whether nobody but the host's pod GC, up to 20 seconds later, would end a pod that has no kubelet.

    The API server marks a pod and then removes it, and does only the first for a client that is gone by then.
    """
    return is_terminating(host) and not host["spec"].get("nodeName")


def _is_unschedulable(host: Object) -> bool:
    conditions = (host.get("status") or {}).get("conditions") or ()
    return any(each["type"] == "PodScheduled" and each["status"] == "False" for each in conditions)


def _says_otherwise(old: Object | None, new: Object | None) -> bool:
    """Whether what a Node says of the pods that it wants has changed."""
    before, after = (((each or {}).get("spec") or {}) for each in (old, new))
    if any(before.get(field) != after.get(field) for field in ("taints", "unschedulable")):
        return True
    labels_before, labels_after = (tenant_labels(each) if each else {} for each in (old, new))
    return bool(labels_before != labels_after)


def _labels_changed(old: Object | None, new: Object | None) -> bool:
    """Whether a namespace's labels changed, which its pods carry; not when it merely appeared."""
    if old is None or new is None:
        return False
    return (old["metadata"].get("labels") or {}) != (new["metadata"].get("labels") or {})
