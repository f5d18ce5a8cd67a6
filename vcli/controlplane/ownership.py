"""What a field manager has applied, read back from an object: the way to apply a former state again. Pure.

The format is FieldsV1 of server-side apply: ``f:NAME`` is a field, ``k:{…}`` the item of a list with these
keys, ``v:VALUE`` the item that is this value, ``i:N`` the item at this place, ``.`` the thing itself.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from vcli.kube.types import Object


def applied(obj: Object, *, manager: str) -> Object | None:
    """The object as a field manager would have to apply it to change nothing.

    Args:
        obj: as the API answered it, with its managedFields.
        manager: the name that it was applied by.

    Returns:
        The fields that the manager owns by apply, with their values; None if it has applied nothing.
    """
    metadata = obj["metadata"]
    entries = [
        entry["fieldsV1"]
        for entry in metadata.get("managedFields") or ()
        if entry.get("manager") == manager
        and entry.get("operation") == "Apply"
        and not entry.get("subresource")
    ]
    if not entries:
        return None
    [fields] = entries
    owned: Object = _owned(obj, fields)
    named = {key: metadata[key] for key in ("name", "namespace") if key in metadata}
    return {
        "apiVersion": obj["apiVersion"],
        "kind": obj["kind"],
        **owned,
        "metadata": {**named, **owned.get("metadata", {})},
    }


def _owned(value: Any, fields: Mapping[str, Any]) -> Any:
    if not fields:
        return value
    if isinstance(value, dict):
        return {
            key[2:]: _owned(value[key[2:]], below)
            for key, below in fields.items()
            if key.startswith("f:") and key[2:] in value
        }
    if isinstance(value, list):
        return [item for index, each in enumerate(value) for item in _item(each, index, fields)]
    return value


def _item(item: Any, index: int, fields: Mapping[str, Any]) -> Iterator[Any]:
    """The owned part of an item of a list; nothing if none of it is owned."""
    for key, below in fields.items():
        kind, _, text = key.partition(":")
        if kind == "v" and json.loads(text) == item:
            yield item
        elif kind == "i" and int(text) == index:
            yield _owned(item, below)
        elif kind == "k" and isinstance(item, dict):
            keys: Object = json.loads(text)
            if all(item.get(name) == value for name, value in keys.items()):
                # A key that was not applied has its default, and gets it again.
                yield _owned(item, below)
