"""ServiceAccounts: pods run under them on the host, so that cloud identities find what they are to be."""

from typing import Final

from vcli.syncer.sync.to_host import ToHost
from vcli.syncer.translate import serviceaccounts as translate

TO_HOST: Final = ToHost(
    translate=lambda ctx, virtual, _: translate.to_host(
        virtual, scope=ctx.scope, pull_secrets=ctx.settings.workload_pull_secrets
    )
)
