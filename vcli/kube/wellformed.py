"""Whether an object has the form that every API server gives it.

Code goes by the types of metadata. A tenant can put a server of their own in the place of an API (an
APIService), and a broken one answers anything: such an object is left out, and harms no other.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from vcli.kube.types import Object

LONGEST_LINE: Final = 32 * 1024 * 1024
"""Bytes of one event; what etcd holds is a twentieth of it."""
_LONGEST_NAME: Final = 253
_LONGEST_VERSION: Final = 19
"""Digits; versions are revisions of etcd, of 64 bits."""
_TEXTS: Final = ("namespace", "uid", "generateName", "deletionTimestamp", "creationTimestamp")
_MAPS: Final = ("labels", "annotations")
_OWNER: Final = ("apiVersion", "kind", "name", "uid")


class MalformedError(ValueError):
    """What it is says no more than where: what a server sends may be anything."""


def version_of(obj: Any) -> str:
    """The resourceVersion of an object, a list or a bookmark.

    Raises:
        MalformedError: it has none, or none that can be compared.
    """
    metadata = obj.get("metadata") if isinstance(obj, dict) else None
    version = metadata.get("resourceVersion") if isinstance(metadata, dict) else None
    if not isinstance(version, str) or not version.isascii() or not version.isdigit():
        raise MalformedError("metadata.resourceVersion is no version")
    if len(version) > _LONGEST_VERSION:
        raise MalformedError("metadata.resourceVersion is too long")
    return version


def check(obj: Any) -> Object:
    """Give the object back, if its metadata has the types and sizes of an object's.

    Raises:
        MalformedError: names the field.
    """
    version_of(obj)
    metadata = obj["metadata"]
    name = metadata.get("name")
    if not isinstance(name, str) or not name or len(name) > _LONGEST_NAME:
        raise MalformedError("metadata.name is no name")
    for fields, is_right in _FORMS.items():
        for field in fields:
            value = metadata.get(field)
            if value is not None and not is_right(value):
                raise MalformedError(f"metadata.{field} is of another type, or too long")
    for field in ("spec", "status"):
        if not isinstance(obj.get(field), dict | None):
            raise MalformedError(f"{field} is no map")
    found: Object = obj
    return found


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST_NAME


def _is_map_of_texts(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(each, str) for each in value.values())


def _is_list_of_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _is_list_of_owners(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(owner, dict) and all(isinstance(owner.get(each), str) for each in _OWNER)
        for owner in value
    )


_FORMS: Final[Mapping[tuple[str, ...], Callable[[Any], bool]]] = {
    _TEXTS: _is_text,
    _MAPS: _is_map_of_texts,
    ("finalizers",): _is_list_of_texts,
    ("ownerReferences",): _is_list_of_owners,
}
