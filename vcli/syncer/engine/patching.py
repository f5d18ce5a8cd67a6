"""The smallest patch from what is to what shall be."""

from collections.abc import Mapping
from typing import Any

from vcli.kube.types import Object


def merge_patch(old: Mapping[str, Any], new: Mapping[str, Any]) -> Object:
    """The JSON merge patch (RFC 7386) that makes `old` into `new`; empty when they are equal."""
    patch: Object = {key: None for key in old if key not in new and old[key] is not None}
    for key, value in new.items():
        before = old.get(key)
        if value == before:
            continue
        if isinstance(value, dict) and isinstance(before, dict):
            patch[key] = merge_patch(before, value)
        else:
            patch[key] = value
    return patch
