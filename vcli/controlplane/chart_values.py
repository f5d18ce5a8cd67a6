"""values.yaml: every key with its default, and above it what it means."""

import json
import textwrap
from collections.abc import Iterator
from dataclasses import Field, is_dataclass
from typing import Any

from vcli.config.parse import keys_of

_WIDTH = 100


def text(kind: type, *, comments: bool = True) -> str:
    """The defaults of a section as YAML.

    Args:
        kind: the section, a dataclass.
        comments: whether descriptions stand above the keys.
    """
    head = (
        ["# Values of a virtual cluster, the same as in a vcluster.yaml for 'vcli create -f'."]
        if comments
        else []
    )
    return "\n".join([*head, *_section(kind(), "", comments=comments)]) + "\n"


def _section(value: Any, indent: str, *, comments: bool) -> Iterator[str]:
    kind: Any = type(value)
    for key, (field, _) in keys_of(kind).items():
        if comments:
            yield from _comment(field, getattr(value, field.name), indent)
        below = getattr(value, field.name)
        if is_dataclass(below):
            yield f"{indent}{key}:"
            yield from _section(below, f"{indent}  ", comments=comments)
        else:
            yield f"{indent}{key}: {_scalar(below)}"


def _comment(field: Field[Any], value: Any, indent: str) -> Iterator[str]:
    doc = field.metadata.get("doc") or (type(value).__doc__ if is_dataclass(value) else "")
    for line in textwrap.wrap((doc or "").partition("\n")[0], _WIDTH - len(indent)):
        yield f"{indent}# {line}"


def _scalar(value: Any) -> str:
    """JSON, which is YAML as well."""
    if isinstance(value, tuple):
        return json.dumps(list(value))
    return json.dumps(value)
