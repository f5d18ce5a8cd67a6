"""A values file of another shape in today's, with the comments of its author."""

import copy
import re
from dataclasses import dataclass
from typing import Any, Final

import yaml as pyyaml

from vcli import yaml
from vcli.config.complaints import Complaints
from vcli.config.document import Document, Keys, Source, dotted, parse, text_of
from vcli.config.idle import drop_idle
from vcli.config.load import Given
from vcli.config.modernise import chooses_k3s, move, settle

_STEP: Final = "  "


@dataclass(frozen=True, slots=True)
class Migrated:
    """Values in today's shape.

    Attributes:
        data: the values.
        text: as YAML, with comments.
        warnings: what is said of the file as it was.
    """

    data: dict[str, Any]
    text: str
    warnings: tuple[str, ...]


def migrate(source: Source) -> Migrated:
    """Write a values file in today's shape.

    What it asks for stays the same. A comment says of each key where it was, and what was left out.

    Raises:
        UsageError: the file can't be taken: all that is wrong with it.
    """
    text, name = text_of(source)
    document = parse(text, name)
    values = Given(files=(parse(text, name),)).values()
    before, complaints = copy.deepcopy(document.data), Complaints()
    move(document, complaints, k3s=chooses_k3s(document.data))
    settle(document, complaints)
    drop_idle(document)
    author = _Author(text, name)
    left_out = [*_left_out(complaints.warnings, name), *_silent(before, document, complaints, author)]
    head = "".join(f"# line {line}: {said}\n" for line, said in sorted(left_out))
    body = _Writer(document, author).mapping(document.data, (), "") or "{}\n"
    text = "".join([author.head, head, "\n" if head and not body.startswith("\n") else "", body, author.foot])
    return Migrated(document.data, text, values.warnings)


def _left_out(warnings: list[str], name: str) -> list[tuple[int, str]]:
    """What is said of keys that are not there any more: line and words."""
    found = (re.match(rf"{re.escape(name)}:(\d+): (.*)", each) for each in warnings)
    return [(int(each[1]), each[2]) for each in found if each and not re.match(r"\S+ is now ", each[2])]


def _silent(
    before: dict[str, Any], document: Document, complaints: Complaints, author: "_Author"
) -> list[tuple[int, str]]:
    """The keys that are not there any more without a word: they ask for nothing."""
    stay = {
        line for keys in _paths(document.data, ()) if (line := author.line(document.places.get(keys, "")))
    }
    said = "\n".join(complaints.warnings)
    gone: list[tuple[int, Keys]] = []
    for keys in _paths(before, ()):
        line = author.lines.get(keys, 0)
        if line in stay or f":{line}: " in said or any(above == keys[: len(above)] for _, above in gone):
            continue
        inside = {author.lines.get(other, 0) for other in _paths(before, ()) if other[: len(keys)] == keys}
        if not inside & stay and not any(f":{each}: " in said for each in inside):
            gone.append((line, keys))
    return [(line, f"{dotted(keys)}: left out: it changes nothing") for line, keys in gone]


def _paths(data: Any, above: Keys) -> list[Keys]:
    if not isinstance(data, dict):
        return []
    found: list[Keys] = []
    for key, value in data.items():
        found += [(*above, key), *_paths(value, (*above, key))]
    return found


class _Author:
    """Where the author's keys and comments stand."""

    def __init__(self, text: str, name: str) -> None:
        self._name, self._lines = name, text.splitlines()
        document = parse(text, name)
        self.lines = {keys: self.line(place) for keys, place in document.places.items()}
        self._inner = _inside_scalars(text)
        self._used: set[tuple[str, int]] = set()
        first = min(self.lines.values(), default=len(self._lines) + 1)
        # A blank line ends the comment of the file; what follows is that of the first key.
        above = self._lines[: first - 1]
        blank = max((index for index, line in enumerate(above) if not line.strip()), default=-1)
        self.head = "".join(f"{line}\n" for line in above[: blank + 1] if line.strip() != "---")
        self._taken = blank + 1
        self.foot = "".join(f"{line}\n" for line in self._foot())

    def line(self, place: str) -> int:
        """The number of the line that a place is; 0 for none."""
        number = place.removeprefix(f"{self._name}:")
        return int(number) if number.isdecimal() else 0

    def above(self, line: int) -> list[str]:
        """The lines of comment right above a line; empty when asked for again."""
        found: list[str] = []
        if self._is_used("above", line):
            return []
        number = line - 1
        while number > self._taken and self._lines[number - 1].lstrip().startswith("#"):
            if number in self._inner:
                break
            found.insert(0, self._lines[number - 1].strip())
            number -= 1
        return found

    def beside(self, line: int) -> str:
        """The comment at the end of a line; empty when asked for again."""
        if not line or line in self._inner or self._is_used("beside", line):
            return ""
        last = 0
        for token in _tokens(self._lines[line - 1]):
            last = max(last, token)
        rest = self._lines[line - 1][last:]
        found = re.search(r"(?:^|\s)#.*", rest)
        return found[0].strip() if found else ""

    def above_sections(self, origin: str) -> list[str]:
        """The lines of comment above the sections that a key was in."""
        keys = origin.split(".")
        lines = (self.lines.get(tuple(keys[:end]), 0) for end in range(1, len(keys)))
        return [comment for line in lines if line for comment in self.above(line)]

    def _is_used(self, where: str, line: int) -> bool:
        was = (where, line) in self._used
        self._used.add((where, line))
        return was

    def _foot(self) -> list[str]:
        found: list[str] = []
        for line in reversed(self._lines):
            if line.strip() and not line.startswith("#"):
                break
            found.insert(0, line)
        return found if any(line.startswith("#") for line in found) and len(found) < len(self._lines) else []


