"""What a command hands back: data for stdout, messages for stderr, and the exit code.

A command never prints. It returns a `Result`, and the console makes text, JSON, YAML or names of it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table that a person sees.

    Args:
        title: the heading, in capitals as kubectl's.
        value: a key of the row, or a function from row to cell. None is shown as ``-``, a bool as yes or no.
        wide: shown only with ``-o wide``.
    """

    title: str
    value: str | Callable[[Mapping[str, Any]], object]
    wide: bool = False

    def cell(self, row: Mapping[str, Any]) -> str:
        """The text of this column for one row."""
        value = row.get(self.value) if isinstance(self.value, str) else self.value(row)
        if value is None or value == "":
            return "-"
        if isinstance(value, bool):
            return "yes" if value else "no"
        return str(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The outcome of a command.

    Args:
        data: what ``-o json`` and ``-o yaml`` print: JSON-able, camelCase keys, a list for lists (``[]`` when
            empty). None prints nothing.
        names: what ``-o name`` prints, one a line; None takes the key ``name`` of the data, or of each row.
        columns: how ``table`` and ``wide`` show a list (or one mapping) of mappings.
        text: what ``table`` and ``wide`` print instead of a table: a manifest, a script, a description.
            It is printed as it is in every format when ``data`` is None.
        yaml: what ``-o yaml`` prints instead of the data, such as a manifest of several documents.
        messages: lines for stderr, for people; dropped by ``-q``.
        exit_code: 0, or what a child process ended with.
    """

    data: Any = None
    names: tuple[str, ...] | None = None
    columns: tuple[Column, ...] = ()
    text: str | None = None
    yaml: str | None = None
    messages: tuple[str, ...] = ()
    exit_code: int = 0

    def all_names(self) -> tuple[str, ...]:
        """What ``-o name`` prints, one a line."""
        if self.names is not None:
            return self.names
        rows = self.data if isinstance(self.data, list) else [self.data]
        return tuple(str(row["name"]) for row in rows)
