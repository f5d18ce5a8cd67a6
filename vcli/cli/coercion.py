"""Reading option values of plain types without pydantic, whose import would cost each command 0.1 s."""

from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Any, get_args, get_origin

import typer

_WORDS = {
    "1": True,
    "true": True,
    "yes": True,
    "on": True,
    "0": False,
    "false": False,
    "no": False,
    "off": False,
}


class PlainValue:
    """Turns words of the command line into values of one type; stands in for Typer's own reader.

    Args:
        read: text to value; a ValueError is a usage error, its text names what is right.
        many: the option may be given several times, the values make a list.
    """

    def __init__(self, read: Callable[[str], Any], *, many: bool) -> None:
        self._read = read
        self._many = many

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """The value that the command gets.

        Raises:
            typer.BadParameter: the text is not of this type.
        """
        try:
            if self._many:
                return [self._one(item) for item in value or ()]
            return None if value is None else self._one(value)
        except ValueError as error:
            raise typer.BadParameter(str(error), ctx=ctx, param=param) from error

    def _one(self, value: Any) -> Any:
        return self._read(value) if isinstance(value, str) else value


def _text(text: str) -> str:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise ValueError(f"{text!r} is not UTF-8") from None
    return text


def _boolean(text: str) -> bool:
    if text.lower() not in _WORDS:
        raise ValueError(f"{text!r} is not true or false")
    return _WORDS[text.lower()]


def _integer(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a whole number") from None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a number") from None


def _choice(kind: type[Enum]) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        for item in kind:
            if str(item.value).lower() == text.lower():
                return item
        raise ValueError(f"{text!r} is not one of {', '.join(str(item.value) for item in kind)}")

    return read


_READERS: dict[Any, Callable[[str], Any]] = {
    str: str,
    bool: _boolean,
    int: _integer,
    float: _number,
    Path: Path,
}

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
        reader = _READERS.get(kind)
        if kind is str and not many and param.metavar not in _OF_FILES:
            reader = _text
        if reader is None and isinstance(kind, type) and issubclass(kind, Enum):
            reader = _choice(kind)
        if reader and _unchecked(descriptor.parameter_info):
            param._runtime_param = PlainValue(reader, many=many)  # noqa: SLF001  Typer offers no door to this
    return params


def _unchecked(info: Any) -> bool:
    """Whether the declaration asks for nothing but the type."""
    asked = (info.parser, info.min, info.max, info.exists, info.writable, info.resolve_path, info.allow_dash)
    return not any(item is not None and item is not False for item in asked)
