"""What is below a key, by its type: a plain value, a section, a map of sections or a list of them.

A section is a dataclass; ``dict[str, Section]`` is a map whose keys are chosen by the user,
``tuple[Section, ...]`` a list. Both are empty by default: an element of a default could not be taken away.
``| None`` is a key that may be left out, and that can't be written as null.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, NamedTuple, get_args, get_origin, get_type_hints


class Shape(NamedTuple):
    """What is below a key; ``section`` is the dataclass of the section or sections, None for a value."""

    of: Literal["value", "section", "map", "list"]
    section: type | None = None


_STEPS = {"section": "", "map": ".*", "list": "[]"}


def shape_of(hint: Any) -> Shape:
    """The shape of a type hint."""
    if is_dataclass(hint) and isinstance(hint, type):
        return Shape("section", hint)
    arguments = get_args(hint)
    if get_origin(hint) is dict and is_dataclass(arguments[1]):
        return Shape("map", arguments[1])  # type: ignore[arg-type]
    if get_origin(hint) is tuple and is_dataclass(arguments[0]):
        return Shape("list", arguments[0])  # type: ignore[arg-type]
    return Shape("value")


def camel(field: Field[Any]) -> str:
    """The YAML name of a field."""
    named: str | None = field.metadata.get("name")
    head, *rest = field.name.split("_")
    return named or head + "".join(map(str.title, rest))


@cache
def keys_of(kind: type) -> Mapping[str, tuple[Field[Any], Any]]:
    """The keys of a section: YAML name to field and type."""
    hints = get_type_hints(kind)
    return {camel(f): (f, _given(hints[f.name])) for f in fields(kind) if not f.metadata.get("internal")}


def _given(hint: Any) -> Any:
    """The type of a key where it is given: without None."""
    arguments = get_args(hint)
    if get_origin(hint) is not UnionType or NoneType not in arguments:
        return hint
    (given,) = (each for each in arguments if each is not NoneType)
    return given


def is_required(field: Field[Any]) -> bool:
    """Whether a key has no default; only in sections of a map or list."""
    return field.default is MISSING and field.default_factory is MISSING


def default_of(field: Field[Any]) -> Any:
    """The default of a key that has one."""
    return field.default if field.default_factory is MISSING else field.default_factory()


def paths(kind: type, prefix: str = "") -> Iterator[str]:
    """The dotted paths of all keys below a section; ``*`` is a key of a map, ``[]`` an element of a list."""
    for name, (_, hint) in keys_of(kind).items():
        yield f"{prefix}{name}"
        shape = shape_of(hint)
        if shape.section is not None:
            yield from paths(shape.section, f"{prefix}{name}{_STEPS[shape.of]}.")


def default_at(kind: type, path: str) -> Any:
    """The default of a key below a section, dotted, as plain data; None where there is no such key."""
    value: Any = kind()
    for name in path.split("."):
        found: Any = keys_of(type(value)).get(name) if is_dataclass(value) else None  # type: ignore[arg-type]
        if found is None:
            return None
        value = getattr(value, found[0].name)
    return list(value) if isinstance(value, tuple) else value


def is_element(kind: type, keys: Sequence[str | int]) -> bool:
    """Whether a path below a section leads to an element of a map of sections."""
    section: type | None = kind
    rest = list(keys)
    while rest and section is not None:
        entry = keys_of(section).get(str(rest.pop(0)))
        if entry is None:
            return False
        shape = shape_of(entry[1])
        if shape.of == "map" and rest:
            rest.pop(0)
            if not rest:
                return True
        section = shape.section
    return False
