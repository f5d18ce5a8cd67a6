"""PersistentVolumeClaims: the host provisions, the virtual claim mirrors it."""

from collections.abc import Mapping
from typing import Any, Final

from vcli.kube.types import ClaimSpec, Condition, annotations, conditions
from vcli.syncer.translate import keys
from vcli.syncer.translate.messages import rewrite
from vcli.syncer.translate.metadata import host_metadata
from vcli.syncer.translate.names import VirtualName, host_name
from vcli.syncer.translate.objects import Object, without
from vcli.syncer.translate.pvs import mirrored_name
from vcli.syncer.translate.scope import Scope

BIND_COMPLETED: Final = "pv.kubernetes.io/bind-completed"
SELECTED_NODE: Final = "volume.kubernetes.io/selected-node"
"""Annotation: the node that a scheduler wants a volume for; a provisioner that can't make it takes it off."""
_OF_THE_BINDER: Final = (
    "pv.kubernetes.io/",
    "volume.beta.kubernetes.io/storage-provisioner",
    SELECTED_NODE,
    "volume.kubernetes.io/storage-provisioner",
    "volume.kubernetes.io/storage-resizer",
)
"""Annotations that the host's binder, scheduler and provisioner write: never to the host, always from it.

All but the selected node, where the scheduler is in the virtual cluster.
"""
_KUBERNETES_CONDITIONS: Final = frozenset(
    {
        "ControllerResizeError",
        "FileSystemResizePending",
        "ModifyVolumeError",
        "ModifyingVolume",
        "NodeResizeError",
        "Resizing",
    }
)
"""Conditions that come and go with the host's; others may be a tenant's own."""


def to_host(
    claim: Object,
    *,
    scope: Scope,
    host: Object | None = None,
    storage_classes: Mapping[str, str] | None = None,
    own_volume: str | None = None,
    scheduled_inside: bool = False,
) -> Object:
    """The complete host PersistentVolumeClaim.

    With the ``volumeName`` of the virtual one, which a tenant asks for or the host's binder has chosen: a
    host claim that must be recreated finds its volume, or none, but never gets an empty one in its place.

    Args:
        claim: the virtual claim.
        scope: the virtual cluster.
        host: the host claim that there is, which keeps its class; its volume may have another name inside.
        storage_classes: host StorageClass by virtual one; others keep their name.
        own_volume: the host volume that it gets, where that is a tenant's own.
        scheduled_inside: whether the virtual cluster's scheduler chooses the node of a volume.
    """
    classes = storage_classes or {}
    metadata = host_metadata(claim, kind="PersistentVolumeClaim", scope=scope)
    notes = {key: value for key, value in metadata["annotations"].items() if not _is_binders(key)}
    if scheduled_inside and (node := annotations(claim).get(SELECTED_NODE)):
        notes |= {SELECTED_NODE: node, keys.SELECTED_NODE: node}
    wanted: ClaimSpec = claim["spec"]
    spec = wanted.copy()
    if chosen := (host or {"spec": {}})["spec"].get("volumeName") or own_volume or wanted.get("volumeName"):
        spec["volumeName"] = chosen
    if name := spec.get("storageClassName"):
        # What the host's claim has stays: the API takes no change, and a tenant's class may be gone by now.
        kept: str | None = host["spec"].get("storageClassName") if host is not None else None
        spec["storageClassName"] = kept or classes.get(name, name)
    namespace = claim["metadata"]["namespace"]
    if source := spec.get("dataSource"):
        spec["dataSource"] = _source(source, namespace, scope)
    if source := spec.get("dataSourceRef"):
        spec["dataSourceRef"] = _source(source, namespace, scope)
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {**metadata, "annotations": notes},
        "spec": spec,
    }


def has_other_class(virtual: Object, host: Object, *, storage_classes: Mapping[str, str]) -> bool:
    """Whether the host claim has another class than the tenant's own one of that name.

    It was made before the class; the API takes no change of it.
    """
    wanted = storage_classes.get(virtual["spec"].get("storageClassName") or "")
    return wanted is not None and host["spec"].get("storageClassName") != wanted


