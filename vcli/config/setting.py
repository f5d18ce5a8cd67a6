r"""``--set a.b=c``, in the language of Helm's strvals.

``a.b=1,c=x`` sets two keys, ``a={x,y}`` a list, ``a[0].b=x`` an element, ``a\.b=x`` a key with a dot in it.
true, false, null and integers become what they look like; all else is a string. With ``--set-string``
everything is a string; ``--set-json`` takes JSON after the equals sign, ``--set-file`` the name of a file
whose text is the value.
"""

import copy
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from vcli.config.document import Document, Keys
from vcli.errors import UsageError

_INTEGER = re.compile(r"(0|-?[1-9][0-9]*)")
_MOST_ELEMENTS = 1024
_WORDS = {"true": True, "false": False, "null": None}

Step = str | int
Assignment = tuple[str, Any]

SET: Final = "--set"
SET_JSON: Final = "--set-json"


def parse(expression: str, *, below: dict[str, Any] | None = None, option: str = SET) -> Document:
    """Parse the argument of one option of the ``--set`` family.

    Args:
        expression: what follows the option.
        below: values set so far; ``a[1]=x`` changes one element of a list that stands there.
        option: ``--set``, ``--set-string``, ``--set-json`` or ``--set-file``.

    Raises:
        UsageError: it can't be understood, or the file can't be read.
    """
    said = f"{option} {_without_values(expression, option)}".rstrip()
    document = Document()
    if option == SET_JSON:
        assignments = _json_assignments(expression, said)
    else:
        assignments = _assignments(expression, said, _VALUES[option])
    for path, value in assignments:
        steps = _steps(path, said)
        _put(document.data, steps, value, below or {})
        keys: Keys = tuple(steps)
        for end in range(1, len(keys) + 1):
            document.places[keys[:end]] = said
    if not document.data:
        raise UsageError(f"{said}: sets nothing", hint=f"write {option} key=value")
    return document


def _without_values(expression: str, option: str) -> str:
    """The keys that an expression sets, for messages: a value may be a password."""
    if option == SET_JSON:  # commas are JSON's too
        head, separator, _ = _partition(expression)
        return "" if expression.lstrip().startswith("{") else head.strip() if separator else ""
    found = (_partition(each) for each in _split(expression, ","))
    return ",".join(key.strip() for key, separator, _ in found if separator)


def _no_value(said: str, part: str, *, is_first: bool) -> UsageError:
    """The error for a part without an equals sign; one after a comma may be the rest of a password."""
    option = said.partition(" ")[0]
    if is_first:
        return UsageError(f"{said}: no value for {part!r}", hint=f"write {option} key=value")
    return UsageError(
        f"{said}: no value for what follows a comma",
        hint=r"write a comma that belongs to a value as \,",
    )


def _assignments(expression: str, said: str, read: Callable[[str, str], Any]) -> Iterator[Assignment]:
    for number, assignment in enumerate(_split(expression, ",")):
        if not assignment.strip():
            continue
        left, separator, right = _partition(assignment)
        if not separator:
            raise _no_value(said, assignment, is_first=not number)
        yield left.strip(), read(right, said)


def _json_assignments(expression: str, said: str) -> Iterator[Assignment]:
    """``a.b=JSON,c=JSON``, or one JSON object of all keys."""
    decoder, rest = json.JSONDecoder(), expression.strip()
    whole = rest.startswith("{")
    while rest:
        path, separator, text = ("", "=", rest) if whole else _partition(rest)
        if not separator:
            raise UsageError(f"{said}: a key without a value", hint="write --set-json key=JSON")
        text = text.lstrip()
        try:
            value, end = decoder.raw_decode(text)
        except (ValueError, RecursionError) as error:
            raise UsageError(
                f"{said}: not JSON: {error}",
                hint="text is JSON in double quotes; --set-string takes it without",
            ) from None
        rest = text[end:].strip()
        if rest and (whole or not rest.startswith(",")):
            raise UsageError(f"{said}: not JSON: something else follows the value")
        rest = rest[1:].strip()
        yield from ((_escape(key), each) for key, each in value.items()) if whole else [(path.strip(), value)]


def _typed(text: str, said: str) -> Any:
    if text.startswith("{") and text.endswith("}"):
        return [_typed(item, said) for item in _items(text)]
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return _unescape(text)


def _string(text: str, said: str) -> Any:  # noqa: ARG001
    if text.startswith("{") and text.endswith("}"):
        return [_unescape(item) for item in _items(text)]
    return _unescape(text)


def _content(text: str, said: str) -> str:
    path = _unescape(text)
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{said}: file {path!r} can't be read: {reason}") from error


_VALUES: Final[dict[str, Callable[[str, str], Any]]] = {
    SET: _typed,
    "--set-string": _string,
    "--set-file": _content,
}


def _items(text: str) -> list[str]:
    inner = text[1:-1]
    return [item.strip() for item in _split(inner, ",")] if inner.strip() else []


def _escape(key: str) -> str:
    return re.sub(r"([\\.\[\]])", r"\\\1", key)


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _split(text: str, separator: str) -> list[str]:
    """Split at a separator that is neither escaped nor inside braces."""
    parts, depth, start, position = [], 0, 0, 0
    while position < len(text):
        char = text[position]
        if char == "\\":
            position += 1
        elif char == "{":
            depth += 1
        elif char == "}":
            depth = max(0, depth - 1)
        elif char == separator and depth == 0:
            parts.append(text[start:position])
            start = position + 1
        position += 1
    return [*parts, text[start:]]


def _partition(text: str) -> tuple[str, str, str]:
    parts = _split(text, "=")
    if len(parts) == 1:
        return parts[0], "", ""
    return parts[0], "=", text[len(parts[0]) + 1 :]


def _steps(path: str, said: str) -> list[Step]:
    steps: list[Step] = []
    for part in _split(path, "."):
        word = re.match(r"^((?:\\.|[^\[\]\\])+)((?:\[[0-9]+\])*)$", part)
        if word is None:
            raise UsageError(f"{said}: {path!r} is not the path of a key")
        steps.append(_unescape(word[1]))
        for index in re.findall(r"[0-9]+", word[2]):
            if int(index) >= _MOST_ELEMENTS:
                raise UsageError(f"{said}: index {index} is too large")
            steps.append(int(index))
    return steps


def _put(data: Any, steps: list[Step], value: Any, below: Any) -> None:
    step, rest = steps[0], steps[1:]
    if isinstance(step, int):
        data.extend([None] * (step + 1 - len(data)))
    if not rest:
        data[step] = value
        return
    under = _under(below, step)
    child = data.get(step) if isinstance(step, str) else data[step]
    if isinstance(rest[0], int):
        if not isinstance(child, list):
            # A list is not merged later but replaced, so what stands in it is taken over here.
            child = copy.deepcopy(under) if isinstance(under, list) else []
    elif not isinstance(child, dict):
        child = {}
    data[step] = child
    _put(child, rest, value, under)


def _under(below: Any, step: Step) -> Any:
    if isinstance(below, dict):
        return below.get(step)
    if isinstance(below, list) and isinstance(step, int) and step < len(below):
        return below[step]
    return None
