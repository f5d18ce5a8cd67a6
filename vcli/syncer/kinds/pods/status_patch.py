"""The smallest patch from one pod status to another."""

from collections.abc import Mapping
from typing import Any, Final

from vcli.syncer.engine.context import Object
from vcli.syncer.engine.patching import merge_patch

_MERGED_BY: Final[Mapping[str, str]] = {
    "conditions": "type",
    "podIPs": "ip",
    "resourceClaimStatuses": "name",
}
"""The lists in a pod's status that a strategic merge patch merges by key; all others it replaces whole."""


def pod_status_patch(old: Mapping[str, Any], new: Mapping[str, Any]) -> Object:
    """The strategic merge patch for a pod's status; empty when nothing differs.

    Conditions are merged by type, as kubelet does it: a condition that a controller of the tenant adds at
    this very moment (a readiness gate) survives.
    """
    patch: Object = {key: None for key in old if key not in new}
    for key, value in new.items():
        before = old.get(key)
        if value == before:
            continue
        merge_key = _MERGED_BY.get(key)
        if merge_key is None:
            patch[key] = _whole(before, value)
        elif changes := _merged(before or [], value, merge_key):
            patch[key] = changes
    return patch


def _whole(before: Any, value: Any) -> Any:
    """A value that replaces. A map would be merged into the old one, so what it lost is named."""
    if isinstance(value, dict) and isinstance(before, dict):
        return merge_patch(before, value)
    return value


def _merged(old: list[Object], new: list[Object], key: str) -> list[Object]:
    before = {item[key]: item for item in old}
    after = {item[key]: item for item in new}
    gone = [{"$patch": "delete", key: name} for name in before if name not in after]
    changed = [_entry(before.get(name), item) for name, item in after.items() if before.get(name) != item]
    return gone + changed


def _entry(before: Object | None, item: Object) -> Object:
    return {**dict.fromkeys(set(before or ()) - set(item)), **item}
