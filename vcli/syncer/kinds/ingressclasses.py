"""IngressClasses: those of the host, so that tenants see what Ingresses may ask for, and a default works."""

from typing import Final

from vcli.syncer.sync.from_host import FromHost
from vcli.syncer.translate import ingressclasses as translate

FROM_HOST: Final = FromHost(
    translate=lambda _, host: translate.to_virtual(host), replace_when=translate.must_be_replaced
)
