"""The host pod of a pod that has none: what it waits for, what the host rejects, and what it drops."""

from collections.abc import Iterator, Sequence
from typing import Final

from vcli.kube.errors import AlreadyExists, ApiError, Forbidden
from vcli.kube.resources import PODS, RESOURCECLAIMS
from vcli.kube.types import annotations
from vcli.syncer.engine.context import Object, SyncContext, name_of
from vcli.syncer.engine.controller import WAITING, RequeueAfter, TerminalError, Waiting
from vcli.syncer.kinds.indexes import needed_by
from vcli.syncer.kinds.pods.binding import bind_to_any, placement_of
from vcli.syncer.kinds.pods.context import PodContexts
from vcli.syncer.kinds.pods.maps import PodConfigMaps
from vcli.syncer.kinds.pods.needs import PodNeeds
from vcli.syncer.kinds.pods.state import PodState, PodStates
from vcli.syncer.sync.rejections import IGNORED, emit_warning, is_over_quota, warn_on_rejection
from vcli.syncer.translate import allowed, dropped
from vcli.syncer.translate import pods as translate
from vcli.syncer.translate.metadata import virtual_name_of
from vcli.syncer.translate.names import VirtualName, host_name
from vcli.syncer.translate.placement import placed
from vcli.syncer.translate.pods import PodContext

_NOT_BOUND: Final = "WaitingForScheduler"


class PodCreation:
    """Creates host pods.

    Args:
        ctx: both clusters.
        needs: what a pod waits for.
        contexts: what a translation needs to know.
        states: the queues that a pod may have to stand in.
        maps: the ConfigMaps of pods.
    """

    def __init__(
        self,
        ctx: SyncContext,
        needs: PodNeeds,
        contexts: PodContexts,
        states: PodStates,
        maps: PodConfigMaps,
    ) -> None:
        self._ctx = ctx
        self._needs = needs
        self._contexts = contexts
        self._maps = maps
        self._admission = states.admission
        self._over_quota = states.over_quota

    async def create(self, virtual: Object, state: PodState) -> RequeueAfter | Waiting | None:
        """Create the host pod once everything is there that it needs.

        Raises:
            TerminalError: the host can't run such a pod; events say why.
            ApiError: what the host rejected; an event says so as well.
        """
        if scheduler := translate.awaited_scheduler(virtual, inside=self._ctx.settings.scheduler):
            if scheduler != translate.DEFAULT_SCHEDULER:  # which says itself what a pod waits for
                message = f"waiting to be bound by {scheduler}, as the host's scheduler isn't asked for"
                await emit_warning(self._ctx, PODS, virtual, message, reason=_NOT_BOUND)
            return None
        if wait := await self._needs.wait(virtual, state):
            return wait
        if reasons := translate.unsupported(virtual, resource_claims=RESOURCECLAIMS in self._ctx.host) + (
            translate.refused(virtual) if self._ctx.settings.isolated else []
        ):
            for reason in reasons:
                await emit_warning(self._ctx, PODS, virtual, reason)
            raise TerminalError("; ".join(reasons))
        tokens_follow = needed_by(virtual).tokens and not virtual["spec"].get("nodeName")
        if tokens_follow and not self._admission.acquire(name_of(virtual)):
            return WAITING
        context = self._contexts.of(virtual)
        kinds = translate.needed_config_maps(virtual, context)
        desired = placed(translate.to_host(virtual, context, kinds=kinds), placement_of(virtual, self._ctx))
        desired = translate.pinned(desired) if context.isolated else desired
        desired = translate.with_full_name(desired, virtual, context)
        desired = translate.with_config_map_kinds(desired, kinds)
        created = await self._send(virtual, desired, kinds, context)
        for sentence in (
            *translate.without_effect(virtual, context),
            *self._isolation(virtual),
            *translate.left_out_annotations(virtual, desired, scope=self._ctx.scope),
            *allowed.sentences(annotations(virtual), self._ctx.scope.allowed),
            *dropped.sentences(desired, created),
        ):
            await emit_warning(self._ctx, PODS, virtual, sentence, reason=IGNORED)
        return None

    def _isolation(self, virtual: Object) -> Iterator[str]:
        settings = self._ctx.settings
        if settings.isolated:
            yield from translate.left_out(virtual, scheduled_inside=settings.scheduler)

    async def _send(
        self, virtual: Object, desired: Object, kinds: Sequence[str], context: PodContext
    ) -> Object:
        ctx, name = self._ctx, name_of(virtual)
        try:
            async with warn_on_rejection(ctx, PODS, virtual, names=translate.pod_names(virtual, ctx.scope)):
                await self._maps.create(virtual, kinds, context)
                try:
                    created = await ctx.host.writer.create(PODS, desired)
                except AlreadyExists:
                    created = await self._existing(name)
        except BaseException as error:
            self._admission.release(name)
            if isinstance(error, ApiError) and is_over_quota(error):
                self._over_quota.rejected(name)
            else:
                self._over_quota.discard(name)
            if isinstance(error, Forbidden) and _lacks_runtime_class(virtual, error):
                await bind_to_any(ctx, virtual)
            raise
        self._over_quota.created(name)
        return created

    async def _existing(self, name: VirtualName) -> Object:
        """The host pod that has the name: ours where the cache is behind.

        Raises:
            AlreadyExists: somebody else's.
        """
        on_host = host_name(name, self._ctx.scope.cluster)
        found = await self._ctx.host.client.get(PODS, on_host, namespace=self._ctx.namespace)
        if virtual_name_of(found, scope=self._ctx.scope, kind="Pod") != name:
            raise AlreadyExists(
                f'the host already has a pod "{on_host}" that is not ours', status=409, reason="AlreadyExists"
            )
        self._ctx.host.store(PODS, found)
        return found


def _lacks_runtime_class(virtual: Object, error: Forbidden) -> bool:
    name = virtual["spec"].get("runtimeClassName")
    return bool(name) and f'RuntimeClass "{name}" not found' in error.message
