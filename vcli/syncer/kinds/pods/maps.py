"""The ConfigMaps that a host pod reads what it has no room for from: as long as the pod is there."""

from collections.abc import Sequence

from vcli.kube.resources import CONFIGMAPS
from vcli.kube.types import uid
from vcli.syncer.engine.context import Object, SyncContext
from vcli.syncer.engine.writer import is_applied, stamped
from vcli.syncer.kinds.pods.context import PodContexts
from vcli.syncer.translate import pods as translate
from vcli.syncer.translate.metadata import POD_DOWNWARD, host_name_for, virtual_uid_of
from vcli.syncer.translate.names import VirtualName
from vcli.syncer.translate.pods import PodContext


class PodConfigMaps:
    """Writes them. All methods raise `ApiError` as the host answers.

    Args:
        ctx: both clusters.
        contexts: what a translation needs to know.
    """

    def __init__(self, ctx: SyncContext, contexts: PodContexts) -> None:
        self._ctx = ctx
        self._contexts = contexts

    async def create(self, virtual: Object, kinds: Sequence[str], context: PodContext) -> None:
        """Have all that a host pod refers to, before it is created."""
        for kind in kinds:
            await self._write(virtual, kind, context)

    async def sync(self, virtual: Object, host: Object, *, changed: bool) -> None:
        """Show what is new in labels and annotations, and restore what somebody has deleted.

        Args:
            virtual: the virtual pod.
            host: the host pod.
            changed: whether the virtual pod has changed since the last time.
        """
        for kind in translate.config_map_kinds(host):
            if self._found(virtual, kind) is None or (changed and kind == POD_DOWNWARD):
                await self._write(virtual, kind, self._contexts.of(virtual))

    async def delete(self, name: VirtualName) -> None:
        """Delete those of a pod that is gone."""
        for each in translate.config_map_names(name, self._ctx.scope):
            found = self._ctx.host[CONFIGMAPS].get(self._ctx.namespace, each)
            if found is not None and translate.pod_of_config_map(found, self._ctx.scope) == name:
                await self._ctx.host.writer.delete(CONFIGMAPS, found)

    async def _write(self, virtual: Object, kind: str, context: PodContext) -> None:
        desired = translate.config_map(virtual, kind, context)
        current = self._found(virtual, kind)
        if not is_applied(current, desired):
            await self._ctx.host.writer.create_or_replace(CONFIGMAPS, stamped(desired), current=current)

    def _found(self, virtual: Object, kind: str) -> Object | None:
        """What the host has of one, if it is this very pod's."""
        metadata, scope = virtual["metadata"], self._ctx.scope
        own = VirtualName(metadata["namespace"], metadata["name"])
        found = self._ctx.host[CONFIGMAPS].get(
            self._ctx.namespace, host_name_for(own, kind=kind, scope=scope)
        )
        return found if found is not None and virtual_uid_of(found) == uid(virtual) else None
