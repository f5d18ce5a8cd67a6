"""Values of several control-plane pods, which the chart refuses; see `value_examples`."""

from typing import Any

_HA = "controlPlane.statefulSet.highAvailability"
_TIMES = ("leaseDuration", "renewDeadline", "retryPeriod")

EXAMPLES: dict[str, list[Any]] = {f"{_HA}.{key}": [] for key in ("replicas", *_TIMES)}

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({f"{_HA}.replicas": 2}, "the chart has one control-plane pod"),
    ({f"{_HA}.replicas": 0}, "replicas"),
    *(({f"{_HA}.{key}": 20}, "of no use where there is one syncer") for key in _TIMES),
]
