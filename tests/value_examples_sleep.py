"""Values of a virtual cluster that goes to sleep, which the chart refuses; see `value_examples`."""

from typing import Any

_AFTER = "sleepMode.autoSleep.afterInactivity"
ON: dict[str, Any] = {"sleepMode.enabled": True, _AFTER: "95m"}

EXAMPLES: dict[str, list[Any]] = {"sleepMode.enabled": [], _AFTER: []}

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"sleepMode.enabled": True}, "sleepMode"),
    ({**ON, _AFTER: "soon"}, "sleepMode"),
    ({**ON, "controlPlane.distro.k3s.enabled": True}, "sleepMode"),
    ({**ON, "controlPlane.statefulSet.persistence.volumeClaim.enabled": False}, "sleepMode"),
    ({**ON, "controlPlane.distro.k8s.apiServer.extraArgs": ["--audit-log-path=-"]}, "sleepMode"),
]
