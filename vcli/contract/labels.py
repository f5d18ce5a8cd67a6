"""The labels by which the CLI and the syncer know which virtual cluster a host object belongs to."""

from collections.abc import Mapping
from typing import Final

_APP: Final = ("app", "vcluster")
_RELEASE: Final = "release"

CLUSTER: Final = "vcli.dev/cluster"
"""Of a control plane's own objects: the virtual cluster."""
MANAGED_BY: Final = "vcli.dev/managed-by"
"""Of synced objects: the virtual cluster that they belong to."""

CONTROL_PLANES: Final = "=".join(_APP)
"""Selects what belongs to a control plane, also of those that loft-sh's CLI made."""


def of_control_plane(release: str) -> dict[str, str]:
    """The labels of a control plane's pods, the same as loft-sh's."""
    return {_APP[0]: _APP[1], _RELEASE: release}


def control_plane(release: str) -> str:
    """Selects what belongs to the control plane of that name."""
    return f"{CONTROL_PLANES},{_RELEASE}={release}"


def is_control_plane(labels: Mapping[str, str]) -> bool:
    """Whether these are the labels of a control plane's object, made by vcli or by loft-sh's CLI."""
    return labels.get(_APP[0]) == _APP[1]


def release_of(labels: Mapping[str, str]) -> str | None:
    """The virtual cluster that a control plane's object names."""
    return labels.get(_RELEASE)
