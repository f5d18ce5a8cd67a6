"""VolumeSnapshots: the host's controller takes them, of the claims of tenants."""

from contextlib import suppress
from typing import Final

from vcli.kube.errors import NotFound
from vcli.kube.resources import VOLUMESNAPSHOTCONTENTS
from vcli.syncer.engine.context import Object, SyncContext
from vcli.syncer.engine.writer import stamped
from vcli.syncer.sync.from_host import mirror
from vcli.syncer.sync.to_host import ToHost, update_virtual_status
from vcli.syncer.translate import volumesnapshotcontents as contents
from vcli.syncer.translate import volumesnapshots as translate
from vcli.syncer.translate.mirrors import is_mirror


async def _mirror_content(ctx: SyncContext, virtual: Object, _: Object | None, host: Object) -> None:
    """Have the content in the virtual cluster that the host has made for a snapshot, if they are synced."""
    name = translate.content_of_host(host)
    if name is None or not _are_shown(ctx):
        return
    current = ctx.virtual[VOLUMESNAPSHOTCONTENTS].get(None, name)
    if current is not None and not is_mirror(current):
        return
    with suppress(NotFound):  # it is about to be deleted
        content = await ctx.host.client.get(VOLUMESNAPSHOTCONTENTS, name)
        desired = stamped(contents.to_virtual(content, virtual))
        made = await mirror(ctx, VOLUMESNAPSHOTCONTENTS, desired, current=current)
        if made is not None:
            namespace = virtual["metadata"]["namespace"]
            status = contents.virtual_status(content, namespace=namespace, scope=ctx.scope)
            await update_virtual_status(ctx, VOLUMESNAPSHOTCONTENTS, made, status)


def _are_shown(ctx: SyncContext) -> bool:
    resource = VOLUMESNAPSHOTCONTENTS
    return resource in ctx.host and ctx.host[resource].available and ctx.virtual[resource].available


TO_HOST: Final = ToHost(
    translate=lambda ctx, virtual, _: translate.to_host(virtual, scope=ctx.scope),
    status=lambda ctx, virtual, host: translate.virtual_status(host, virtual, scope=ctx.scope),
    after=_mirror_content,
)
