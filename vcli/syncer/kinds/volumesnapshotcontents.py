"""VolumeSnapshotContents: a tenant's own are given to the host; the host's are shown with their snapshots."""

from collections.abc import Iterable
from typing import Final

from vcli.kube.resources import VOLUMESNAPSHOTCONTENTS, VOLUMESNAPSHOTS
from vcli.kube.types import is_terminating
from vcli.syncer.engine.context import Object, SyncContext
from vcli.syncer.engine.enqueue import created_or_deleted
from vcli.syncer.sync.rejections import IGNORED, emit_warning
from vcli.syncer.sync.to_host import ToHost, Trigger
from vcli.syncer.translate import volumesnapshotcontents as translate
from vcli.syncer.translate.mirrors import is_mirror
from vcli.syncer.translate.names import VirtualName


async def _is_wanted(ctx: SyncContext, virtual: Object, _: Object | None) -> bool:
    """Not if it is the host's; that goes when its snapshot does."""
    if is_mirror(virtual):
        known = ctx.virtual[VOLUMESNAPSHOTS].available
        if known and not translate.is_of(virtual, _snapshot(ctx, virtual)) and not is_terminating(virtual):
            await ctx.virtual.writer.delete(VOLUMESNAPSHOTCONTENTS, virtual)
        return False
    if not translate.takes_a_snapshot(virtual):
        return True
    message = "not synced: with source.volumeHandle only snapshot controllers make one, that of the host"
    await emit_warning(ctx, VOLUMESNAPSHOTCONTENTS, virtual, message, reason=IGNORED)
    return False


def _snapshot(ctx: SyncContext, content: Object) -> Object | None:
    bound = content["spec"]["volumeSnapshotRef"]
    return ctx.in_virtual(VOLUMESNAPSHOTS, VirtualName(bound["namespace"], bound["name"]))


def _bound(_: SyncContext, snapshot: Object) -> Iterable[VirtualName]:
    name = (snapshot.get("status") or {}).get("boundVolumeSnapshotContentName")
    return (VirtualName("", name),) if name else ()


TO_HOST: Final = ToHost(
    translate=lambda ctx, virtual, _: translate.to_host(virtual, scope=ctx.scope),
    wanted=_is_wanted,
    status=lambda ctx, virtual, host: translate.virtual_status(
        host, namespace=virtual["spec"]["volumeSnapshotRef"]["namespace"], scope=ctx.scope
    ),
    triggers=(Trigger(VOLUMESNAPSHOTS, _bound, created_or_deleted),),
)
