"""PodDisruptionBudgets: evictions on the host, as of a node that is drained, keep to them as those inside do.

Their status does not come back: the virtual cluster's own controller writes it.
"""

from typing import Final

from vcli.syncer.engine.context import Object, SyncContext
from vcli.syncer.sync.to_host import ToHost
from vcli.syncer.translate import poddisruptionbudgets as translate


async def _is_wanted(_: SyncContext, virtual: Object, host: Object | None) -> bool:
    return host is not None or translate.is_counted(virtual)


TO_HOST: Final = ToHost(
    translate=lambda ctx, virtual, _: translate.to_host(virtual, scope=ctx.scope),
    wanted=_is_wanted,
)
