"""The host pod of a pod that has none: what it waits for, what the host leaves out, and what it refuses."""

from typing import Final

from vcli.kube.errors import AlreadyExists, ApiError, Forbidden
from vcli.kube.resources import NODES, PODS
from vcli.syncer.engine.caches import Caches
from vcli.syncer.engine.context import Object, SyncContext, name_of, uid_of
from vcli.syncer.engine.controller import WAITING, RequeueAfter, TerminalError, Waiting
from vcli.syncer.kinds.indexes import needed_by
from vcli.syncer.kinds.pods.burst import AdmissionLimiter, QuotaQueue
from vcli.syncer.kinds.pods.context import PodContexts
from vcli.syncer.kinds.pods.needs import PodNeeds
from vcli.syncer.kinds.refusals import IGNORED, emit_warning, is_over_quota, warn_on_rejection
from vcli.syncer.translate import dropped
from vcli.syncer.translate import pods as translate
from vcli.syncer.translate.metadata import virtual_name_of
from vcli.syncer.translate.names import VirtualName, host_name
from vcli.syncer.translate.nodes import is_ours
from vcli.syncer.translate.placement import placed, placement
from vcli.syncer.translate.pods import pod_names

_NOT_BOUND: Final = "WaitingForScheduler"


class PodCreation:
    """Creates host pods.

    Args:
        ctx: both clusters.
        needs: what a pod waits for.
        contexts: what a translation needs to know.
        limiter: for pods whose tokens come after them.
        over_quota: the pods that a quota rejects.
    """

    def __init__(
        self,
        ctx: SyncContext,
        needs: PodNeeds,
        contexts: PodContexts,
        limiter: AdmissionLimiter,
        over_quota: QuotaQueue,
    ) -> None:
        self._ctx = ctx
        self._limiter = limiter
        self._over_quota = over_quota
        self._needs = needs
        self._contexts = contexts

    async def create(self, virtual: Object) -> RequeueAfter | Waiting | None:
        """Create the host pod once everything is there that it needs.

        Raises:
            TerminalError: the host can't run such a pod; events say why.
            ApiError: what the host refused, told in an event as well.
        """
        if scheduler := translate.awaited_scheduler(virtual):
            message = f"waiting to be bound by {scheduler}, as the host's scheduler isn't asked for"
            await emit_warning(self._ctx, PODS, virtual, message, reason=_NOT_BOUND)
            return None
        met = await self._needs.met(virtual)
        if met is not True:
            return met or WAITING
        reasons = translate.unsupported(virtual)
        for reason in reasons:
            await emit_warning(self._ctx, PODS, virtual, reason)
        if reasons:
            raise TerminalError("; ".join(reasons))
        gets_tokens = needed_by(virtual).tokens and not virtual["spec"].get("nodeName")
        if gets_tokens and not self._limiter.acquire(name_of(virtual)):
            return WAITING
        context = self._contexts.of(virtual)
        desired = placed(translate.to_host(virtual, context), placement_of(virtual, self._ctx))
        desired = translate.with_full_name(desired, virtual, context)
        made = await self._send(virtual, desired)
        for sentence in (*translate.without_effect(virtual, context), *dropped.sentences(desired, made)):
            await emit_warning(self._ctx, PODS, virtual, sentence, reason=IGNORED)
        return None

    async def _send(self, virtual: Object, desired: Object) -> Object:
        name = name_of(virtual)
        try:
            made = await self._post(virtual, desired)
        except BaseException as error:
            self._limiter.release(name)
            if isinstance(error, ApiError) and is_over_quota(error):
                self._over_quota.rejected(name)
            else:
                self._over_quota.forget(name)
            raise
        self._ctx.host.store(PODS, made)
        self._over_quota.created(name)
        return made

    async def _post(self, virtual: Object, desired: Object) -> Object:
        async with warn_on_rejection(self._ctx, PODS, virtual, names=pod_names(virtual, self._ctx.scope)):
            try:
                return await self._ctx.host.client.create(PODS, desired)
            except AlreadyExists:
                return await self._already_there(name_of(virtual))
            except Forbidden as error:
                if _lacks_runtime_class(virtual, error):
                    await self._bind_anyway(virtual)
                raise

    async def _already_there(self, name: VirtualName) -> Object:
        """The host pod that a create met: ours where the cache is behind.

        Raises:
            AlreadyExists: somebody else's.
        """
        on_host = host_name(name, self._ctx.scope.cluster)
        found = await self._ctx.host.client.get(PODS, on_host, namespace=self._ctx.namespace)
        if virtual_name_of(found, scope=self._ctx.scope, kind="Pod") != name:
            raise AlreadyExists(
                f'the host already has a pod "{on_host}" that is not ours', status=409, reason="AlreadyExists"
            )
        return found

    async def _bind_anyway(self, virtual: Object) -> None:
        """Bind a pod that the host doesn't take for want of its RuntimeClass.

        A plain cluster schedules a pod whose nodes lack the handler; it is the kubelet that can't start it.
        Running it without would be worse: it may have asked for a sandbox.
        """
        if virtual["spec"].get("nodeName"):
            return
        selector = (virtual["spec"].get("nodeSelector") or {}).items()
        for node in self._ctx.virtual[NODES].items():
            labels = node["metadata"].get("labels") or {}
            if selector <= labels.items() and not (node.get("spec") or {}).get("unschedulable"):
                await bind(self._ctx.virtual, virtual, node["metadata"]["name"])
                return


def placement_of(virtual: Object, ctx: SyncContext) -> Object | None:
    """Where the tenant wants a pod, by what the virtual Nodes are now."""
    return placement(virtual, [node for node in ctx.virtual[NODES].items() if is_ours(node)])


async def bind(caches: Caches, pod: Object, node: str) -> None:
    """Bind a pod of either cluster to a node.

    Raises:
        ApiError: as the server answers.
    """
    metadata = pod["metadata"]
    name, namespace = metadata["name"], metadata["namespace"]
    binding = {
        "apiVersion": "v1",
        "kind": "Binding",
        "metadata": {"name": name, "namespace": namespace, "uid": uid_of(pod)},
        "target": {"apiVersion": "v1", "kind": "Node", "name": node},
    }
    await caches.client.create_subresource(PODS, name, "binding", binding, namespace=namespace)


def _lacks_runtime_class(virtual: Object, error: Forbidden) -> bool:
    name = virtual["spec"].get("runtimeClassName")
    return bool(name) and f'RuntimeClass "{name}" not found' in error.message
