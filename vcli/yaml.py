"""YAML as kubectl reads and writes it.

PyYAML differs from the Go library in what plain words mean: it makes dates of ``2026-01-02``, and writes
``1e5`` without quotes, which Go reads as a number. Neither may happen to somebody's kubeconfig.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

import yaml

from vcli.escape import in_quotes, is_plain

try:
    from yaml import CSafeDumper as _Dumper
    from yaml import CSafeLoader as _Loader
except ImportError:  # a PyYAML without libyaml
    from yaml import SafeDumper as _Dumper  # type: ignore[assignment]
    from yaml import SafeLoader as _Loader  # type: ignore[assignment]

Error = yaml.YAMLError


_LARGEST = 1_000_000  # values; kubectl refuses a document of many aliases too
_DEEPEST = 100


class Loader(_Loader):
    """Leaves dates as the strings that they are in JSON."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in _Loader.yaml_implicit_resolvers.items()
}


class Dumper(_Dumper):
    """No anchors, and quotes around whatever Go might take for a number."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        """An object that occurs twice is written twice."""
        return True


def represent(dumper: Any, text: str, *, style: str | None = None) -> yaml.ScalarNode:
    """A text as a scalar; in quotes if it holds characters that `dump` escapes."""
    if not is_plain(text):
        text, style = text.encode("utf-8", "backslashreplace").decode(), '"'
    node: yaml.ScalarNode = dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)
    return node


Dumper.add_representer(str, represent)
Dumper.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?[0-9][0-9_]*([eE][-+]?[0-9]+)?$"), list("-+0123456789")
)
Dumper.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^0[oO][0-7_]+$"), ["0"])


def parse(text: str) -> Any:
    """The data in a YAML or JSON text.

    Raises:
        Error: it is neither, see `explain`.
        ValueError: written in full it would be far larger than it is, or have no end.
        RecursionError: it is nested too deeply.
    """
    data = _parse(text)
    _size(data, {})
    return data


def load_all(text: str) -> list[Any]:
    """The documents of a text that is trusted: a manifest of ours, or a file that the user names to apply.

    Raises:
        Error: it is not YAML, see `explain`.
    """
    return list(yaml.load_all(text, Loader))


def explain(error: yaml.YAMLError) -> str:
    """What is wrong with a text, and in which line: `` line 3: mapping values are not allowed here``."""
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        where = f" line {mark.line + 1}" if mark else ""
        return f"{where}: {error.problem or error.context}"
    return f": {str(error).partition(chr(10))[0]}"


def _size(data: Any, known: dict[int, int]) -> int:
    """How many values a document holds, those that aliases repeat included."""
    if not isinstance(data, dict | list):
        return 1
    if (size := known.get(id(data))) is not None:
        if not size:
            raise ValueError("an alias stands within what it repeats")
        return size
    known[id(data)] = 0
    size = 1 + sum(_size(each, known) for each in (data.values() if isinstance(data, dict) else data))
    if size > _LARGEST:
        raise ValueError(f"with its aliases written in full it holds more than {_LARGEST} values")
    known[id(data)] = size
    return size


def _parse(text: str) -> Any:
    if text.lstrip()[:1] == "{":
        try:
            return json.loads(text)
        except ValueError:
            pass  # YAML in flow style begins so, too
    _check_depth(text)
    return yaml.load(text, Loader)  # noqa: S506  a SafeLoader


def _check_depth(text: str) -> None:
    """See that a text is not nested too deeply: libyaml's composer would end the process."""
    depth = 0
    for event in yaml.parse(text, Loader):  # one after another, on no stack
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _DEEPEST:
            raise RecursionError("nested too deeply")


def compose(text: str) -> yaml.Node | None:
    """The text's nodes, which know where they stand in it."""
    node: yaml.Node | None = yaml.compose(text, Loader)
    return node


def dump(
    data: Mapping[str, Any] | list[Any],
    *,
    sort_keys: bool = True,
    unicode: bool = True,
    dumper: Any = Dumper,
    width: int = 2**30,
) -> str:
    """Block style, sorted keys, long lines left long: as kubectl writes.

    Characters that can't be seen are escaped, as `vcli.escape` says: the text is fit for a terminal.

    Args:
        data: mappings, lists and scalars.
        sort_keys: otherwise keys stay in their order.
        unicode: otherwise the text is ASCII.
        dumper: how to write scalars.
        width: where to fold texts.
    """
    text: str = yaml.dump(
        data,
        Dumper=dumper,
        default_flow_style=False,
        allow_unicode=unicode,
        width=width,
        sort_keys=sort_keys,
    )
    return in_quotes(text)


def scalar(value: str) -> str:
    """A string as it stands behind a key."""
    return dump({"k": value})[len("k: ") :].rstrip("\n")
