"""PersistentVolumeClaims: the host provisions and binds, the virtual claim shows what came of it."""

from typing import Final

from vcli.kube.resources import PVCS, PVS
from vcli.syncer.engine.context import Object, SyncContext, is_terminating, name_of, uid_of
from vcli.syncer.engine.controller import Controller, RequeueAfter
from vcli.syncer.engine.enqueue import created_or_deleted, enqueue_on, enqueue_on_host, enqueue_on_virtual
from vcli.syncer.engine.patching import merge_patch
from vcli.syncer.kinds.indexes import BY_VOLUME
from vcli.syncer.kinds.refusals import IGNORED, emit_warning, warn_on_rejection
from vcli.syncer.kinds.volumes import Volumes, is_bound
from vcli.syncer.translate import dropped
from vcli.syncer.translate import pvcs as translate
from vcli.syncer.translate.metadata import virtual_uid_of
from vcli.syncer.translate.names import VirtualName
from vcli.syncer.translate.pvs import is_ours

LOST: Final = "ClaimLost"
NOT_ON_HOST: Final = "VolumeNotOnHost"


class Claims:
    """The controller of PersistentVolumeClaims.

    Args:
        ctx: both clusters.
        volumes: shows the volumes that claims are bound to.
    """

    def __init__(self, ctx: SyncContext, volumes: Volumes) -> None:
        self._ctx = ctx
        self._volumes = volumes
        self.controller: Controller[VirtualName] = Controller(
            "claims", self._reconcile, caches=[ctx.host[PVCS]]
        )
        queue = self.controller.queue
        enqueue_on_virtual(ctx.virtual[PVCS], queue)
        enqueue_on_host(ctx.host[PVCS], queue, kind="PersistentVolumeClaim", scope=ctx.scope)
        enqueue_on(ctx.virtual[PVS], queue, self._claims_of, predicate=created_or_deleted)

    async def _reconcile(self, name: VirtualName) -> RequeueAfter | None:
        ctx = self._ctx
        virtual, host = ctx.in_virtual(PVCS, name), ctx.on_host(PVCS, name)
        if virtual is None or (host is not None and virtual_uid_of(host) != uid_of(virtual)):
            if host is not None and not is_terminating(host):
                await ctx.host.writer.delete(PVCS, host)
            return None
        if (host is None or not is_bound(host)) and await self._asks_for_a_tenants_volume(virtual):
            if host is not None:
                await ctx.host.writer.delete(PVCS, host)
            return None
        if host is not None:
            # First, so that what the host refuses below does not hide what it says.
            virtual = await self._tell_back(virtual, host)
        elif is_terminating(virtual):
            return None
        desired = translate.to_host(virtual, scope=ctx.scope, host=host)
        async with warn_on_rejection(ctx, PVCS, virtual):
            made = await ctx.host.writer.apply(PVCS, desired, current=host)
        if made is not host:
            for sentence in dropped.sentences(desired, made):
                await emit_warning(ctx, PVCS, virtual, sentence, reason=IGNORED)
        if host is None and translate.has_lost(virtual, made):
            volume = virtual["spec"]["volumeName"]
            await emit_warning(
                ctx, PVCS, virtual, f"the host no longer has this claim to {volume}", reason=LOST
            )
        return None

    async def _tell_back(self, virtual: Object, host: Object) -> Object:
        """Show what came of the claim; returns it as it is then."""
        ctx = self._ctx
        patch = translate.virtual_patch(host, virtual, scope=ctx.scope)
        if patch is not None:
            virtual = await ctx.virtual.writer.patch(PVCS, virtual, patch)
        if is_bound(host):
            await self._volumes.show(virtual, host)
        wanted = translate.virtual_status(host, virtual, scope=ctx.scope)
        status = merge_patch(virtual.get("status") or {}, wanted)
        if status:
            virtual = await ctx.virtual.writer.patch_status(PVCS, virtual, status)
        return virtual

    async def _asks_for_a_tenants_volume(self, virtual: Object) -> bool:
        """Whether it wants a volume that only the virtual cluster has, which no pod could mount.

        The host may have another one of that name: it must not be taken for this one.
        """
        name = virtual["spec"].get("volumeName")
        volume = self._ctx.virtual[PVS].get(None, name) if name else None
        if volume is None or is_ours(volume):
            return False
        message = f"PersistentVolume {name} was made in the virtual cluster, and the host does not have it"
        await emit_warning(self._ctx, PVCS, virtual, message, reason=NOT_ON_HOST)
        return True

    def _claims_of(self, volume: Object) -> list[VirtualName]:
        return [
            name_of(each) for each in self._ctx.virtual[PVCS].by_index(BY_VOLUME, volume["metadata"]["name"])
        ]
