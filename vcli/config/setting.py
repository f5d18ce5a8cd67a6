r"""``--set a.b=c``, in the language of Helm's strvals.

``a.b=1,c=x`` sets two keys, ``a={x,y}`` a list, ``a[0].b=x`` an element, ``a\.b=x`` a key with a dot in it.
true, false, null and integers become what they look like; all else is a string.
"""

import copy
import re
from typing import Any

from vcli.config.document import Document, Keys
from vcli.errors import UsageError

_INTEGER = re.compile(r"^(0|-?[1-9][0-9]*)$")
_MOST_ELEMENTS = 1024
_WORDS = {"true": True, "false": False, "null": None}

Step = str | int


def parse(expression: str, *, below: dict[str, Any] | None = None) -> Document:
    """Parse one ``--set`` argument.

    Args:
        expression: what follows ``--set``.
        below: values set so far; ``a[1]=x`` changes one element of a list that stands there.

    Raises:
        UsageError: it can't be understood.
    """
    document = Document()
    for assignment in _split(expression, ","):
        if not assignment.strip():
            continue
        left, separator, right = _partition(assignment)
        if not separator:
            raise UsageError(f"--set {expression}: no value for {assignment!r}", hint="write --set key=value")
        steps = _steps(left.strip(), expression)
        _put(document.data, steps, _value(right), below or {})
        keys: Keys = tuple(step for step in _until_index(steps))
        for end in range(1, len(keys) + 1):
            document.places[keys[:end]] = f"--set {expression}"
    return document


def _value(text: str) -> Any:
    if text.startswith("{") and text.endswith("}"):
        return [_value(item.strip()) for item in _split(text[1:-1], ",")] if text[1:-1].strip() else []
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.match(text):
        return int(text)
    return _unescape(text)


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


def _steps(path: str, expression: str) -> list[Step]:
    steps: list[Step] = []
    for part in _split(path, "."):
        word = re.match(r"^((?:\\.|[^\[\]\\])+)((?:\[[0-9]+\])*)$", part)
        if word is None:
            raise UsageError(f"--set {expression}: {path!r} is not the path of a key")
        steps.append(_unescape(word[1]))
        for index in re.findall(r"[0-9]+", word[2]):
            if int(index) >= _MOST_ELEMENTS:
                raise UsageError(f"--set {expression}: index {index} is too large")
            steps.append(int(index))
    return steps


def _until_index(steps: list[Step]) -> list[str]:
    keys: list[str] = []
    for step in steps:
        if isinstance(step, int):
            break
        keys.append(step)
    return keys


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
