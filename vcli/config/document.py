"""Values as a tree that remembers where each of its keys was written."""

import itertools
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from vcli import remote
from vcli.errors import UsageError

Keys = tuple[str | int, ...]
"""The path of a key: names, and positions in lists."""
Source = Path | str
"""A file, an https:// address, or ``-`` for standard input."""

_MOST_KEYS = 10_000


@dataclass(slots=True)
class Document:
    """A mapping, and for the path of each key the place it comes from (``values.yaml:12``).

    Attributes:
        data: the mapping.
        places: of its keys.
        emptied: the mappings of which null has removed all.
        origins: of a key that was moved: where it was written, dotted.
        twice: what to say of keys that are given twice.
    """

    data: dict[str, Any] = field(default_factory=dict)
    places: dict[Keys, str] = field(default_factory=dict)
    emptied: set[Keys] = field(default_factory=set)
    origins: dict[Keys, str] = field(default_factory=dict)
    twice: tuple[UsageError, ...] = ()

    def merge(self, other: "Document") -> None:
        """Lay another document over this one: mappings are merged, the rest replaces, null removes."""
        self._merge(self.data, other.data, ())
        self.places.update(other.places)
        self.origins.update(other.origins)
        self.twice += other.twice

    def place(self, keys: Keys) -> str:
        """Where a key was written, else one below it, else the nearest above it; empty for nowhere."""
        if keys not in self.places and (below := _first_below(self.places, keys)):
            return self.places[below]
        while keys:
            if keys in self.places:
                return self.places[keys]
            keys = keys[:-1]
        return ""

    def written(self, keys: Keys) -> str:
        """A key as it was written, with where it stands now, if it was moved."""
        for end in range(len(keys), 0, -1):
            if origin := self.origins.get(keys[:end]):
                return f"{origin} (now {dotted(keys)})"
        if keys not in self.places and (below := _first_below(self.origins, keys)):
            return f"{dotted(keys)} (from {self.origins[below]})"
        return dotted(keys)

    def drop_emptied(self, *, stays: Callable[[Keys], bool]) -> None:
        """Drop the mappings of which null has removed all, and what is empty without them.

        Args:
            stays: whether an empty mapping at a path has a meaning of its own.
        """
        for path in self.emptied:
            keys = path
            while keys and _at(self.data, keys) == {} and not stays(keys):
                *above, key = keys
                del _at(self.data, tuple(above))[key]
                keys = tuple(above)
        self.emptied.clear()

    def _merge(self, below: dict[str, Any], above: dict[str, Any], keys: Keys) -> None:
        for key, value in above.items():
            if isinstance(below.get(key), dict | list) and not isinstance(value, dict):
                self._forget((*keys, key), below[key], value)
            if value is None:
                below.pop(key, None)
            elif isinstance(value, dict):
                under = below.get(key)
                merged: dict[str, Any] = under if isinstance(under, dict) else {}
                self._merge(merged, value, (*keys, key))
                below[key] = merged
                if value and not merged:
                    self.emptied.add((*keys, key))
            else:
                below[key] = value

    def _forget(self, keys: Keys, old: Any, new: Any) -> None:
        """Forget where parts of a replaced value were written, but for those that stay as they are."""
        inside = [each for each in self.places if len(each) > len(keys) and each[: len(keys)] == keys]
        for each in inside:
            rest = each[len(keys) :]
            if _at(old, rest) != _at(new, rest):
                del self.places[each]


def _first_below(found: Mapping[Keys, str], keys: Keys) -> Keys | None:
    return next((each for each in found if len(each) > len(keys) and each[: len(keys)] == keys), None)


def dotted(keys: Keys) -> str:
    """A path as messages have it: ``controlPlane.statefulSet``, ``patches[0].path``."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys).removeprefix(".")


def _at(data: Any, keys: Keys) -> Any:
    """What is at a path; None where that leads nowhere."""
    for key in keys:
        try:
            data = data[key]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def read(source: Source) -> Document:
    """Read a YAML file, what is at an address, or standard input.

    Raises:
        UsageError: it can't be read, is not YAML, has a key twice, or is not a mapping.
        VcliError: an address can't be read, see `vcli.remote.read_text`.
    """
    return parse(*text_of(source))


def text_of(source: Source) -> tuple[str, str]:
    """The text of a source, and what it is called in messages; see `read`."""
    if isinstance(source, str) and remote.is_address(source):
        return remote.read_text(source), remote.shown(source)
    name = "<stdin>" if source == "-" else str(source)
    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"values file {name} can't be read: {reason}") from error
    return text, name


def parse(text: str, name: str) -> Document:
    """Parse YAML; see `read`."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        if root is None:
            return Document()
        # Aliases may repeat a part without end.
        twice: list[UsageError] = []
        places = dict(itertools.islice(_places(root, (), name, twice), _MOST_KEYS + 1))
        if len(places) > _MOST_KEYS:
            raise UsageError(
                f"{name}: with its aliases written in full it has more than {_MOST_KEYS} keys and elements"
            )
        data = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        raise UsageError(f"{name}{line}: not YAML: {error.problem or error.context}") from error
    except (yaml.YAMLError, ValueError) as error:
        raise UsageError(f"{name}: not YAML: {error}") from error
    except RecursionError as error:
        raise UsageError(f"{name}: nested too deeply") from error
    if not isinstance(data, dict):
        raise UsageError(f"{name}: values must be a mapping of keys, as in 'controlPlane: …'")
    return Document(data, places, twice=tuple(twice))


def _places(node: yaml.Node, keys: Keys, name: str, twice: list[UsageError]) -> Iterator[tuple[Keys, str]]:
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield (*keys, index), f"{name}:{item.start_mark.line + 1}"
            yield from _places(item, (*keys, index), name, twice)
        return
    if not isinstance(node, yaml.MappingNode):
        return
    seen: dict[str, int] = {}
    for key, value in node.value:
        line = f"{name}:{key.start_mark.line + 1}"
        if not isinstance(key, yaml.ScalarNode):
            raise UsageError(f"{line}: a key must be a plain word, not a list or a mapping")
        if key.value in seen:
            path = dotted((*keys, key.value))
            twice.append(
                UsageError(
                    f"{line}: the key {path} is given twice, first in line {seen[key.value]}",
                    hint="keep one of them; YAML would take the last one without a word",
                )
            )
        seen[key.value] = key.start_mark.line + 1
        yield (*keys, key.value), line
        yield from _places(value, (*keys, key.value), name, twice)
