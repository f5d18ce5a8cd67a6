"""PriorityClasses: those of the host, which pods may have there, and those of tenants."""

from typing import Final

from vcli.kube.resources import PRIORITYCLASSES
from vcli.syncer.engine.context import Object, SyncContext
from vcli.syncer.sync.from_host import FromHost
from vcli.syncer.sync.to_host import ToHost
from vcli.syncer.translate import priorityclasses as translate
from vcli.syncer.translate.mirrors import is_mirror


def _to_virtual(ctx: SyncContext, host: Object) -> Object:
    known = ctx.virtual[PRIORITYCLASSES].items()
    has_own = any(each.get("globalDefault") and not is_mirror(each) for each in known)
    return translate.to_virtual(host, may_be_default=not has_own)


async def _is_wanted(_: SyncContext, virtual: Object, __: Object | None) -> bool:
    return not is_mirror(virtual) and not translate.is_system(virtual)


FROM_HOST: Final = FromHost(
    translate=_to_virtual,
    wanted=lambda _, host: not translate.is_system(host),
    replace_when=translate.must_be_replaced,
)
TO_HOST: Final = ToHost(
    translate=lambda ctx, virtual, _: translate.to_host(virtual, scope=ctx.scope),
    wanted=_is_wanted,
    replace_when=translate.must_be_replaced,
)
