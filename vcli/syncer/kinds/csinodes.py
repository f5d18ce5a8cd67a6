"""CSINodes: those of the host's nodes that the virtual cluster has; others are not for tenants to see."""

from typing import Final

from vcli.kube.resources import NODES
from vcli.syncer.sync.from_host import FromHost
from vcli.syncer.translate import csinodes as translate

FROM_HOST: Final = FromHost(
    translate=lambda _, host: translate.to_virtual(host),
    replace_when=translate.must_be_replaced,
    follows=NODES,
)
