"""PersistentVolumeClaims: the host provisions, the virtual claim shows it."""

from collections.abc import Mapping
from typing import Any, Final

from vcli.syncer.translate.metadata import host_metadata
from vcli.syncer.translate.names import VirtualName, host_name
from vcli.syncer.translate.objects import Object, changed, without
from vcli.syncer.translate.scope import Scope

_OF_THE_BINDER: Final = (
    "pv.kubernetes.io/",
    "volume.beta.kubernetes.io/storage-provisioner",
    "volume.kubernetes.io/selected-node",
    "volume.kubernetes.io/storage-provisioner",
    "volume.kubernetes.io/storage-resizer",
)
"""Annotations that the host's binder, scheduler and provisioner write: never to the host, always from it."""


def to_host(claim: Object, *, scope: Scope, storage_classes: Mapping[str, str] | None = None) -> Object:
    """The complete host PersistentVolumeClaim.

    ``volumeName`` is not asked for: it is the host's binder that fills it.

    Args:
        claim: the virtual claim.
        scope: the virtual cluster.
        storage_classes: host StorageClass by virtual one; others keep their name.
    """
    classes = storage_classes or {}
    metadata = host_metadata(claim, kind="PersistentVolumeClaim", scope=scope)
    kept = {key: value for key, value in metadata["annotations"].items() if not _is_binders(key)}
    spec = changed(
        without(claim["spec"], "volumeName"), "storageClassName", lambda name: classes.get(name, name)
    )
    for field in ("dataSource", "dataSourceRef"):
        spec = changed(spec, field, lambda source: _source(source, claim["metadata"]["namespace"], scope))
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {**metadata, "annotations": kept},
        "spec": spec,
    }


def virtual_status(host: Object) -> Object:
    """The status of the virtual claim."""
    return dict(host.get("status") or {})


def virtual_patch(host: Object, virtual: Object) -> Object | None:
    """The merge patch that brings volumeName, class and the binder's annotations, or None.

    The class only where the virtual claim has none: the host's default then is what it got.
    """
    theirs = virtual["metadata"].get("annotations") or {}
    annotations = {
        key: value
        for key, value in (host["metadata"].get("annotations") or {}).items()
        if _is_binders(key) and theirs.get(key) != value
    }
    spec = {
        field: host["spec"][field]
        for field in ("volumeName", "storageClassName")
        if host["spec"].get(field)
        and not virtual["spec"].get(field)
        and (field != "storageClassName" or field not in virtual["spec"])
    }
    patch: Object = {"metadata": {"annotations": annotations}} if annotations else {}
    return {**patch, "spec": spec} if spec else patch or None


def _source(source: Mapping[str, Any], namespace: str, scope: Scope) -> Object:
    own = VirtualName(source.get("namespace") or namespace, source["name"])
    return {**without(source, "namespace"), "name": host_name(own, scope.cluster)}


def _is_binders(key: str) -> bool:
    return key.startswith(_OF_THE_BINDER)
