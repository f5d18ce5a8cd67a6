"""What differs between two states of an object, as paths of fields. Pure."""

import re
from collections.abc import Iterator
from typing import Any

from vcli.kube.types import Object

# What the API server writes by itself at each change, or at none.
_BOOKKEEPING = ("creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid")
_WORD = re.compile(r"^[A-Za-z0-9_-]+$")


def differences(before: Object, after: Object) -> list[str]:
    """The paths of the fields in which two states of one object differ, without values.

    Items of a list are identified by their names, if they have any, as in
    ``spec.template.spec.containers[etcd].image``. A field that only one of the two has is named as a whole.

    Args:
        before: an object of the API.
        after: the same one, as it is or would be later; the server's own bookkeeping and the status are not
            looked at.
    """
    return list(_walk(_comparable(before), _comparable(after), ""))


def _comparable(obj: Object) -> Object:
    kept = {key: value for key, value in obj.items() if key != "status"}
    if isinstance(kept.get("metadata"), dict):
        kept["metadata"] = {k: v for k, v in kept["metadata"].items() if k not in _BOOKKEEPING}
    return kept


def _walk(before: Any, after: Any, path: str) -> Iterator[str]:
    if isinstance(before, dict) and isinstance(after, dict):
        yield from _keys(before, after, path)
    elif isinstance(before, list) and isinstance(after, list):
        yield from _items(before, after, path)
    elif before != after:
        yield path


def _keys(before: Object, after: Object, path: str) -> Iterator[str]:
    for key in sorted(before.keys() | after.keys()):
        below = _below(path, key)
        if key in before and key in after:
            yield from _walk(before[key], after[key], below)
        else:
            yield below


def _items(before: list[Any], after: list[Any], path: str) -> Iterator[str]:
    old, new = _by_name(before), _by_name(after)
    if old is None or new is None:
        if len(before) != len(after):
            yield path
            return
        for index, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from _walk(one, other, f"{path}[{index}]")
        return
    found = [
        found
        for name in dict.fromkeys([*old, *new])
        for found in (
            _walk(old[name], new[name], f"{path}[{name}]")
            if name in old and name in new
            else iter([f"{path}[{name}]"])
        )
    ]
    yield from found
    if not found and list(old) != list(new):
        yield path  # the same items in another order


def _by_name(items: list[Any]) -> dict[str, Any] | None:
    """The items of a list by their names; None if they have none, or one twice."""
    names = [item.get("name") if isinstance(item, dict) else None for item in items]
    if not all(isinstance(name, str) for name in names) or len(set(names)) != len(names):
        return None
    return {str(name): item for name, item in zip(names, items, strict=True)}


def _below(path: str, key: str) -> str:
    if not _WORD.match(key):
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else key
