"""BackendTLSPolicies: Gateways of the host speak TLS to Services by them."""

from functools import partial
from typing import Final

from vcli.kube.resources import BACKENDTLSPOLICIES
from vcli.syncer.engine.context import Object, SyncContext
from vcli.syncer.kinds.gateway_api import referrer, virtual_gateway, warn_of_unknown
from vcli.syncer.sync.references import ConfigName
from vcli.syncer.sync.to_host import ToHost
from vcli.syncer.translate import backendtlspolicies as translate
from vcli.syncer.translate.gateway_refs import Referrer


async def _is_wanted(ctx: SyncContext, virtual: Object, _: Object | None) -> bool:
    if unknown := translate.unknown(virtual):
        await warn_of_unknown(ctx, BACKENDTLSPOLICIES, virtual, unknown)
    return not unknown


def _own(ctx: SyncContext, virtual: Object) -> Referrer:
    return referrer(ctx, BACKENDTLSPOLICIES, virtual)


TO_HOST: Final = ToHost(
    translate=lambda ctx, virtual, _: translate.to_host(virtual, _own(ctx, virtual)),
    wanted=_is_wanted,
    status=lambda ctx, virtual, host: translate.virtual_status(
        virtual, host, gateway=partial(virtual_gateway, ctx), scope=ctx.scope
    ),
    references=lambda virtual: (ConfigName(*found) for found in translate.configs_of(virtual)),
)
