"""GatewayClasses: those of the host, so that tenants see what Gateways may ask for."""

from typing import Final

from vcli.syncer.sync.from_host import FromHost
from vcli.syncer.translate import gatewayclasses as translate

FROM_HOST: Final = FromHost(
    translate=lambda _, host: translate.to_virtual(host),
    replace_when=translate.must_be_replaced,
    status=translate.virtual_status,
)
