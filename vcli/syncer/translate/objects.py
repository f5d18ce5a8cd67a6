"""Plain Kubernetes objects, and the few ways we build one from another without changing it."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from vcli.kube.types import Object

__all__ = ["Object", "by_name", "changed", "compact", "digest", "without"]


def without(mapping: Mapping[str, Any], *keys: str) -> Object:
    """A shallow copy of ``mapping`` that lacks ``keys``."""
    return {key: value for key, value in mapping.items() if key not in keys}


def compact(mapping: Mapping[str, Any]) -> Object:
    """A shallow copy without the entries that are None."""
    return {key: value for key, value in mapping.items() if value is not None}


def changed(mapping: Mapping[str, Any], key: str, change: Callable[[Any], Any]) -> Object:
    """A shallow copy with ``change`` applied to the value at ``key``, if there is one."""
    if mapping.get(key) is None:
        return dict(mapping)
    return {**mapping, key: change(mapping[key])}


def digest(value: Any) -> str:
    """A short hash of a JSON value, by which an annotation can say whether it is still the same."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:10]


def by_name(items: Iterable[Mapping[str, Any]] | None) -> dict[str, Mapping[str, Any]]:
    """The entries of a list that Kubernetes merges by ``name``, by that name."""
    return {item["name"]: item for item in items or ()}
