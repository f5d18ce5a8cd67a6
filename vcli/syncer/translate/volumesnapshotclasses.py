"""VolumeSnapshotClasses of the host as tenants see them; no parameter names Secrets or namespaces."""

from typing import Final

from vcli.syncer.translate.mirrors import mirrored, picked
from vcli.syncer.translate.objects import Object

_DEFAULT: Final = "snapshot.storage.kubernetes.io/is-default-class"
_OF_THE_HOST: Final = ("secret", "namespace")


def to_virtual(snapshot_class: Object) -> Object:
    """The complete virtual VolumeSnapshotClass for one of the host's."""
    parameters = {
        key: value
        for key, value in (snapshot_class.get("parameters") or {}).items()
        if not any(word in key.casefold() for word in _OF_THE_HOST)
    }
    fields = {**picked(snapshot_class, ("driver", "deletionPolicy")), "parameters": parameters or None}
    return mirrored(
        snapshot_class, "snapshot.storage.k8s.io/v1", "VolumeSnapshotClass", fields, noted=(_DEFAULT,)
    )
