"""RuntimeClasses: those of the host, so that pods which run under them have their overhead and nodes."""

from typing import Final

from vcli.syncer.sync.from_host import FromHost
from vcli.syncer.translate import runtimeclasses as translate

FROM_HOST: Final = FromHost(
    translate=lambda _, host: translate.to_virtual(host), replace_when=translate.must_be_replaced
)
