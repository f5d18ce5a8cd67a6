"""CSIStorageCapacities of the host as tenants see them: a scheduler inside places claims by them."""

import hashlib
from typing import Final

from vcli.syncer.translate.mirrors import differ, mirror_metadata, mirrored, picked
from vcli.syncer.translate.names import VirtualName
from vcli.syncer.translate.objects import Object

_NAMESPACE: Final = "kube-system"
_FIXED: Final = ("storageClassName", "nodeTopology")
_COPIED: Final = (*_FIXED, "capacity", "maximumVolumeSize")
_LONGEST: Final = 242
_DIGITS: Final = 10


def mirror_name(capacity: Object) -> VirtualName:
    """What the virtual one is called: drivers on the host are in namespaces that are nothing for tenants."""
    metadata = capacity["metadata"]
    digest = hashlib.sha256(metadata["namespace"].encode()).hexdigest()[:_DIGITS]
    return VirtualName(_NAMESPACE, f"{metadata['name'][:_LONGEST]}-{digest}")


def to_virtual(capacity: Object) -> Object:
    """The complete virtual CSIStorageCapacity for one of the host's."""
    made = mirrored(capacity, "storage.k8s.io/v1", "CSIStorageCapacity", picked(capacity, _COPIED))
    return {**made, "metadata": mirror_metadata(*mirror_name(capacity))}


def must_be_replaced(current: Object, desired: Object) -> bool:
    """Whether a virtual CSIStorageCapacity can't become the desired one: class and nodes take no change."""
    return differ(current, desired, _FIXED)
