"""What a key of another chart means here."""

from dataclasses import dataclass
from functools import cache
from typing import Literal, TypeAlias

from vcli.config.known import KNOWN
from vcli.config.known.entry import What
from vcli.config.schema import Values
from vcli.config.shape import keys_of, shape_of

Meaning: TypeAlias = What | Literal["same", ""]


@dataclass(frozen=True, slots=True)
class Found:
    """What a key means.

    Attributes:
        what: as of `vcli.config.known.Key`; ``same``: it is a key of the schema; empty: nobody knows it.
        path: of the line in the table that says so, or of the key.
        to: where it stands now.
        text: of a note, or the next step.
    """

    what: Meaning
    path: str
    to: str = ""
    text: str = ""


@cache
def meaning_of(keys: tuple[str, ...]) -> Found:
    """What a key means, by its own line in the table or that of a section that it is in."""
    if _is_of_schema(keys):
        return Found("same", ".".join(keys))
    for end in range(len(keys), 0, -1):
        path = ".".join(keys[:end])
        if key := KNOWN.get(path):
            return Found(key.what, path, key.to, key.text)
    return Found("", ".".join(keys))


def _is_of_schema(keys: tuple[str, ...]) -> bool:
    kind: type = Values
    rest = list(keys)
    while rest:
        entry = keys_of(kind).get(rest.pop(0))
        if entry is None:
            return False
        shape = shape_of(entry[1])
        if shape.section is None:
            return True  # a value, or a mapping that is taken as it is
        if shape.of == "map" and rest:
            rest.pop(0)
        if shape.of == "list":
            return not rest
        kind = shape.section
    return True
