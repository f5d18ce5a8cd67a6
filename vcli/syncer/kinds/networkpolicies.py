"""NetworkPolicies: the host's network plugin enforces them, if it is one that does."""

from typing import Final

from vcli.kube.resources import NETWORKPOLICIES
from vcli.syncer.engine.context import Object, SyncContext
from vcli.syncer.sync.rejections import IGNORED, emit_warning
from vcli.syncer.sync.to_host import ToHost
from vcli.syncer.translate import networkpolicies as translate


async def _say_what_differs(ctx: SyncContext, virtual: Object, before: Object | None, host: Object) -> None:
    if host is before:
        return
    for sentence in translate.sentences(virtual):
        await emit_warning(ctx, NETWORKPOLICIES, virtual, sentence, reason=IGNORED)


TO_HOST: Final = ToHost(
    translate=lambda ctx, virtual, _: translate.to_host(virtual, scope=ctx.scope),
    after=_say_what_differs,
)
