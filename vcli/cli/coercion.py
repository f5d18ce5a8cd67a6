"""Reading option values of plain types without pydantic, whose import would cost each command 0.1 s.

A declaration may name a rule of `vcli.inputs` as its ``parser``; else its type is the rule. No value of any
type may be empty.
"""

import os
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from vcli import inputs
from vcli.errors import UsageError

Rule = Callable[[str, str], Any]

BOOLEANS = {
    **dict.fromkeys(("1", "true", "t", "yes", "y", "on"), True),
    **dict.fromkeys(("0", "false", "f", "no", "n", "off"), False),
}


class PlainValue:
    """Turns words of the command line into values of one type; stands in for Typer's own reader.

    Args:
        read: text and the option's name to value.
        many: the option may be given several times, the values make a list.
    """

    def __init__(self, read: Rule, *, many: bool) -> None:
        self._read = read
        self._many = many

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:  # noqa: ARG002  Typer's signature
        """The value that the command gets.

        Raises:
            UsageError: the text is not of this type; the message names the option.
        """
        if self._many:
            return [self._one(item, param) for item in value or ()]
        if param.envvar and os.environ.get(param.envvar) == "" and value == param.default:
            inputs.not_empty("", param.envvar)
        return None if value is None else self._one(value, param)

    def _one(self, value: Any, param: Any) -> Any:
        if not isinstance(value, str):
            return value
        return self._read(value, called(param))


def called(param: Any) -> str:
    """How messages name a parameter: ``--namespace``, ``NAME``."""
    if param.param_type_name == "argument":
        return str(param.metavar or param.name.upper())
    return str(max(param.opts, key=len))


def boolean(text: str, what: str = "the value") -> bool:
    """``true``, ``false`` and other words that mean the same.

    Raises:
        UsageError: it is none of them.
    """
    if text.lower() not in BOOLEANS:
        raise UsageError(f"{what} {inputs.shown(text)} is not true or false")
    return BOOLEANS[text.lower()]


def _path(text: str, what: str) -> Path:
    return Path(inputs.not_empty(text, what))


def choice(words: dict[str, Any]) -> Rule:
    """One of some words, in any case."""

    def read(text: str, what: str) -> Any:
        inputs.not_empty(text, what)
        for word, meaning in words.items():
            if word.lower() == text.lower():
                return meaning
        raise UsageError(f"{what} {inputs.shown(text)} is not one of {', '.join(words)}")

    return read


_READERS: dict[Any, Rule] = {str: inputs.text, bool: boolean, int: inputs.whole, Path: _path}

_OF_FILES = ("FILE", "PATH")
"""The metavars of what may be any bytes."""


def lighten(params: list[Any]) -> list[Any]:
    """Give parameters of plain types the readers above; others (ranges, checked paths) keep Typer's."""
    for param in params:
        descriptor = getattr(param, "type_descriptor", None)
        if descriptor is None:
            continue  # a Typer of another generation, with readers of its own
        kind, many = descriptor.annotation, False
        if get_origin(kind) is list and len(get_args(kind)) == 1:
            kind, many = get_args(kind)[0], True
        reader = descriptor.parameter_info.parser or _reader_of(kind)
        if reader is inputs.text and (many or param.metavar in _OF_FILES):
            reader = inputs.not_empty
        if reader and _unchecked(descriptor.parameter_info):
            param._runtime_param = PlainValue(reader, many=many)  # noqa: SLF001  Typer offers no door to this
    return params


def _reader_of(kind: Any) -> Rule | None:
    if isinstance(kind, type) and issubclass(kind, Enum):
        return choice({str(item.value): item for item in kind})
    if get_origin(kind) is Literal:
        return choice({str(word): word for word in get_args(kind)})
    return _READERS.get(kind)


def _unchecked(info: Any) -> bool:
    """Whether the declaration asks for nothing but the type, or its rule."""
    asked = (info.min, info.max, info.exists, info.writable, info.resolve_path, info.allow_dash)
    return not any(item is not None and item is not False for item in asked)
