"""Rendered objects as lines to compare, one for each value, and files of what they are expected to be."""

import difflib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("golden")
_CASE = re.compile(r"^=== (.+)$", re.MULTILINE)
# They change with each release, or with the code that they are.
_PASSING = ("vcli.dev/version", "boot.py")


def lasting(value: Any) -> Any:
    """The same objects, but for what the next change of other code makes different."""
    if isinstance(value, dict):
        return {key: "(not compared)" if key in _PASSING else lasting(below) for key, below in value.items()}
    return [lasting(each) for each in value] if isinstance(value, list | tuple) else value


def lines(objects: Sequence[Mapping[str, Any]]) -> list[str]:
    """Each value with its path, in the order of the text: other keys, another order, another value show.

    The syncer's settings are shown value by value; their bytes are held by the checksum on the pod.
    """
    return [line for obj in objects for line in _walk(_readable(lasting(obj)), _title(obj))]


def difference(before: Sequence[str], after: Sequence[str]) -> str:
    """What makes ``after`` of ``before``, and nothing else does.

    Each place is named by the line before it, not by its number: it stays when something is added elsewhere.
    """
    found = []
    for tag, start, end, to, until in difflib.SequenceMatcher(
        None, before, after, autojunk=False
    ).get_opcodes():
        if tag != "equal":
            above = before[start - 1].partition(" = ")[0] if start else ""
            found += [f"@ {above}", *(f"- {line}" for line in before[start:end])]
            found += [f"+ {line}" for line in after[to:until]]
    return "".join(f"{line}\n" for line in found)


def load_cases(path: Path) -> dict[str, str]:
    """The differences that are kept, by the names of their cases."""
    _, *parts = _CASE.split(path.read_text(encoding="utf-8"))
    return {name: text.lstrip("\n") for name, text in zip(parts[::2], parts[1::2], strict=True)}


def dump_cases(cases: Mapping[str, str]) -> str:
    """The file that `load_cases` reads."""
    return "".join(f"=== {name}\n{text}" for name, text in cases.items())


def _title(obj: Mapping[str, Any]) -> str:
    return f"{obj['kind']}/{obj['metadata']['name']}:"


def _readable(obj: Mapping[str, Any]) -> Mapping[str, Any]:
    settings = obj.get("data", {}).get("settings.json")
    return obj if settings is None else {**obj, "data": {"settings.json": json.loads(settings)}}


def _walk(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, dict) and value:
        for key, below in value.items():
            yield from _walk(below, f"{path}.{key}")
    elif isinstance(value, list) and value:
        for index, below in enumerate(value):
            # By its name, so that one more item is no difference in those behind it.
            name = below.get("name", index) if isinstance(below, dict) else "-"
            yield from _walk(below, f"{path}[{name}]")
    else:
        yield f"{path} = {json.dumps(value, ensure_ascii=True)}"
