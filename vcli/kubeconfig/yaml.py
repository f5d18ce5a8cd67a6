"""YAML as kubectl reads and writes it.

PyYAML differs from the Go library in what plain words mean: it makes dates of ``2026-01-02``, and writes
``1e5`` without quotes, which Go reads as a number. Neither may happen to somebody's kubeconfig.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

import yaml

try:
    from yaml import CSafeDumper as _Dumper
    from yaml import CSafeLoader as _Loader
except ImportError:  # a PyYAML without libyaml
    from yaml import SafeDumper as _Dumper  # type: ignore[assignment]
    from yaml import SafeLoader as _Loader  # type: ignore[assignment]

Error = yaml.MarkedYAMLError


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


Dumper.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?[0-9][0-9_]*([eE][-+]?[0-9]+)?$"), list("-+0123456789")
)
Dumper.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^0[oO][0-7_]+$"), ["0"])


def parse(text: str) -> Any:
    """The data in a YAML or JSON text.

    Raises:
        Error: it is neither; its mark tells the line.
    """
    if text.lstrip()[:1] == "{":
        try:
            return json.loads(text)
        except ValueError:
            pass  # YAML in flow style begins so, too
    return yaml.load(text, Loader)  # noqa: S506  a SafeLoader


def compose(text: str) -> yaml.Node | None:
    """The text's nodes, which know where they stand in it."""
    node: yaml.Node | None = yaml.compose(text, Loader)
    return node


def dump(data: Mapping[str, Any] | list[Any]) -> str:
    """Block style, sorted keys, long lines left long: as kubectl writes."""
    text: str = yaml.dump(data, Dumper=Dumper, default_flow_style=False, allow_unicode=True, width=2**30)
    return text


def scalar(value: str) -> str:
    """A string as it stands behind a key."""
    return dump({"k": value})[len("k: ") :].rstrip("\n")
