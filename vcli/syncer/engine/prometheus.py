"""Prometheus' text format."""

from collections.abc import Iterable
from typing import Final

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

Sample = tuple[str, str, float, float | None]
"""Name, labels as ``{a="b"}`` or empty, value, and the time in seconds where it is not now."""


def exposition(samples: Iterable[Sample]) -> str:
    """All samples of a name together; what ends in ``_total`` is a counter, all else a gauge."""
    families: dict[str, list[str]] = {}
    for name, labels, value, at in samples:
        time = "" if at is None else f" {round(at * 1000)}"
        text = value if isinstance(value, int) else f"{value:.9g}"
        families.setdefault(name, []).append(f"{name}{labels} {text}{time}\n")
    return "".join(
        f"# TYPE {name} {'counter' if name.endswith('_total') else 'gauge'}\n{''.join(lines)}"
        for name, lines in families.items()
    )
