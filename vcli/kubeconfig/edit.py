"""Changing a kubeconfig's text where its data changed, so that comments and layout of the rest stay.

Pure: text in, text out. PyYAML tells where each entry stands; lines of entries are cut, put or replaced. The
result is parsed again and must say exactly what was asked for; where it does not (flow style, anchors, odd
layouts), the whole file is rewritten, which loses comments but never an entry.
"""

import contextlib
import itertools
import json
from collections.abc import Mapping, Sequence
from typing import Any

from vcli import yaml
from vcli.kube.types import Object
from vcli.kubeconfig.model import BODY


class _LayoutError(Exception):
    """The text isn't laid out in a way that lines can be edited."""


def render(text: str, before: Object, after: Object) -> str:
    """The text that says ``after``.

    Args:
        text: what the file holds now; may be empty.
        before: what that text says.
        after: what the new text has to say.
    """
    if before == after:
        return text
    if text.lstrip()[:1] == "{":
        with contextlib.suppress(ValueError):
            if json.loads(text) == before:
                return json.dumps(after, indent=2, ensure_ascii=False) + "\n"
    if text.strip():
        with contextlib.suppress(_LayoutError, yaml.Error, ValueError):
            edited = _edit(text, before, after)
            if yaml.parse(edited) == after:
                return edited
    return yaml.dump(after)


def _edit(text: str, before: Object, after: Object) -> str:
    keys = [
        key
        for key in {**before, **after}
        if before.get(key) != after.get(key) or (key in before) != (key in after)
    ]
    for key in keys:
        if key in BODY:
            text = _edit_section(text, key, before.get(key) or [], after.get(key) or [])
        elif isinstance(after.get(key), str):
            text = _edit_scalar(text, key, after[key])
        else:
            raise _LayoutError
    return text


def _fields(text: str) -> dict[str, tuple[Any, Any]]:
    """The nodes of the document's top-level keys and values."""
    root: Any = yaml.compose(text)
    if root is None or root.id != "mapping" or root.flow_style:
        raise _LayoutError
    return {key.value: (key, value) for key, value in root.value if key.id == "scalar"}


def _edit_scalar(text: str, key: str, value: str) -> str:
    line = f"{key}: {yaml.scalar(value)}"
    fields = _fields(text)
    if key not in fields:
        return _append(text, [line])
    start, end = (fields[key][1].start_mark, fields[key][1].end_mark)
    if start.line != end.line or start.line != fields[key][0].start_mark.line:
        raise _LayoutError
    lines = text.splitlines(keepends=True)
    old = lines[start.line]
    space = "" if old[: start.column].endswith(" ") else " "
    lines[start.line] = old[: start.column] + space + yaml.scalar(value) + old[end.column :]
    return "".join(lines)


def _edit_section(text: str, section: str, before: Sequence[Object], after: Sequence[Object]) -> str:
    fields = _fields(text)
    if section not in fields:
        return _append(text, [f"{section}:", *yaml.dump(list(after)).splitlines()])
    key, value = fields[section]
    if not before:
        return _fill_empty(text, section, key, value, after)
    newline = _newline(text)
    lines = text.splitlines(keepends=True)
    if value.id != "sequence" or value.flow_style or len(value.value) != len(before):
        raise _LayoutError
    spans = _spans(lines, value)
    edits, added = _changes(spans, before, after, newline)
    if added:
        last = spans[-1][1]
        if not lines[last - 1].endswith(("\n", "\r")):
            lines[last - 1] += newline
        edits.append((last, last, added))
    for start, end, block in sorted(edits, reverse=True):
        lines[start:end] = block
    if not after:
        lines[key.start_mark.line] = lines[key.start_mark.line].replace(f"{section}:", f"{section}: []", 1)
    return "".join(lines)


_Span = tuple[int, int, str]


def _changes(
    spans: Sequence[_Span], before: Sequence[Object], after: Sequence[Object], newline: str
) -> tuple[list[tuple[int, int, list[str]]], list[str]]:
    """What replaces which lines, and the lines of new items."""
    wanted = {str(item["name"]): item for item in after}
    edits: list[tuple[int, int, list[str]]] = []
    indent = spans[0][2]
    for (start, end, _), item in zip(spans, before, strict=True):
        new = wanted.pop(str(item["name"]), None)
        if new is None:
            edits.append((start, end, []))
        elif new != item:
            edits.append((start, end, _item(new, indent, newline)))
    return edits, [line for item in wanted.values() for line in _item(item, indent, newline)]


def _fill_empty(text: str, section: str, key: Any, value: Any, after: Sequence[Object]) -> str:
    """Put items where ``clusters: []`` or ``clusters:`` stands on a line of its own."""
    line = key.start_mark.line
    if value.start_mark.line != value.end_mark.line or value.end_mark.line != line:
        raise _LayoutError
    lines = text.splitlines(keepends=True)
    rest = lines[line][value.end_mark.column :].strip()
    head = f"{section}:" + (f" {rest}" if rest else "")
    newline = _newline(text)
    block = [text + newline for text in [head, *yaml.dump(list(after)).splitlines()]]
    return "".join([*lines[:line], *block, *lines[line + 1 :]])


def _spans(lines: Sequence[str], sequence: Any) -> list[_Span]:
    """First line, line after the last, and indentation of each item; comments around items belong to none."""
    found = []
    starts = [node.start_mark for node in sequence.value]
    ends = [mark.line for mark in starts[1:]] + [min(sequence.end_mark.line, len(lines))]
    if sequence.end_mark.line < len(lines) and sequence.end_mark.column > 0:
        ends[-1] = sequence.end_mark.line + 1  # the text ends without a newline
    for mark, limit in zip(starts, ends, strict=True):
        head = lines[mark.line][: mark.column]
        if head.strip() != "-":
            raise _LayoutError
        end = limit
        while end > mark.line + 1 and _is_filler(lines[end - 1]):
            end -= 1
        found.append((mark.line, end, head[: head.index("-")]))
    if any(first[1] > second[0] for first, second in itertools.pairwise(found)):
        raise _LayoutError
    return found


def _is_filler(line: str) -> bool:
    stripped = line.strip()
    return not stripped or stripped.startswith("#") or stripped in {"...", "---"}


def _item(item: Mapping[str, Any], indent: str, newline: str) -> list[str]:
    return [indent + line + newline for line in yaml.dump([item]).splitlines()]


def _append(text: str, block: Sequence[str]) -> str:
    newline = _newline(text)
    lines = text.splitlines(keepends=True)
    end = len(lines)
    if any(line.startswith("...") for line in lines):
        raise _LayoutError
    if lines and not lines[-1].endswith(("\n", "\r")):
        lines[-1] += newline
    lines[end:end] = [line + newline for line in block]
    return "".join(lines)


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"
