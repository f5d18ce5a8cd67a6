"""PersistentVolumeClaims: the host provisions and binds, the virtual claim shows what came of it."""

from typing import Final

from vcli.kube.resources import PVCS, PVS
from vcli.syncer.engine.context import Object, SyncContext, name_of
from vcli.syncer.engine.enqueue import created_or_deleted
from vcli.syncer.kinds.indexes import BY_VOLUME
from vcli.syncer.kinds.volumes import Volumes, is_bound
from vcli.syncer.sync.rejections import emit_warning
from vcli.syncer.sync.to_host import ToHost, Trigger
from vcli.syncer.translate import pvcs as translate
from vcli.syncer.translate.names import VirtualName
from vcli.syncer.translate.pvs import is_ours

LOST: Final = "ClaimLost"
NOT_ON_HOST: Final = "VolumeNotOnHost"


def claims(volumes: Volumes) -> ToHost:
    """How claims are synced to the host.

    Args:
        volumes: mirrors the volumes that they are bound to.
    """

    async def mirror_volume(virtual: Object, host: Object) -> None:
        if is_bound(host):
            await volumes.mirror(virtual, host)

    return ToHost(
        translate=lambda ctx, virtual, host: translate.to_host(virtual, scope=ctx.scope, host=host),
        wanted=_is_wanted,
        patch_virtual=lambda ctx, virtual, host: translate.virtual_patch(host, virtual, scope=ctx.scope),
        before_status=mirror_volume,
        status=lambda ctx, virtual, host: translate.virtual_status(host, virtual, scope=ctx.scope),
        after=_warn_of_loss,
        triggers=(Trigger(PVS, _claims_of, created_or_deleted),),
    )


async def _is_wanted(ctx: SyncContext, virtual: Object, host: Object | None) -> bool:
    """Not if it asks for a volume that only the virtual cluster has, which no pod could mount.

    The host may have another one of that name: it must not be taken for this one.
    """
    name = virtual["spec"].get("volumeName")
    volume = ctx.virtual[PVS].get(None, name) if name else None
    if volume is None or is_ours(volume) or (host is not None and is_bound(host)):
        return True
    message = f"PersistentVolume {name} was made in the virtual cluster, and the host does not have it"
    await emit_warning(ctx, PVCS, virtual, message, reason=NOT_ON_HOST)
    return False


async def _warn_of_loss(ctx: SyncContext, virtual: Object, before: Object | None, made: Object) -> None:
    if before is None and translate.has_lost(virtual, made):
        volume = virtual["spec"]["volumeName"]
        message = f"the host no longer has this claim to {volume}"
        await emit_warning(ctx, PVCS, virtual, message, reason=LOST)


def _claims_of(ctx: SyncContext, volume: Object) -> list[VirtualName]:
    return [name_of(each) for each in ctx.virtual[PVCS].by_index(BY_VOLUME, volume["metadata"]["name"])]
