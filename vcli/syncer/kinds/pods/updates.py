"""What may change in a pod that runs, from the virtual pod to the host pod."""

from typing import Any

from vcli.kube.errors import ApiError, Forbidden, Invalid, NotFound
from vcli.kube.resources import PODS
from vcli.kube.types import uid
from vcli.syncer.engine.context import Object, SyncContext, name_of
from vcli.syncer.kinds.pods.context import PodContexts
from vcli.syncer.kinds.pods.maps import PodConfigMaps
from vcli.syncer.kinds.pods.state import PodState
from vcli.syncer.sync.rejections import IGNORED, emit_warning, warn_on_rejection
from vcli.syncer.translate import pods as translate


class PodUpdates:
    """Keeps host pods like their virtual ones.

    Status changes come ten times as often as changes of the pod itself: what was synced last is remembered,
    so that they don't cost a translation each.
    """

    def __init__(self, ctx: SyncContext, contexts: PodContexts, maps: PodConfigMaps) -> None:
        self._ctx = ctx
        self._contexts = contexts
        self._maps = maps

    async def sync(self, virtual: Object, host: Object, state: PodState) -> None:
        """Make the host pod what the virtual one asks for.

        Each part goes by a subresource of its own, which the host may not let us use: what it rejects
        holds up none of the others.

        Raises:
            ApiError: the first rejection; a Warning event says so as well.
            RestoreLaterError: another client changes the host pod again and again.
        """
        source = self._source(virtual, host)
        async with warn_on_rejection(
            self._ctx, PODS, virtual, names=translate.pod_names(virtual, self._ctx.scope)
        ):
            # The conditions of readiness gates, which the tenant's controllers set.
            conditions = translate.host_status_patch(host, virtual)
            rejected = await self._try(host, conditions, subresource="status")
            is_new = source is None or state.last_synced != source
            await self._maps.sync(virtual, host, changed=is_new)
            if is_new or state.host_mark != _mark(host):
                rejected = await self._sync_spec(virtual, host, state, is_new=is_new) or rejected
                if rejected is None:
                    state.last_synced = source
                    state.host_mark = _mark(self._ctx.on_host(PODS, name_of(virtual)) or host)
            if rejected is not None:
                raise rejected

    async def _sync_spec(
        self, virtual: Object, host: Object, state: PodState, *, is_new: bool
    ) -> ApiError | None:
        context = self._contexts.of(virtual)
        kinds = translate.config_map_kinds(host)
        desired = translate.to_host(virtual, context, kinds=kinds)
        resize = await self._try(host, translate.resize_patch(host, desired), subresource="resize")
        # What the host's admission made of an image stays; what another client made of that does not.
        changed = not is_new and state.host_mark is not None and state.host_mark[-1] != _mark(host)[-1]
        patch = translate.mutable_patch(host, desired, resized=resize is None, images=changed)
        if patch is not None and not is_new:
            self._ctx.host.kept.admit(PODS, desired)
        update = await self._try(host, patch)
        for name in translate.refused_containers(virtual) if context.isolated else ():
            message = f"ephemeral container {name} not started: this virtual cluster is isolated"
            await emit_warning(self._ctx, PODS, virtual, message, reason=IGNORED)
        containers = _added(host, translate.ephemeral_containers(virtual, context, kinds=kinds))
        added = await self._try(host, containers, subresource="ephemeralcontainers")
        return update or resize or added

    def _source(self, virtual: Object, host: Object) -> tuple[Any, ...] | None:
        """What a translation depends on and that can change; None where the API counts no generations.

        A host pod that was recreated has nothing yet of what can't be created with it.
        """
        metadata = virtual["metadata"]
        if "generation" not in metadata:
            return None
        return (
            uid(host),
            metadata["uid"],
            metadata["generation"],
            metadata.get("labels"),
            metadata.get("annotations"),
            metadata.get("ownerReferences"),
            self._contexts.namespace_labels(metadata["namespace"]),
        )

    async def _try(
        self, host: Object, patch: Object | None, *, subresource: str | None = None
    ) -> ApiError | None:
        """Patch the host pod, if there is something to patch; give a rejection instead of raising it."""
        if patch is None:
            return None
        try:
            await self._ctx.host.writer.patch(
                PODS, host, patch, subresource=subresource, strategy="strategic"
            )
        except (Forbidden, Invalid, NotFound) as error:
            return error
        return None


def _mark(host: Object) -> tuple[Any, ...]:
    """What of a host pod is restored when another client changes it: labels, annotations, images."""
    metadata, spec = host["metadata"], host["spec"]
    groups = ("initContainers", "containers")
    images = [each.get("image") for group in groups for each in spec.get(group) or ()]
    return metadata.get("labels"), metadata.get("annotations"), images


def _added(host: Object, wanted: list[Object]) -> Object | None:
    """The patch that adds ephemeral containers, which never change or go."""
    there = {each["name"] for each in host["spec"].get("ephemeralContainers") or ()}
    if all(each["name"] in there for each in wanted):
        return None
    return {"spec": {"ephemeralContainers": wanted}}
