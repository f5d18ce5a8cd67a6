"""VolumeSnapshots: of the host's claim for a tenant's, or of a content that a tenant has made."""

from vcli.syncer.translate.messages import rewrite
from vcli.syncer.translate.metadata import host_metadata, host_name_for
from vcli.syncer.translate.mirrors import picked
from vcli.syncer.translate.names import VirtualName, host_name
from vcli.syncer.translate.objects import Object, changed
from vcli.syncer.translate.scope import Scope

_STATUS = (
    "boundVolumeSnapshotContentName",
    "creationTime",
    "error",
    "readyToUse",
    "restoreSize",
    "volumeGroupSnapshotName",
)


def to_host(snapshot: Object, *, scope: Scope) -> Object:
    """The complete host VolumeSnapshot.

    A tenant can name no claim and no content but its own: names are those of the virtual cluster, always.
    """
    source = snapshot["spec"]["source"]
    translated: Object = {}
    if claim := source.get("persistentVolumeClaimName"):
        own = VirtualName(snapshot["metadata"]["namespace"], claim)
        translated["persistentVolumeClaimName"] = host_name(own, scope.cluster)
    if content := source.get("volumeSnapshotContentName"):
        translated["volumeSnapshotContentName"] = _content_name(content, scope)
    return {
        "apiVersion": "snapshot.storage.k8s.io/v1",
        "kind": "VolumeSnapshot",
        "metadata": host_metadata(snapshot, kind="VolumeSnapshot", scope=scope),
        "spec": {**picked(snapshot["spec"], ("volumeSnapshotClassName",)), "source": translated},
    }


def virtual_status(host: Object, virtual: Object, *, scope: Scope) -> Object:
    """The status of the virtual VolumeSnapshot: the host's, with the tenant's names."""
    metadata, source = virtual["metadata"], virtual["spec"]["source"]
    names = {host["metadata"]["name"]: metadata["name"]}
    for kind, field in _NAMED.items():
        if name := source.get(field):
            own = VirtualName("" if kind == "VolumeSnapshotContent" else metadata["namespace"], name)
            names[host_name_for(own, kind=kind, scope=scope)] = name

    def text(message: str) -> str:
        return rewrite(message, names, namespace=metadata["namespace"], scope=scope)

    status = picked(host.get("status") or {}, _STATUS)
    status = changed(status, "error", lambda error: changed(error, "message", text))
    return changed(status, "boundVolumeSnapshotContentName", lambda name: names.get(name, name))


def content_of_host(host: Object) -> str | None:
    """The VolumeSnapshotContent that the host has made for a VolumeSnapshot of it; None without one."""
    if host["spec"]["source"].get("volumeSnapshotContentName"):
        return None
    name: str | None = (host.get("status") or {}).get("boundVolumeSnapshotContentName")
    return name


_NAMED = {
    "PersistentVolumeClaim": "persistentVolumeClaimName",
    "VolumeSnapshotContent": "volumeSnapshotContentName",
}
"""Kind to the field of a source that names one."""


def _content_name(name: str, scope: Scope) -> str:
    return host_name_for(VirtualName("", name), kind="VolumeSnapshotContent", scope=scope)
