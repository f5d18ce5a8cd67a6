"""Keys and defaults of other charts: tables that stand beside this file.

A line has a key, the default of its chart as JSON, and the releases that have it.
"""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final, NamedTuple

TABLES: Final = ("vcluster", "charts_2023")


class Fact(NamedTuple):
    """A key of a chart.

    Attributes:
        keys: its path; ``*`` is a name that the user chooses.
        default: a list of the one default; empty where the chart leaves the key out.
        releases: ``0.20-0.36``, or those of each chart: ``k3s:0.10-0.19 k8s:0.19``.
    """

    keys: tuple[str, ...]
    default: tuple[Any, ...]
    releases: str

    @property
    def path(self) -> str:
        """Dotted."""
        return ".".join(self.keys)


@cache
def facts(table: str) -> tuple[Fact, ...]:
    """All keys of a table; one whose default changed has several."""
    text = files(__package__).joinpath(f"{table}.tsv").read_text(encoding="utf-8")
    found = []
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        path, default, releases = line.split("\t")
        keys = path.replace("\\.", "\0").split(".")
        found.append(
            Fact(
                keys=tuple(key.replace("\0", ".") for key in keys),
                default=(json.loads(default),) if default else (),
                releases=releases,
            )
        )
    return tuple(found)


@cache
def _defaults() -> Mapping[tuple[str | int, ...], tuple[Any, ...]]:
    found: dict[tuple[str | int, ...], tuple[Any, ...]] = {}
    for table in TABLES:
        for fact in facts(table):
            found[fact.keys] = (*found.get(fact.keys, ()), *fact.default)
    return found


def defaults_of(keys: tuple[str | int, ...]) -> tuple[Any, ...]:
    """The defaults that a key has had in any chart."""
    return _defaults().get(keys, ())


@cache
def names_below(above: tuple[str | int, ...]) -> frozenset[str]:
    """The names that charts have right below a section."""
    end = len(above)
    found = (fact.keys for table in TABLES for fact in facts(table) if fact.keys[:end] == above)
    return frozenset(keys[end] for keys in found if len(keys) > end)
