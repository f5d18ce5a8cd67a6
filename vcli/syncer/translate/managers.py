"""Who has set a field, by an object's managedFields: whether a tenant asked for it, or the host set it.

A number that an API server has allocated by itself has no manager. The format is FieldsV1 of server-side
apply: ``f:NAME`` is a field, ``k:{...}`` the element of a list with these keys.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

SYNCER: Final = frozenset({"vcli", "vcli-syncer"})
"""The managers that the syncer writes as: the name of its client, and that of what it applies."""


def set_by_tenant(obj: Mapping[str, Any], *path: str | Mapping[str, Any]) -> bool:
    """Whether somebody else than the syncer has set a field.

    Args:
        obj: as the API answered it, with its managedFields; a cache has none.
        path: names of fields, and the keys of an element of a list.
    """
    return bool(_managers(obj, path) - SYNCER)


def set_by_syncer_alone(obj: Mapping[str, Any], *path: str | Mapping[str, Any]) -> bool:
    """Whether the syncer has set a field, and nobody else."""
    managers = _managers(obj, path)
    return bool(managers) and managers <= SYNCER


def _managers(obj: Mapping[str, Any], path: Sequence[str | Mapping[str, Any]]) -> set[str]:
    entries = obj["metadata"].get("managedFields") or ()
    return {each.get("manager", "") for each in entries if _has(each.get("fieldsV1") or {}, path)}


def _has(fields: Mapping[str, Any], path: Sequence[str | Mapping[str, Any]]) -> bool:
    if not path:
        return True
    first, *rest = path
    below = fields.get(f"f:{first}") if isinstance(first, str) else _element(fields, first)
    return below is not None and _has(below, rest)


def _element(fields: Mapping[str, Any], wanted: Mapping[str, Any]) -> Any:
    items = ((key[2:], below) for key, below in fields.items() if key.startswith("k:"))
    return next((below for text, below in items if json.loads(text) == wanted), None)
