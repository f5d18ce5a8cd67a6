"""values.yaml: every key with its default, and above it what it means."""

import json
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import Field, is_dataclass
from typing import Any

from vcli.config.dump import dump
from vcli.config.shape import default_of, is_required, keys_of, shape_of

_WIDTH = 100


def text(kind: type, *, comments: bool = True) -> str:
    """The defaults of a section as YAML.

    Args:
        kind: the section, a dataclass.
        comments: whether descriptions stand above the keys; also what an element of a map or list has.
    """
    head = (
        ["# Values of a virtual cluster, the same as in a vcluster.yaml for 'vcli create -f'."]
        if comments
        else []
    )
    return "\n".join([*head, *_section(kind, _defaults(kind), "", comments=comments)]) + "\n"


def _defaults(kind: type) -> Mapping[str, Any]:
    """By the names of fields; keys that must be given have none."""
    return {f.name: default_of(f) for f, _ in keys_of(kind).values() if not is_required(f)}


def _section(kind: type, defaults: Mapping[str, Any], indent: str, *, comments: bool) -> Iterator[str]:
    for key, (field, hint) in keys_of(kind).items():
        default = defaults.get(field.name)
        if comments:
            yield from _comment(field, default, indent)
        shape = shape_of(hint)
        if shape.of == "section" and shape.section is not None:
            yield f"{indent}{key}:"
            # One that may be left out is in a comment as a whole.
            below = _defaults(shape.section) if default is None else _values(shape.section, default)
            yield from _section(shape.section, below, f"{indent}  ", comments=comments)
            continue
        yield f"{indent}{key}:{_scalar(default)}" if field.name in defaults else f"{indent}{key}:"
        if shape.section is not None and comments:
            yield from _element(shape.section, indent, is_map=shape.of == "map")


def _values(kind: type, section: Any) -> Mapping[str, Any]:
    return {f.name: getattr(section, f.name) for f, _ in keys_of(kind).values()}


def _element(kind: type, indent: str, *, is_map: bool) -> Iterator[str]:
    """What an element has, as a comment: there is none by default."""
    yield f"{indent}#  {'NAME:' if is_map else '-'}"
    for line in _section(kind, _defaults(kind), "", comments=True):
        yield f"{indent}#    {line}"


def _comment(field: Field[Any], value: Any, indent: str) -> Iterator[str]:
    doc = field.metadata.get("doc") or (type(value).__doc__ if is_dataclass(value) else "")
    for line in textwrap.wrap((doc or "").partition("\n")[0], _WIDTH - len(indent)):
        yield f"{indent}# {line}"


def _scalar(value: Any) -> str:
    """JSON, which is YAML as well."""
    return f" {json.dumps(dump(value))}"
