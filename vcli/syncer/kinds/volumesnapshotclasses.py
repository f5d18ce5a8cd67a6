"""VolumeSnapshotClasses: those of the host, while both clusters have their CustomResourceDefinition."""

from typing import Final

from vcli.syncer.sync.from_host import FromHost
from vcli.syncer.translate import volumesnapshotclasses as translate

FROM_HOST: Final = FromHost(translate=lambda _, host: translate.to_virtual(host))
