"""PersistentVolumeClaims: the host provisions and binds, the virtual claim shows what came of it."""

from contextlib import suppress
from typing import Final

from vcli.kube.errors import NotFound
from vcli.kube.resources import PVCS, PVS, STORAGECLASSES
from vcli.kube.types import is_terminating
from vcli.syncer.engine.context import Object, SyncContext, name_of
from vcli.syncer.engine.enqueue import created_or_deleted
from vcli.syncer.kinds.indexes import BY_VOLUME
from vcli.syncer.kinds.own_volumes import are_synced, own_name, reserve, storage_classes, wanted_volume
from vcli.syncer.kinds.selection import may_use, refusal
from vcli.syncer.kinds.volumes import Volumes, is_bound
from vcli.syncer.sync.rejections import emit_warning
from vcli.syncer.sync.to_host import ToHost, Trigger
from vcli.syncer.translate import pvcs as translate
from vcli.syncer.translate.names import VirtualName
from vcli.syncer.translate.persistentvolumes import is_supported
from vcli.syncer.translate.pvs import is_ours

LOST: Final = "ClaimLost"
NOT_ON_HOST: Final = "VolumeNotOnHost"


def claims(ctx: SyncContext, volumes: Volumes) -> ToHost:
    """How claims are synced to the host.

    Args:
        ctx: both clusters.
        volumes: mirrors the volumes that they are bound to.
    """
    triggers = [Trigger(PVS, _claims_of, None if are_synced(ctx) else created_or_deleted)]
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
            storage_classes=storage_classes(ctx, virtual),
            own_volume=wanted_volume(ctx, virtual),
            scheduled_inside=ctx.settings.scheduler,
        ),
        wanted=_is_wanted,
        replace_when=lambda virtual, host: not is_bound(host) and _is_outdated(ctx, virtual, host),
        patch_virtual=lambda ctx, virtual, host: translate.virtual_patch(
            host,
            virtual,
            scope=ctx.scope,
            own_volume=own_name(ctx, host["spec"].get("volumeName", "")),
            scheduled_inside=ctx.settings.scheduler,
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
    name = virtual["spec"].get("volumeName")
    if are_synced(ctx) and _has_no_volume(virtual, host):
        await _learn_volume(ctx, name)
        await reserve(ctx, virtual)
    if host is None:
        await _learn_class(ctx, virtual)
        if not await _may_have_class(ctx, virtual):
            return False
    volume = ctx.virtual[PVS].get(None, name) if name else None
    if volume is None or is_ours(volume) or (host is not None and is_bound(host)):
        return True
    if are_synced(ctx) and is_supported(volume):
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


async def _learn_volume(ctx: SyncContext, name: str | None) -> None:
    """The same for the volume that it names."""
    if name and ctx.virtual[PVS].get(None, name) is None:
        with suppress(NotFound):
            ctx.virtual.store(PVS, await ctx.virtual.client.get(PVS, name))


async def _may_have_class(ctx: SyncContext, claim: Object) -> bool:
    name = claim["spec"].get("storageClassName")
    if name == "" or name in storage_classes(ctx, claim) or may_use(ctx, STORAGECLASSES, name or ""):
        return True
    if wanted_volume(ctx, claim):  # nothing is provisioned for it
        return True
    await emit_warning(ctx, PVCS, claim, refusal(STORAGECLASSES, name or ""))
    return False


def _claims_of_class(ctx: SyncContext, storage_class: Object) -> list[VirtualName]:
    name = storage_class["metadata"]["name"]
    claims = ctx.virtual[PVCS].items()
    return [name_of(each) for each in claims if each["spec"].get("storageClassName") in (name, None)]


def _is_outdated(ctx: SyncContext, virtual: Object, host: Object) -> bool:
    """Whether a host claim was made before the class or the volume of a tenant's own that it is to have."""
    return translate.has_other_class(
        virtual, host, storage_classes=storage_classes(ctx, virtual)
    ) or translate.has_other_volume(virtual, host, own_volume=wanted_volume(ctx, virtual))


def _claims_of(ctx: SyncContext, volume: Object) -> list[VirtualName]:
    """The claims that a volume concerns: those that name it, and of one that is free all that have none."""
    claims = [*ctx.virtual[PVCS].by_index(BY_VOLUME, volume["metadata"]["name"])]
    if are_synced(ctx) and not is_ours(volume) and not volume["spec"].get("claimRef"):
        claims += [each for each in ctx.virtual[PVCS].items() if not each["spec"].get("volumeName")]
    return [name_of(each) for each in claims]


def _has_no_volume(virtual: Object, host: Object | None) -> bool:
    """Whether a claim may still get a volume of a tenant's own: the host has given it none."""
    if is_terminating(virtual) or (host is not None and is_bound(host)):
        return False
    has_one = host is not None and host["spec"].get("volumeName")
    return bool(virtual["spec"].get("volumeName")) or not has_one
