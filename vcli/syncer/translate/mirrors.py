"""Objects of the host as tenants see them: a few fields, none of the host's labels.

Fields are listed one by one: those of a later version of the host the virtual cluster may not know, and what
they hold may not be for tenants to see.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from vcli.kube.types import ObjectMeta, annotations, labels
from vcli.syncer.translate import keys
from vcli.syncer.translate.objects import Object


def is_mirror(virtual: Object) -> bool:
    """Whether a virtual object says that it shows one of the host's.

    One in a namespace says under which name: a copy that a tenant makes of it is the tenant's.
    """
    if keys.MIRROR not in labels(virtual):
        return False
    metadata = virtual["metadata"]
    own = f"{metadata['namespace']}/{metadata['name']}" if metadata.get("namespace") else None
    return own is None or annotations(virtual).get(keys.MIRROR_NAME) == own


def mirror_metadata(namespace: str, name: str, further: Mapping[str, str] | None = None) -> ObjectMeta:
    """The metadata of a mirror, by which `is_mirror` knows it.

    Args:
        namespace: of the virtual object; empty for one that has none.
        name: of the virtual object.
        further: labels.
    """
    metadata: ObjectMeta = {"name": name, "labels": {**(further or {}), keys.MIRROR: "true"}}
    if namespace:
        metadata["namespace"] = namespace
        metadata["annotations"] = {keys.MIRROR_NAME: f"{namespace}/{name}"}
    return metadata


def mirrored(
    host: Object, version: str, kind: str, fields: Mapping[str, Any], *, noted: Iterable[str] = ()
) -> Object:
    """The complete virtual object for one of the host's.

    Args:
        host: the host object.
        version: its apiVersion.
        kind: its kind.
        fields: what it has beside its metadata; those that are None are left out.
        noted: the annotations that are shown.
    """
    theirs = annotations(host)
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": {
            "name": host["metadata"]["name"],
            "labels": {keys.MIRROR: "true"},
            "annotations": {key: theirs[key] for key in noted if key in theirs},
        },
        **{field: value for field, value in fields.items() if value is not None},
    }


def picked(obj: Mapping[str, Any], fields: Iterable[str]) -> Object:
    """These fields of an object, as far as it has them."""
    return {field: obj[field] for field in fields if obj.get(field) is not None}


def differ(current: Mapping[str, Any], desired: Mapping[str, Any], fields: Iterable[str]) -> bool:
    """Whether two objects differ in a field; what is empty is as good as absent."""
    return any((current.get(field) or None) != (desired.get(field) or None) for field in fields)
