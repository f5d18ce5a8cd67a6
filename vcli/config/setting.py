r"""``--set a.b=c``, in the language of Helm's strvals.

``a.b=1,c=x`` sets two keys, ``a={x,y}`` a list, ``a[0].b=x`` an element, ``a\.b=x`` a key with a dot in it.
true, false, null (in upper or lower case) and integers become what they look like; all else is a string. With
``--set-string`` everything is a string; ``--set-json`` takes JSON after the equals sign, ``--set-file`` the
name of a file whose text is the value.

Results are those of Helm, blanks included, but for what sets nothing there without a word: that is refused.
"""

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from vcli.config.document import Document, Keys, text_of
from vcli.config.set_words import Words, keys_of
from vcli.errors import UsageError

_HIGHEST_INDEX: Final = 65536
_MOST_DOTS: Final = 30
_LARGEST_INTEGER: Final = 2**63
_WORDS: Final = {"true": True, "false": False, "null": None, "0": 0}

Step = str | int
Assignment = tuple[list[Step], Any]
Read = Callable[[str], Any]

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
    said = f"{option} {keys_of(expression, is_json=option == SET_JSON)}".rstrip()
    document = Document()
    for steps, value in _assignments(expression, option, said):
        try:
            _put(document.data, steps, value, below or {})
        except TypeError as error:
            raise UsageError(f"{said}: {error}") from error
        keys: Keys = tuple(steps)
        for end in range(1, len(keys) + 1):
            document.places[keys[:end]] = said
    if not document.data:
        raise UsageError(f"{said}: sets nothing", hint=f"write {option} key=value")
    return document


def _assignments(expression: str, option: str, said: str) -> Iterator[Assignment]:
    if option == SET_JSON and expression.strip().startswith("{"):
        whole = _json(expression.strip(), said)
        yield from (([key], value) for key, value in whole.items())
        return
    words = Words(expression)
    while words.rest():
        steps, has_value = _steps(words, said)
        if not has_value:
            yield steps[:-1], _NO_ELEMENT
        elif option == SET_JSON:
            yield steps, _json_value(words, said)
        else:
            yield steps, _value(words, _READ[option], said)


_NO_ELEMENT: Final = object()
"""Of ``a[0]``: a list is there, and no element is set."""


def _steps(words: Words, said: str) -> tuple[list[Step], bool]:
    """The path of a key, and whether a value follows it."""
    steps: list[Step] = []
    key, has_value = words.key()
    # What has no value may be one: the rest of a password that has a comma in it.
    is_key = has_value or not (words.position or said.startswith(SET_JSON))
    named = repr(key) if is_key else "what follows a comma" if words.position else "what is given"
    dots = 0
    while True:
        name, stop = words.until("=[,.")
        if stop in ("", ","):
            hint = f"write {said.partition(' ')[0]} key=value, and a comma that belongs to a value as \\,"
            raise UsageError(f"{said}: no value for {named}", hint=hint)
        if not name:
            raise UsageError(f"{said}: {named} is not the path of a key")
        steps.append(name)
        while stop == "[":
            steps.append(_index(words, said, named))
            between, stop = words.until("[.=")
            if between:
                raise UsageError(f"{said}: something else follows the index {steps[-1]}")
        if stop != ".":
            return steps, bool(stop)
        dots += 1
        if dots > _MOST_DOTS:
            raise UsageError(f"{said}: more than {_MOST_DOTS} dots in one key")


def _index(words: Words, said: str, named: str) -> int:
    text, stop = words.until("]")
    try:
        index = int(text) if stop and text.strip() == text and "_" not in text else -1
    except ValueError:
        index = -1
    if index < 0:
        raise UsageError(f"{said}: {named} has an index that is none", hint="elements are counted from [0]")
    if index > _HIGHEST_INDEX:
        raise UsageError(f"{said}: index {index} is too large: {_HIGHEST_INDEX} is the highest")
    return index


def _value(words: Words, read: Read, said: str) -> Any:
    try:
        if not words.take("{"):
            return read(words.until(",")[0])
        items, stop = [], ","
        while stop == ",":
            item, stop = words.until(",}")
            items.append(item)
        if not stop:
            raise UsageError(f"{said}: the list does not end", hint="write it as key={a,b}")
        words.take(",")
        return [read(item) for item in items]
    except _UnreadableError as error:
        raise UsageError(f"{said}: {error}") from error


def _json_value(words: Words, said: str) -> Any:
    """JSON, with the comma and the blanks around it; nothing is null."""
    words.skip_blanks()
    if words.take(",") or not words.rest():
        return None
    value, length = _decode(words.rest(), said)
    words.position += length
    words.skip_blanks()
    words.take(",")
    return value


def _json(text: str, said: str) -> Any:
    value, length = _decode(text, said)
    if text[length:].strip():
        raise UsageError(f"{said}: not JSON: something else follows the value")
    return value


def _decode(text: str, said: str) -> tuple[Any, int]:
    def no_number(word: str) -> Any:
        raise ValueError(f"{word} is no JSON")

    try:
        value, end = json.JSONDecoder(parse_constant=no_number).raw_decode(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"{said}: not JSON: {error}", hint="text is JSON in double quotes; --set-string takes it without"
        ) from error
    if isinstance(value, int | float) and text[end : end + 1].isalnum():  # 1b is no number
        raise UsageError(f"{said}: not JSON: something else follows the value")
    return value, end


def _typed(text: str) -> Any:
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    digits = text[1:] if text[:1] in ("+", "-") else text
    if not text.startswith("0") and digits.isascii() and digits.isdecimal():
        number = int(text)
        if -_LARGEST_INTEGER <= number < _LARGEST_INTEGER:
            return number
    return text


class _UnreadableError(Exception):
    """A file of ``--set-file``."""


def _content(path: str) -> str:
    try:
        return text_of("-" if path.strip() == "-" else path if "://" in path else Path(path))[0]
    except UsageError as error:
        raise _UnreadableError(error.message.replace("values file ", "file ", 1)) from error
    except ValueError as error:
        raise _UnreadableError(f"file {path!r} can't be read: {error}") from error


_READ: Final[dict[str, Read]] = {SET: _typed, "--set-string": str, "--set-file": _content}


def _put(data: Any, steps: list[Step], value: Any, below: Any) -> None:
    step, rest = steps[0], steps[1:]
    if isinstance(step, int):
        data.extend([None] * (step + 1 - len(data)))
    if not rest and value is not _NO_ELEMENT:
        data[step] = value
        return
    is_there = step in data if isinstance(step, str) else data[step] is not None
    under = data[step] if is_there else _under(below, step)
    if not rest or isinstance(rest[0], int):
        if under is not None and not isinstance(under, list):
            raise TypeError(f"{step} is {_kind(under)}, not a list")
        # A list is not merged later but replaced, so what stands in it is taken over here.
        data[step] = under if is_there and under is not None else copy.deepcopy(under or [])
    elif not isinstance(under, dict):
        if isinstance(step, str) and under is not None:
            raise TypeError(f"{step} is {_kind(under)}, not a mapping: its keys can't be set")
        data[step] = {}
    elif not is_there:
        data[step] = {}
    if rest:
        _put(data[step], rest, value, _under(below, step))


def _kind(value: Any) -> str:
    """What a value is; not the value itself, which may be a password."""
    names: dict[Any, str] = {dict: "a mapping", list: "a list", str: "a string"}
    return names.get(type(value), "a value")


def _under(below: Any, step: Step) -> Any:
    if isinstance(below, dict):
        return below.get(step)
    if isinstance(below, list) and isinstance(step, int) and step < len(below):
        return below[step]
    return None
