"""VolumeSnapshotContents: a tenant's own for the host, and those that the host has made, as tenants see them.

Annotations of the snapshot controller are left out, in both directions: they name Secrets of the host, and
let a volume be restored in another mode.
"""

from typing import Final

from vcli.kube.types import uid
from vcli.syncer.translate.messages import rewrite
from vcli.syncer.translate.metadata import host_metadata
from vcli.syncer.translate.mirrors import mirrored, picked
from vcli.syncer.translate.names import VirtualName, host_name
from vcli.syncer.translate.objects import Object, changed
from vcli.syncer.translate.scope import Scope

_VERSION: Final = "snapshot.storage.k8s.io/v1"
_KIND: Final = "VolumeSnapshotContent"
_OF_THE_CONTROLLER: Final = "snapshot.storage.kubernetes.io/"
_COPIED: Final = ("deletionPolicy", "driver", "source", "sourceVolumeMode", "volumeSnapshotClassName")
_STATUS: Final = (
    "creationTime",
    "error",
    "readyToUse",
    "restoreSize",
    "snapshotHandle",
    "volumeGroupSnapshotHandle",
)


def takes_a_snapshot(content: Object) -> bool:
    """Whether it asks for a new snapshot of any volume, by its handle, as snapshot controllers do."""
    return "volumeHandle" in content["spec"]["source"]


def to_host(content: Object, *, scope: Scope) -> Object:
    """The complete host VolumeSnapshotContent, which only the tenant's VolumeSnapshot can be bound to."""
    metadata = host_metadata(content, kind=_KIND, scope=scope)
    notes = {
        key: value for key, value in metadata["annotations"].items() if not key.startswith(_OF_THE_CONTROLLER)
    }
    bound = content["spec"]["volumeSnapshotRef"]
    snapshot = host_name(VirtualName(bound["namespace"], bound["name"]), scope.cluster)
    reference = {"kind": "VolumeSnapshot", "namespace": scope.host_namespace, "name": snapshot}
    return {
        "apiVersion": _VERSION,
        "kind": _KIND,
        "metadata": {**metadata, "annotations": notes},
        "spec": {**picked(content["spec"], _COPIED), "volumeSnapshotRef": reference},
    }


def to_virtual(content: Object, snapshot: Object) -> Object:
    """The complete virtual VolumeSnapshotContent for one that the host has made, but for its status.

    Args:
        content: the host's.
        snapshot: the virtual VolumeSnapshot that it is bound to.
    """
    metadata = snapshot["metadata"]
    reference = {
        "apiVersion": _VERSION,
        "kind": "VolumeSnapshot",
        "namespace": metadata["namespace"],
        "name": metadata["name"],
        "uid": metadata["uid"],
    }
    spec = {**picked(content["spec"], _COPIED), "volumeSnapshotRef": reference}
    return mirrored(content, _VERSION, _KIND, {"spec": spec})


def is_of(content: Object, snapshot: Object | None) -> bool:
    """Whether a virtual VolumeSnapshotContent is bound to this VolumeSnapshot, and not to one before it."""
    return snapshot is not None and content["spec"]["volumeSnapshotRef"].get("uid") == uid(snapshot)


def virtual_status(host: Object, *, namespace: str, scope: Scope) -> Object:
    """The status of the virtual VolumeSnapshotContent: the host's.

    Args:
        host: the host's.
        namespace: of the virtual VolumeSnapshot.
        scope: the virtual cluster.
    """

    def text(message: str) -> str:
        return rewrite(message, {}, namespace=namespace, scope=scope)

    status = picked(host.get("status") or {}, _STATUS)
    return changed(status, "error", lambda error: changed(error, "message", text))
