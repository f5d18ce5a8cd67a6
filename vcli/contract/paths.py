"""Paths of fields in an object: ``spec.tls[*].secretName``, ``metadata.annotations["example.com/a"]``."""

import re
from typing import Final, TypeAlias

_NAME: Final = r"[A-Za-z_$][-A-Za-z0-9_$]*"
_ONE: Final = r"\[([0-9]{1,4}|\"[^\"\]]+\"|'[^'\]]+')\]"
_EACH: Final = r"\[\*\]"

PATTERN: Final = rf"^\.?{_NAME}(\.{_NAME}|{_ONE}|{_EACH})*$"
"""Of a path: names after dots, also before the first; in brackets ``*``, a position, or a quoted name."""
PATTERN_OF_ONE: Final = rf"^({_NAME}(\.{_NAME}|{_ONE})*)?$"
"""Of a path to one field at most; empty for none."""
FORM: Final = "a path, such as spec.tls[*].secretName"
EACH: Final = -1
"""The step to each element of a list."""

Step: TypeAlias = str | int
Path: TypeAlias = tuple[Step, ...]

_STEP: Final = re.compile(rf"\.?({_NAME})|\[([^\]]+)\]")


def parse(text: str) -> Path:
    """The steps of a path: names, positions in lists, and `EACH`.

    Raises:
        ValueError: it is none.
    """
    if not re.match(PATTERN, text):
        raise ValueError(f"{text!r} is not {FORM}")
    return tuple(_step(found[1], found[2]) for found in _STEP.finditer(text))


def _step(name: str | None, inside: str | None) -> Step:
    if inside is None:
        return name or ""
    if inside == "*":
        return EACH
    return int(inside) if inside.isdigit() else inside[1:-1]
