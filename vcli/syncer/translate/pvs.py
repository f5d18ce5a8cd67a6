"""PersistentVolumes: a virtual one for each volume of the host that a virtual claim is bound to.

Whoever may read the host's PersistentVolume sees it as it is, without what is not the tenant's to know:
Secrets, and the names of the host's namespace and claim. Without that right it is made from the host's
claim, and says that its source is not known.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final, cast

from vcli.kube.types import ClaimSpec, ClaimStatus, ObjectMeta, VolumeSpec, annotations, labels, uid
from vcli.syncer.translate.objects import Object
from vcli.syncer.translate.scope import Scope

KIND_OF_VOLUME: Final = "vcli.dev/volume"
"""Label of the PersistentVolumes that are ours: ``synthetic`` or ``mirrored``. A tenant's own lack it."""
UNKNOWN_DRIVER: Final = "unknown.vcli.dev"
PROVISIONED_BY: Final = "pv.kubernetes.io/provisioned-by"
NOTE: Final = "vcli.dev/note"

_NOTE: Final = "made from the host's claim: source and reclaim policy of the volume are not known"
_PROVISIONERS: Final = (
    "volume.kubernetes.io/storage-provisioner",
    "volume.beta.kubernetes.io/storage-provisioner",
)
_DRIVER: Final = re.compile(r"[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?")
SOURCES: Final = ("csi", "hostPath", "local", "nfs")
"""What is mirrored of where a volume is; the other kinds are gone from Kubernetes, or need a Secret."""
_TOPOLOGY: Final = ("topology.", "failure-domain.beta.kubernetes.io/")
_COPIED: Final = (
    *SOURCES,
    "accessModes",
    "capacity",
    "mountOptions",
    "nodeAffinity",
    "persistentVolumeReclaimPolicy",
    "volumeAttributesClassName",
    "volumeMode",
)


def mirrored_name(host_volume: str, scope: Scope) -> str:
    """The virtual name of a host volume: its own, unless somebody put the namespace's name into it."""
    if not _words(scope.host_namespace).search(host_volume):
        return host_volume
    return f"pv-{hashlib.sha256(host_volume.encode()).hexdigest()[:10]}"


def is_ours(volume: Object, *, of: Object | None = None) -> bool:
    """Whether a virtual PersistentVolume corresponds to one of the host's.

    Args:
        volume: the virtual volume.
        of: the virtual claim that is bound to it, if one is: then a label that was taken off is missed.
    """
    bound = (volume["spec"].get("claimRef") or {}).get("uid")
    return KIND_OF_VOLUME in labels(volume) or (of is not None and bound == uid(of))


def to_virtual(virtual: Object, host: Object, *, scope: Scope, volume: Object | None = None) -> Object:
    """The complete virtual PersistentVolume, all but its status.

    Args:
        virtual: the virtual claim, with its ``volumeName``.
        host: its host claim, which is bound.
        scope: the virtual cluster.
        volume: the host's PersistentVolume; None where that may not be read.
    """
    claim: ObjectMeta = virtual["metadata"]
    notes, topology, spec = _synthetic(virtual, host) if volume is None else _mirrored(host, volume)
    names = {host["metadata"]["name"]: claim["name"], scope.host_namespace: claim["namespace"]}
    metadata: ObjectMeta = {
        "name": virtual["spec"]["volumeName"],
        "labels": {**topology, KIND_OF_VOLUME: "synthetic" if volume is None else "mirrored"},
        "annotations": notes,
    }
    cleaned = {key: _cleaned(value, names) if key in SOURCES else value for key, value in spec.items()}
    if name := virtual["spec"].get("storageClassName"):
        cleaned["storageClassName"] = name  # the host's may be named after the tenant's own
    bound: VolumeSpec = {
        **cast("VolumeSpec", cleaned),
        "claimRef": {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "namespace": claim["namespace"],
            "name": claim["name"],
            "uid": claim["uid"],
        },
    }
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": metadata, "spec": bound}


def belongs_to(volume: Object, host_claim: str, scope: Scope) -> bool:
    """Whether a host PersistentVolume is, or was last, that of a claim of ours."""
    bound = volume["spec"].get("claimRef") or {}
    return bound.get("namespace") == scope.host_namespace and bound.get("name") == host_claim


_Parts = tuple[dict[str, str], dict[str, str], VolumeSpec]
"""Annotations, labels and spec of a virtual PersistentVolume."""


def _synthetic(virtual: Object, host: Object) -> _Parts:
    theirs = annotations(host)
    provisioner = next((theirs[key] for key in _PROVISIONERS if key in theirs), "")
    # A CSI driver provisions under its own name, and others have a slash in theirs.
    driver = provisioner if _DRIVER.fullmatch(provisioner) else UNKNOWN_DRIVER
    notes = {NOTE: _NOTE} | ({PROVISIONED_BY: provisioner} if provisioner else {})
    spec: VolumeSpec = {
        **_of_claim(host),
        # What a tenant sees of it is true: the virtual volume goes with its claim.
        "persistentVolumeReclaimPolicy": "Delete",
        "csi": {"driver": driver, "volumeHandle": virtual["spec"]["volumeName"]},
    }
    return notes, {}, spec


def _mirrored(host: Object, volume: Object) -> _Parts:
    spec, theirs = volume["spec"], annotations(volume)
    topology = {key: value for key, value in labels(volume).items() if key.startswith(_TOPOLOGY)}
    copied = cast("VolumeSpec", {field: spec[field] for field in _COPIED if field in spec})
    mirrored: VolumeSpec = {**_of_claim(host), **copied}
    if not any(kind in spec for kind in SOURCES):
        mirrored["csi"] = {"driver": UNKNOWN_DRIVER, "volumeHandle": volume["metadata"]["name"]}
    return {key: theirs[key] for key in (PROVISIONED_BY,) if key in theirs}, topology, mirrored


def _of_claim(host: Object) -> VolumeSpec:
    spec: ClaimSpec = host["spec"]
    status: ClaimStatus = host.get("status") or {}
    known: VolumeSpec = {
        "accessModes": status.get("accessModes") or spec["accessModes"],
        "capacity": status.get("capacity") or spec["resources"]["requests"],
        "volumeMode": spec.get("volumeMode") or "Filesystem",
    }
    if storage_class := spec.get("storageClassName"):
        known["storageClassName"] = storage_class
    return known


def _cleaned(value: Any, names: Mapping[str, str]) -> Any:
    """Without references to Secrets, and with the tenant's names in every text."""
    if isinstance(value, dict):
        return {key: _cleaned(each, names) for key, each in value.items() if "secret" not in key.casefold()}
    if isinstance(value, list):
        return [_cleaned(each, names) for each in value]
    if not isinstance(value, str):
        return value
    return _words(*names).sub(lambda found: names[found[0]], value)


def _words(*names: str) -> re.Pattern[str]:
    """Any of these names. Provisioners join them with dashes (``NAMESPACE-CLAIM-VOLUME``): those end one."""
    pattern = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return re.compile(rf"(?<![a-z0-9])(?:{pattern})(?![a-z0-9])")
