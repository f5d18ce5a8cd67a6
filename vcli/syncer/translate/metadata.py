"""Metadata of host objects, and whose object a host object is."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from vcli.kube.types import ObjectMeta, OwnerReference, annotations, labels
from vcli.syncer.translate import keys
from vcli.syncer.translate.allowed import host_annotation_key, passing
from vcli.syncer.translate.labels import host_label_selector, host_labels, host_selector
from vcli.syncer.translate.names import HostName, VirtualName, derived_name, host_cluster_name, host_name
from vcli.syncer.translate.scope import Scope

__all__ = [
    "POD_DOWNWARD",
    "POD_ENVIRONMENT",
    "POD_ROLES",
    "POD_TOKENS",
    "host_label_selector",
    "host_labels",
    "host_metadata",
    "host_name_for",
    "host_selector",
    "left_out",
    "virtual_name_of",
    "virtual_uid_of",
]

POD_TOKENS: Final = "PodTokens"
"""``vcli.dev/kind`` of the Secret that holds a pod's tokens; its ``vcli.dev/name`` is the pod's."""

POD_DOWNWARD: Final = "PodDownward"
"""``vcli.dev/kind`` of the ConfigMap with the labels and annotations that a pod's volumes show."""
POD_ENVIRONMENT: Final = tuple(f"PodEnvironment{number}" for number in range(8))
"""``vcli.dev/kind`` of the ConfigMaps with a pod's variables of Services, a part in each."""

POD_ROLES: Final[Mapping[str, str]] = {
    POD_TOKENS: "tokens",
    POD_DOWNWARD: "downward",
    **{kind: f"environment-{number}" for number, kind in enumerate(POD_ENVIRONMENT)},
}
"""What is made on the host for a pod beside it, by ``vcli.dev/kind``; each is a name of its own."""

_MOST_ANNOTATIONS: Final = 256 * 1024
"""Bytes of keys and values (``TotalAnnotationSizeLimitB`` of apimachinery)."""
_RESERVED: Final = 512
"""Bytes of them for hashes and numbers of ours that are added later."""
_MOST_BYTES: Final = 4
"""Of a character, in UTF-8."""
_NEVER_COPIED: Final = frozenset({"kubectl.kubernetes.io/last-applied-configuration"})


def host_metadata(
    virtual: Mapping[str, Any],
    *,
    kind: str,
    scope: Scope,
    name: HostName | None = None,
    reserved: int = 0,
    needed: Collection[str] = (),
) -> ObjectMeta:
    """The whole ``metadata`` of the host object for a virtual one.

    Args:
        virtual: the virtual object; it need not carry its apiVersion and kind.
        kind: its kind, or a role such as ``POD_TOKENS``.
        scope: the virtual cluster.
        name: the host name, where it isn't the one that belongs to ``kind``.
        reserved: bytes of annotations that are added later.
        needed: keys of annotations that are not left out for want of room, and go where they must not
            pass under keys of ours.
    """
    metadata: ObjectMeta = virtual["metadata"]
    own = VirtualName(metadata.get("namespace", ""), metadata["name"])
    owner: OwnerReference = scope.owner.copy()
    owner.pop("controller", None)
    if any(reference.get("controller") for reference in metadata.get("ownerReferences") or ()):
        # `kubectl drain` rejects pods that no controller would recreate.
        owner["controller"] = True
    ours = {
        keys.NAME: own.name,
        keys.NAMESPACE: own.namespace,
        keys.UID: metadata.get("uid", ""),
        keys.KIND: kind,
    }
    room = _MOST_ANNOTATIONS - _RESERVED - reserved - _size(ours)
    copied_at_all = {key: value for key, value in annotations(virtual).items() if key not in _NEVER_COPIED}
    theirs = passing(copied_at_all, scope.allowed, needed)
    copied = {
        host_annotation_key(key, scope.allowed): value
        for key, value in _fitting(theirs, room, needed).items()
    }
    host: ObjectMeta = {
        "name": name or host_name_for(own, kind=kind, scope=scope),
        "labels": host_labels(labels(virtual), own.namespace, scope),
        "annotations": copied | ours,
    }
    # A cluster-scoped object can't be owned by a namespaced one: it is pruned by name.
    return {**host, "namespace": scope.host_namespace, "ownerReferences": [owner]} if own.namespace else host


def left_out(virtual: Mapping[str, Any], host: Mapping[str, Any], *, scope: Scope) -> list[str]:
    """The annotations of a virtual object that its host object has no room for, by their keys."""
    there = annotations(host)
    wanted = passing(annotations(virtual), scope.allowed).keys() - _NEVER_COPIED
    return sorted(key for key in wanted if keys.host_key(key) not in there)


def virtual_name_of(host: Mapping[str, Any], *, scope: Scope, kind: str | None = None) -> VirtualName | None:
    """The virtual name of a host object, or None where the object isn't ours.

    Ours is only what label, annotations and translated name agree on: host controllers copy labels and
    annotations (EndpointSlice mirroring does), and a tenant of the host namespace may have copied a
    manifest.

    Args:
        host: the host object.
        scope: the virtual cluster.
        kind: ask for this kind (or role) alone; by default any.
    """
    metadata: ObjectMeta = host["metadata"]
    ours, theirs = labels(host), annotations(host)
    own_kind = theirs.get(keys.KIND)
    name, namespace = theirs.get(keys.NAME), theirs.get(keys.NAMESPACE)
    if ours.get(keys.MANAGED_BY) != scope.cluster or not own_kind or not name or namespace is None:
        return None
    own = VirtualName(namespace, name)
    is_consistent = (
        ours.get(keys.NAMESPACE, "") == namespace
        and metadata.get("name") == host_name_for(own, kind=own_kind, scope=scope)
        and metadata.get("namespace", "") == (scope.host_namespace if namespace else "")
        and kind in (None, own_kind)
    )
    return own if is_consistent else None


def virtual_uid_of(host: Mapping[str, Any]) -> str | None:
    """The uid of the virtual object that a host object was made for."""
    return annotations(host).get(keys.UID) or None


def host_name_for(name: VirtualName, *, kind: str, scope: Scope) -> HostName:
    """The host name of the object of a kind, or role."""
    if not name.namespace:
        return host_cluster_name(name.name, scope.host_namespace, scope.cluster)
    role = POD_ROLES.get(kind)
    return derived_name(name, scope.cluster, role=role) if role else host_name(name, scope.cluster)


def _fitting(theirs: Mapping[str, str], room: int, needed: Collection[str]) -> Mapping[str, str]:
    """The annotations that fit into some bytes: the largest go first, as no host controller needs them."""
    if sum(len(key) + len(value) for key, value in theirs.items()) * _MOST_BYTES <= room:
        return theirs
    sizes = {key: _size({key: value}) for key, value in theirs.items()}
    missing = sum(sizes.values()) - room
    gone: set[str] = set()
    for key in sorted(sizes.keys() - set(needed), key=lambda key: (-sizes[key], key)):
        if missing <= 0:
            break
        gone.add(key)
        missing -= sizes[key]
    return {key: value for key, value in theirs.items() if key not in gone}


def _size(found: Mapping[str, str]) -> int:
    """Bytes, as the API server counts them."""
    return sum(len(key.encode()) + len(value.encode()) for key, value in found.items())