def _tokens(line: str) -> list[int]:
    """Where the tokens of a line end, as far as it can be read alone."""
    ends = [0]
    try:
        ends.extend(
            token.end_mark.index
            for token in pyyaml.scan(line)
            if not isinstance(token, pyyaml.StreamEndToken | pyyaml.BlockEndToken)
        )
    except pyyaml.YAMLError:
        return [len(line)] if '"' in line or "'" in line else ends
    return ends


def _inside_scalars(text: str) -> set[int]:
    """The lines that belong to a text over several lines: what looks like a comment there is none."""
    found: set[int] = set()
    for event in pyyaml.parse(text, pyyaml.SafeLoader):
        start, end = event.start_mark, event.end_mark
        if isinstance(event, pyyaml.ScalarEvent) and start and end and end.line > start.line:
            found |= set(range(start.line + 2, end.line + (end.column > 0) + 1))
    return found


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes values with their comments."""

    document: Document
    author: _Author

    def mapping(self, data: dict[str, Any], above: Keys, indent: str) -> str:
        """A mapping in block style."""
        return "".join(self._entry(key, value, (*above, key), indent) for key, value in data.items())

    def _entry(self, key: str, value: Any, keys: Keys, indent: str) -> str:
        line = self.author.line(self.document.places.get(keys, ""))
        origin = self.document.origins.get(keys, "")
        comments = self.author.above_sections(origin) if origin else []
        comments += self.author.above(line) if line else []
        comments += [f"# was {origin}"] if origin else []
        beside = self.author.beside(line) if line else ""
        head = "".join(f"{indent}{comment}\n" for comment in comments)
        name = yaml.scalar(str(key))
        if isinstance(value, dict) and value:
            return f"{head}{indent}{name}:{_beside(beside)}\n{self.mapping(value, keys, indent + _STEP)}"
        if isinstance(value, list) and value:
            return f"{head}{indent}{name}:{_beside(beside)}\n{self._list(value, keys, indent + _STEP)}"
        return f"{head}{indent}{name}:{_value(value, indent, beside)}"

    def _list(self, data: list[Any], above: Keys, indent: str) -> str:
        parts = []
        for index, value in enumerate(data):
            keys = (*above, index)
            line = self.author.line(self.document.places.get(keys, ""))
            # The first key of a mapping stands in the line of its dash, and has the comments.
            is_block = isinstance(value, dict | list) and bool(value)
            comments = [
                f"{indent}{each}\n" for each in (self.author.above(line) if line and not is_block else [])
            ]
            if isinstance(value, dict) and value:
                block = self.mapping(value, keys, indent + _STEP)
                parts.append(_dashed(block, indent))
            elif isinstance(value, list) and value:
                parts.append(_dashed(self._list(value, keys, indent + _STEP), indent))
            else:
                beside = self.author.beside(line) if line else ""
                parts.append("".join(comments) + f"{indent}-{_value(value, indent, beside)}")
        return "".join(parts)


def _dashed(block: str, indent: str) -> str:
    """A block as an element: the dash stands before its first line that is no comment."""
    lines = block.splitlines(keepends=True)
    first = next(index for index, line in enumerate(lines) if not line.lstrip().startswith("#"))
    comments = [indent + line.lstrip() for line in lines[:first]]
    return "".join([*comments, f"{indent}- {lines[first].lstrip()}", *lines[first + 1 :]])


def _beside(comment: str) -> str:
    return f" {comment}" if comment else ""


def _value(value: Any, indent: str, comment: str) -> str:
    if isinstance(value, str) and "\n" in value and _is_block(value):
        keep = "" if value.endswith("\n") else "-"
        body = "".join(
            f"{indent}{_STEP}{line}\n" if line else "\n" for line in value.removesuffix("\n").split("\n")
        )
        return f" |{keep}{_beside(comment)}\n{body}"
    return f" {yaml.dump({'k': value})[len('k:') :].strip()}{_beside(comment)}\n"


def _is_block(value: str) -> bool:
    """Whether a text can stand as a block as it is."""
    plain = all(line.isprintable() or "\t" in line for line in value.split("\n"))
    return plain and not value.startswith((" ", "\n", "\t")) and not value.endswith("\n\n")
