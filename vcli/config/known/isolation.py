"""``isolation`` of the charts of 2023, of which ``policies`` has the parts."""

from collections.abc import Mapping
from typing import Any, Final

_TO: Final = "policies"
# What a section has beside `enabled`, which was true once isolation was on.
_SECTIONS: Final[Mapping[str, frozenset[str]]] = {
    "resourceQuota": frozenset({"quota", "scopeSelector", "scopes"}),
    "limitRange": frozenset({"default", "defaultRequest"}),
    "networkPolicy": frozenset({"outgoingConnections"}),
}
_DEFAULT_STANDARD: Final = "baseline"


def of_isolation(value: Any) -> Mapping[str, Any]:
    """The values of ``policies`` for those of ``isolation``.

    Raises:
        ValueError: it has a part that it never had, or of which there is nothing here.
    """
    if not isinstance(value, dict):
        raise ValueError("must be a mapping")  # noqa: TRY004  said as a mistake in the values
    if value.get("enabled") is not True:
        return {}
    found: dict[str, Any] = {f"{_TO}.podSecurityStandard": _DEFAULT_STANDARD}
    found |= {f"{_TO}.{name}.enabled": True for name in _SECTIONS}
    for name, part in value.items():
        if name in _SECTIONS:
            found |= _of_section(name, part)
        elif name == "podSecurityStandard":
            found[f"{_TO}.{name}"] = part
        elif name == "nodeProxyPermission" and isinstance(part, dict) and part.get("enabled") is True:
            raise ValueError("nodeProxyPermission: no virtual cluster has a right to the host's nodes/proxy")
        elif name not in {"enabled", "namespace", "nodeProxyPermission"}:
            raise ValueError(f"{name}: unknown key")
    return found


def _of_section(name: str, part: Any) -> Mapping[str, Any]:
    if not isinstance(part, dict):
        raise ValueError(f"{name}: must be a mapping")  # noqa: TRY004  as above
    if strange := sorted(part.keys() - _SECTIONS[name] - {"enabled"}):
        raise ValueError(f"{name}.{strange[0]}: unknown key")
    if part.get("enabled") is False:
        return {f"{_TO}.{name}.enabled": False}
    found = {f"{_TO}.{name}.{key}": each for key, each in part.items()}
    blocks = found.pop(f"{_TO}.{name}.outgoingConnections", None) or {}
    if block := blocks.get("ipBlock"):
        found |= {f"{_TO}.{name}.outgoingConnections.ipBlock.{key}": each for key, each in block.items()}
    return found
