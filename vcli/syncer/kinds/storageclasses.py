"""StorageClasses: those of the host, so that tenants see what claims may ask for, and those of tenants."""

from typing import Final

from vcli.kube.resources import STORAGECLASSES
from vcli.syncer.engine.context import Object, SyncContext
from vcli.syncer.sync.from_host import FromHost
from vcli.syncer.sync.rejections import IGNORED, emit_warning
from vcli.syncer.sync.to_host import ToHost
from vcli.syncer.translate import storageclasses as translate
from vcli.syncer.translate.mirrors import is_mirror


async def _is_wanted(_: SyncContext, virtual: Object, __: Object | None) -> bool:
    return not is_mirror(virtual)


async def _warn(ctx: SyncContext, virtual: Object, before: Object | None, _: Object) -> None:
    if before is None and (parameters := translate.left_out(virtual)):
        message = translate.sentence(parameters)
        await emit_warning(ctx, STORAGECLASSES, virtual, message, reason=IGNORED)


FROM_HOST: Final = FromHost(
    translate=lambda _, host: translate.to_virtual(host), replace_when=translate.must_be_replaced
)
TO_HOST: Final = ToHost(
    translate=lambda ctx, virtual, _: translate.to_host(virtual, scope=ctx.scope),
    wanted=_is_wanted,
    replace_when=lambda virtual, host: translate.must_be_replaced(host, translate.fields(virtual)),
    after=_warn,
)
