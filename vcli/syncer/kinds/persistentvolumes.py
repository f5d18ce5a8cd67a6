"""PersistentVolumes of a tenant's own: the host has each while it is for a claim, and then for no other.

Those that the host has made are mirrored: `vcli.syncer.kinds.volumes`.
"""

from collections.abc import Iterator
from typing import Final

from vcli.kube.resources import PVCS, PVS
from vcli.kube.types import is_terminating, uid
from vcli.syncer.engine.context import Object, SyncContext, name_of
from vcli.syncer.engine.enqueue import created_or_deleted
from vcli.syncer.kinds.own_volumes import is_own, storage_classes
from vcli.syncer.sync.references import ConfigName
from vcli.syncer.sync.rejections import IGNORED, emit_warning
from vcli.syncer.sync.to_host import ToHost, Trigger, update_virtual_status
from vcli.syncer.translate import persistentvolumes as translate
from vcli.syncer.translate.metadata import virtual_name_of
from vcli.syncer.translate.names import VirtualName
from vcli.syncer.translate.pvs import SOURCES


async def _is_wanted(ctx: SyncContext, virtual: Object, host: Object | None) -> bool:
    """Only while it is for a claim: else any claim of the host could have it."""
    if not is_own(ctx, virtual):
        return False
    if not translate.is_supported(virtual):
        message = f"not synced: its source is none of those that the host gets: {', '.join(SOURCES)}"
        await emit_warning(ctx, PVS, virtual, message, reason=IGNORED)
        return False
    if host is not None and translate.is_bound(host):
        return True
    if await _is_free(ctx, virtual, host):
        return False
    return host is None or not translate.must_be_recreated(virtual, host, scope=ctx.scope)


async def _is_free(ctx: SyncContext, virtual: Object, host: Object | None) -> bool:
    """Be the binder for one that no claim has; gives whether the virtual cluster alone is to have it."""
    reference = virtual["spec"].get("claimRef")
    if is_terminating(virtual):
        return host is None
    if not reference:
        if host is None:
            await _update_phase(ctx, virtual, "Available")
        return True
    if not _has_gone(ctx, reference):
        return False
    if translate.was_bound(virtual) or (host is not None and translate.is_used(host)):
        if host is None:
            await _update_phase(ctx, virtual, "Released")
            if virtual["spec"].get("persistentVolumeReclaimPolicy") == "Delete":  # as the host has done
                await ctx.virtual.writer.delete(PVS, virtual)
        return host is None
    # It was reserved, and its claim went before it was bound.
    await ctx.virtual.writer.patch(PVS, virtual, {"spec": {"claimRef": None}})
    return True


async def _update_phase(ctx: SyncContext, virtual: Object, phase: str) -> None:
    status = virtual.get("status") or {}
    if status.get("phase") != phase:
        since = status.get("lastPhaseTransitionTime")
        await update_virtual_status(ctx, PVS, virtual, {"phase": phase, "lastPhaseTransitionTime": since})


def _has_gone(ctx: SyncContext, reference: Object) -> bool:
    """Whether the claim that a volume refers to was there, and is no more."""
    claim = ctx.in_virtual(PVCS, VirtualName(reference.get("namespace", ""), reference.get("name", "")))
    return bool(reference.get("uid")) and (claim is None or uid(claim) != reference["uid"])


def _to_host(ctx: SyncContext, virtual: Object, host: Object | None) -> Object:
    classes = storage_classes(ctx, virtual)
    return translate.to_host(virtual, scope=ctx.scope, host=host, storage_classes=classes)


def _patch_virtual(ctx: SyncContext, virtual: Object, host: Object) -> Object | None:
    claim = _claim_of(ctx, host) if translate.is_bound(host) else None
    return translate.virtual_patch(host, virtual, claim)


def _claim_of(ctx: SyncContext, host: Object) -> Object | None:
    """The virtual claim whose host claim a host volume is bound to."""
    on_host = ctx.host[PVCS].get(ctx.namespace, (host["spec"].get("claimRef") or {}).get("name", ""))
    name = virtual_name_of(on_host, scope=ctx.scope, kind=PVCS.kind) if on_host is not None else None
    return None if name is None else ctx.in_virtual(PVCS, name)


def _secrets(volume: Object) -> Iterator[ConfigName]:
    return (ConfigName("Secret", name) for name in translate.secrets_of(volume))


def _reserved_for(ctx: SyncContext, claim: Object) -> list[VirtualName]:
    return [name_of(each) for each in ctx.virtual[PVS].items() if translate.is_for(each, claim)]


TO_HOST: Final = ToHost(
    translate=_to_host,
    wanted=_is_wanted,
    patch_virtual=_patch_virtual,
    status=lambda ctx, virtual, host: translate.virtual_status(host, virtual, scope=ctx.scope),
    references=_secrets,
    triggers=(Trigger(PVCS, _reserved_for, created_or_deleted),),
)
