"""CSIStorageCapacities: those of the host for Nodes and StorageClasses that the virtual cluster has."""

from typing import Final

from vcli.kube.resources import NODES, STORAGECLASSES
from vcli.kube.types import labels
from vcli.syncer.engine.context import Object, SyncContext
from vcli.syncer.kinds.selection import may_use
from vcli.syncer.sync.from_host import FromHost
from vcli.syncer.translate import csistoragecapacities as translate
from vcli.syncer.translate.labels import matches


def _is_wanted(ctx: SyncContext, host: Object) -> bool:
    topology = host.get("nodeTopology")
    if topology is None or not may_use(ctx, STORAGECLASSES, host["storageClassName"]):
        return False
    return any(matches(topology, labels(node)) for node in ctx.virtual[NODES].items())


FROM_HOST: Final = FromHost(
    translate=lambda _, host: translate.to_virtual(host),
    mirror_name=translate.mirror_name,
    wanted=_is_wanted,
    depends_on=(NODES, STORAGECLASSES),
    replace_when=translate.must_be_replaced,
)
