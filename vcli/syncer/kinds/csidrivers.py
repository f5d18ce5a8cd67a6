"""CSIDrivers: those of the host, for who looks what volumes can do."""

from typing import Final

from vcli.syncer.sync.from_host import FromHost
from vcli.syncer.translate import csidrivers as translate

FROM_HOST: Final = FromHost(
    translate=lambda ctx, host: translate.to_virtual(host, scheduled_inside=ctx.settings.scheduler),
    replace_when=translate.must_be_replaced,
)
