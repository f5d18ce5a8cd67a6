"""PersistentVolumes: a virtual one for each volume of the host that a virtual claim is bound to.

Whoever may read the host's PersistentVolume sees it as it is, without what is not the tenant's to know:
Secrets, and the names of the host's namespace and claim. Without that right it is made from the host's
claim, and says that its source is not known.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final

from vcli.syncer.translate.objects import Object, compact
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
    "mountOptions",
    "nodeAffinity",
    "persistentVolumeReclaimPolicy",
    "volumeAttributesClassName",
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
    return KIND_OF_VOLUME in (volume["metadata"].get("labels") or {}) or (
        of is not None and bound == of["metadata"]["uid"]
    )


def to_virtual(virtual: Object, host: Object, *, scope: Scope, volume: Object | None = None) -> Object:
    """The complete virtual PersistentVolume, all but its status.

    Args:
        virtual: the virtual claim, with its ``volumeName``.
        host: its host claim, which is bound.
        scope: the virtual cluster.
        volume: the host's PersistentVolume; None where that may not be read.
    """
    claim = virtual["metadata"]
    annotations, labels, spec = _synthetic(virtual, host) if volume is None else _mirrored(host, volume)
    names = {host["metadata"]["name"]: claim["name"], scope.host_namespace: claim["namespace"]}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {
            "name": virtual["spec"]["volumeName"],
            "labels": {**labels, KIND_OF_VOLUME: "synthetic" if volume is None else "mirrored"},
            "annotations": annotations,
        },
        "spec": {
            **{key: _cleaned(value, names) if key in SOURCES else value for key, value in spec.items()},
            "claimRef": {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "namespace": claim["namespace"],
                "name": claim["name"],
                "uid": claim["uid"],
            },
        },
    }


def belongs_to(volume: Object, host_claim: str, scope: Scope) -> bool:
    """Whether a host PersistentVolume is, or was last, that of a claim of ours."""
    bound = volume["spec"].get("claimRef") or {}
    return bound.get("namespace") == scope.host_namespace and bound.get("name") == host_claim


def _synthetic(virtual: Object, host: Object) -> tuple[Object, Object, Object]:
    theirs = host["metadata"].get("annotations") or {}
    provisioner = next((theirs[key] for key in _PROVISIONERS if key in theirs), "")
    # A CSI driver provisions under its own name, and others have a slash in theirs.
    driver = provisioner if _DRIVER.fullmatch(provisioner) else UNKNOWN_DRIVER
    annotations = {NOTE: _NOTE} | ({PROVISIONED_BY: provisioner} if provisioner else {})
    spec = {
        **_of_claim(host),
        # What a tenant sees of it is true: the virtual volume goes with its claim.
        "persistentVolumeReclaimPolicy": "Delete",
        "csi": {"driver": driver, "volumeHandle": virtual["spec"]["volumeName"]},
    }
    return annotations, {}, spec


def _mirrored(host: Object, volume: Object) -> tuple[Object, Object, Object]:
    metadata, spec = volume["metadata"], volume["spec"]
    theirs = metadata.get("annotations") or {}
    labels = {
        key: value for key, value in (metadata.get("labels") or {}).items() if key.startswith(_TOPOLOGY)
    }
    source = {kind: spec[kind] for kind in SOURCES if kind in spec}
    mirrored = {
        **_of_claim(host),
        **{field: spec[field] for field in ("accessModes", "capacity", "volumeMode") if field in spec},
        **{field: spec[field] for field in _COPIED if field in spec},
        **(source or {"csi": {"driver": UNKNOWN_DRIVER, "volumeHandle": metadata["name"]}}),
    }
    return {key: theirs[key] for key in (PROVISIONED_BY,) if key in theirs}, labels, mirrored


def _of_claim(host: Object) -> Object:
    spec, status = host["spec"], host.get("status") or {}
    return compact(
        {
            "accessModes": status.get("accessModes") or spec["accessModes"],
            "capacity": status.get("capacity") or spec["resources"]["requests"],
            "storageClassName": spec.get("storageClassName") or None,
            "volumeMode": spec.get("volumeMode") or "Filesystem",
        }
    )


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