def has_other_volume(virtual: Object, host: Object, *, own_volume: str | None) -> bool:
    """Whether the host claim asks for a volume of the host where the virtual one is to get a tenant's own.

    It was made before the volume; the API takes no change of the name.
    """
    asked = host["spec"].get("volumeName")
    return bool(virtual["spec"].get("volumeName") and own_volume and asked and asked != own_volume)


def has_lost(virtual: Object, host: Object | None) -> bool:
    """Whether the virtual claim had a volume, and its host claim (None: that is gone) has it no more."""
    return (
        bool(virtual["spec"].get("volumeName"))
        and BIND_COMPLETED in annotations(virtual)
        and BIND_COMPLETED not in annotations(host)
    )


def virtual_status(host: Object, virtual: Object, *, scope: Scope) -> Object:
    """The status of the virtual claim: the host's, and conditions that a tenant added.

    Its phase is Lost where the volume is, as it is on a plain cluster.
    """
    status = dict(host.get("status") or {})
    if has_lost(virtual, host):
        status["phase"] = "Lost"
    names = {host["metadata"]["name"]: virtual["metadata"]["name"]}

    def translated(condition: Condition) -> Condition:
        if not condition.get("message"):
            return condition
        text = rewrite(condition["message"], names, namespace=virtual["metadata"]["namespace"], scope=scope)
        return {**condition, "message": text}

    merged = [translated(condition) for condition in conditions(host)]
    known = {condition["type"] for condition in merged} | _KUBERNETES_CONDITIONS
    merged += [condition for condition in conditions(virtual) if condition["type"] not in known]
    return {**status, "conditions": merged} if merged else without(status, "conditions")


def virtual_patch(
    host: Object,
    virtual: Object,
    *,
    scope: Scope,
    own_volume: str | None = None,
    scheduled_inside: bool = False,
) -> Object | None:
    """The merge patch that syncs volumeName, class and the binder's annotations, or None.

    The class only where the virtual claim has none: the host's default then is what it got.

    Args:
        host: the host claim.
        virtual: the virtual claim.
        scope: the virtual cluster.
        own_volume: the virtual name of its volume, where that is a tenant's own.
        scheduled_inside: whether the virtual cluster's scheduler chooses the node of a volume.
    """
    theirs, ours = annotations(virtual), annotations(host)
    # That it was bound once is remembered, see `has_lost`.
    kept = {BIND_COMPLETED}
    if scheduled_inside and not _is_taken_back(theirs, ours):
        kept.add(SELECTED_NODE)
        ours = without(ours, SELECTED_NODE)
    changes: dict[str, str | None] = {
        key: value for key, value in ours.items() if _is_binders(key) and theirs.get(key) != value
    }
    # A node that did not work out is taken back.
    changes |= {key: None for key in theirs if _is_binders(key) and key not in {*ours, *kept}}
    wanted: ClaimSpec = virtual["spec"]
    spec: ClaimSpec = host["spec"]
    filled: ClaimSpec = {}
    if spec.get("volumeName") and not wanted.get("volumeName"):
        filled["volumeName"] = own_volume or mirrored_name(spec["volumeName"], scope)
    if spec.get("storageClassName") and "storageClassName" not in wanted:
        filled["storageClassName"] = spec["storageClassName"]
    patch: Object = {"metadata": {"annotations": changes}} if changes else {}
    return {**patch, "spec": filled} if filled else patch or None


def _is_taken_back(virtual: Mapping[str, str], host: Mapping[str, str]) -> bool:
    """Whether the host was given the node that was selected inside, and has taken it off again."""
    node = virtual.get(SELECTED_NODE)
    return node is not None and SELECTED_NODE not in host and host.get(keys.SELECTED_NODE) == node


def _source(source: Mapping[str, Any], namespace: str, scope: Scope) -> Object:
    own = VirtualName(source.get("namespace") or namespace, source["name"])
    return {**without(source, "namespace"), "name": host_name(own, scope.cluster)}


def _is_binders(key: str) -> bool:
    return key.startswith(_OF_THE_BINDER)
