"""Go templates in pieces: lines, and conditions in Polish notation."""

import json
from collections.abc import Iterable, Iterator

from vcli.catalog.kind import Rule
from vcli.kube.types import Object


def any_of(conditions: Iterable[str]) -> str:
    """Whether one of them holds."""
    return f"(or false {' '.join(conditions)})"


def when(condition: str, lines: Iterable[str]) -> Iterator[str]:
    """Lines that are there where a condition holds."""
    found = list(lines)
    return iter([f"{{{{- if {condition} }}}}", *found, "{{- end }}"] if found else [])


def lines_of(rules: Iterable[Rule]) -> Iterator[str]:
    """Elements of a Role's ``rules``."""
    return (line_of(rule.dump()) for rule in rules)


def line_of(rule: Object) -> str:
    """An element of a Role's ``rules``: JSON, which is YAML as well."""
    return f"- {json.dumps(rule)}"
