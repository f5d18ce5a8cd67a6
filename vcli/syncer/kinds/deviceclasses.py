"""DeviceClasses: those of the host, so that tenants see what ResourceClaims may ask for."""

from typing import Final

from vcli.syncer.sync.from_host import FromHost
from vcli.syncer.translate import deviceclasses as translate

FROM_HOST: Final = FromHost(translate=lambda _, host: translate.to_virtual(host))
