"""Metadata of host objects, and whose object a host object is."""

from collections.abc import Mapping
from typing import Any, Final

from vcli.kube.types import ObjectMeta, OwnerReference, annotations, labels
from vcli.syncer.translate import keys
from vcli.syncer.translate.labels import host_label_selector, host_labels, host_selector
from vcli.syncer.translate.names import HostName, VirtualName, derived_name, host_cluster_name, host_name
from vcli.syncer.translate.scope import Scope

__all__ = [
    "POD_TOKENS",
    "host_label_selector",
    "host_labels",
    "host_metadata",
    "host_name_for",
    "host_selector",
    "virtual_name_of",
    "virtual_uid_of",
]

POD_TOKENS: Final = "PodTokens"
"""``vcli.dev/kind`` of the Secret that holds a pod's tokens; its ``vcli.dev/name`` is the pod's."""

_ROLES: Final = {POD_TOKENS: "tokens"}
_NEVER_COPIED: Final = frozenset({"kubectl.kubernetes.io/last-applied-configuration"})


def host_metadata(
    virtual: Mapping[str, Any], *, kind: str, scope: Scope, name: HostName | None = None
) -> ObjectMeta:
    """The whole ``metadata`` of the host object for a virtual one.

    Args:
        virtual: the virtual object; it need not carry its apiVersion and kind.
        kind: its kind, or a role such as ``POD_TOKENS``.
        scope: the virtual cluster.
        name: the host name, where it isn't the one that belongs to ``kind``.
    """
    metadata: ObjectMeta = virtual["metadata"]
    own = VirtualName(metadata.get("namespace", ""), metadata["name"])
    owner: OwnerReference = scope.owner.copy()
    owner.pop("controller", None)
    if any(reference.get("controller") for reference in metadata.get("ownerReferences") or ()):
        # `kubectl drain` rejects pods that no controller would recreate.
        owner["controller"] = True
    copied = {
        keys.host_key(key): value for key, value in annotations(virtual).items() if key not in _NEVER_COPIED
    }
    ours = {
        keys.NAME: own.name,
        keys.NAMESPACE: own.namespace,
        keys.UID: metadata.get("uid", ""),
        keys.KIND: kind,
    }
    host: ObjectMeta = {
        "name": name or host_name_for(own, kind=kind, scope=scope),
        "labels": host_labels(labels(virtual), own.namespace, scope),
        "annotations": {**copied, **ours},
    }
    # A cluster-scoped object can't be owned by a namespaced one: it is pruned by name.
    return {**host, "namespace": scope.host_namespace, "ownerReferences": [owner]} if own.namespace else host


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
    role = _ROLES.get(kind)
    return derived_name(name, scope.cluster, role=role) if role else host_name(name, scope.cluster)
