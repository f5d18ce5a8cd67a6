"""PersistentVolumeClaims: the host provisions and binds, the virtual claim shows what came of it."""

from contextlib import suppress
from typing import Final

from vcli.kube.errors import NotFound
from vcli.kube.resources import PVCS, PVS, STORAGECLASSES
from vcli.syncer.engine.context import Object, SyncContext, name_of
from vcli.syncer.engine.enqueue import created_or_deleted
from vcli.syncer.kinds.indexes import BY_VOLUME
from vcli.syncer.kinds.selection import may_use, refusal
from vcli.syncer.kinds.volumes import Volumes, is_bound
from vcli.syncer.sync.from_host import is_mirror
from vcli.syncer.sync.rejections import emit_warning
from vcli.syncer.sync.to_host import ToHost, Trigger
from vcli.syncer.translate import pvcs as translate
from vcli.syncer.translate.metadata import host_name_for
from vcli.syncer.translate.names import VirtualName
from vcli.syncer.translate.pvs import is_ours

LOST: Final = "ClaimLost"
NOT_ON_HOST: Final = "VolumeNotOnHost"


def claims(ctx: SyncContext, volumes: Volumes) -> ToHost:
    """How claims are synced to the host.

    Args:
        ctx: both clusters.
        volumes: mirrors the volumes that they are bound to.
    """
    triggers = [Trigger(PVS, _claims_of, created_or_deleted)]
    if STORAGECLASSES in ctx.virtual:
        triggers.append(Trigger(STORAGECLASSES, _claims_of_class, created_or_deleted))

    async def mirror_volume(virtual: Object, host: Object) -> None:
        if is_bound(host):
            await volumes.mirror(virtual, host)

    return ToHost(
        translate=lambda ctx, virtual, host: translate.to_host(
            virtual,
            scope=ctx.scope,
            host=host,
            storage_classes=_storage_classes(ctx, virtual),
            scheduled_inside=ctx.settings.scheduler,
        ),
        wanted=_is_wanted,
        replace_when=lambda virtual, host: (
            not is_bound(host)
            and translate.has_other_class(virtual, host, storage_classes=_storage_classes(ctx, virtual))
        ),
        patch_virtual=lambda ctx, virtual, host: translate.virtual_patch(
            host, virtual, scope=ctx.scope, scheduled_inside=ctx.settings.scheduler
        ),
        before_status=mirror_volume,
        status=lambda ctx, virtual, host: translate.virtual_status(host, virtual, scope=ctx.scope),
        after=_warn_of_loss,
        triggers=triggers,
    )


async def _is_wanted(ctx: SyncContext, virtual: Object, host: Object | None) -> bool:
    """Not if it asks for a class that is not for this virtual cluster, or for a volume that only that has.

    No pod could mount such a volume. The host may have another one of that name: it must not be taken for
    this one.
    """
    if host is None:
        await _learn_class(ctx, virtual)
        if not await _may_have_class(ctx, virtual):
            return False
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


async def _learn_class(ctx: SyncContext, claim: Object) -> None:
    """Have the class that a new claim names in the cache, which may be behind that of claims."""
    name = claim["spec"].get("storageClassName")
    if name and STORAGECLASSES in ctx.host and ctx.virtual[STORAGECLASSES].get(None, name) is None:
        with suppress(NotFound):  # it may be one of the host
            found = await ctx.virtual.client.get(STORAGECLASSES, name)
            ctx.virtual.store(STORAGECLASSES, found)


async def _may_have_class(ctx: SyncContext, claim: Object) -> bool:
    name = claim["spec"].get("storageClassName")
    if not name or name in _storage_classes(ctx, claim) or may_use(ctx, STORAGECLASSES, name):
        return True
    await emit_warning(ctx, PVCS, claim, refusal(STORAGECLASSES, name))
    return False


def _storage_classes(ctx: SyncContext, claim: Object) -> dict[str, str]:
    """The host's StorageClass by the tenant's own one that a claim names; empty for a class of the host."""
    name = claim["spec"].get("storageClassName")
    if not name or STORAGECLASSES not in ctx.host:
        return {}
    virtual = ctx.virtual[STORAGECLASSES].get(None, name)
    if virtual is None or is_mirror(virtual):
        return {}
    return {name: host_name_for(name_of(virtual), kind=STORAGECLASSES.kind, scope=ctx.scope)}


def _claims_of_class(ctx: SyncContext, storage_class: Object) -> list[VirtualName]:
    name = storage_class["metadata"]["name"]
    claims = ctx.virtual[PVCS].items()
    return [name_of(each) for each in claims if each["spec"].get("storageClassName") == name]


def _claims_of(ctx: SyncContext, volume: Object) -> list[VirtualName]:
    return [name_of(each) for each in ctx.virtual[PVCS].by_index(BY_VOLUME, volume["metadata"]["name"])]
