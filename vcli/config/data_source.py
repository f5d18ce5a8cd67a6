"""Where a database is, by the data source that kine takes. It may have a password, so it is never said."""

import re
from collections.abc import Mapping
from typing import Any, Final

PATH: Final = ("controlPlane", "backingStore", "database", "external")
KEY: Final = "dataSource"
DOTTED: Final = ".".join((*PATH, KEY))
"""The key of the values that is a secret."""

FORMS: Final = "mysql://USER:PASSWORD@tcp(HOST:3306)/NAME or postgres://USER:PASSWORD@HOST:5432/NAME"
# The chart has the same ones: see manifests/chart/templates/_stores.tpl.
_MYSQL: Final = re.compile(r"mysql://(?:\S*@)?tcp\(([-._A-Za-z0-9:\[\]]+)\)/([^/?\s]+)(?:\?\S*)?")
_POSTGRES: Final = re.compile(r"postgres(?:ql)?://(?:[^@/\s]*@)?([-._A-Za-z0-9:\[\],]+)/([^/?\s]+)(?:\?\S*)?")


def place_of(source: str) -> str:
    """What of a data source is no secret: ``mysql://db.example.com:3306/vc``; empty if it is none."""
    for scheme, form in (("mysql", _MYSQL), ("postgres", _POSTGRES)):
        if found := form.fullmatch(source):
            return f"{scheme}://{found[1]}/{found[2]}"
    return ""


def without(given: Mapping[str, Any]) -> dict[str, Any]:
    """Values without the data source: what of them may be read by all."""
    return _without(given, (*PATH, KEY))


def _without(tree: Mapping[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    first, *others = keys
    below = tree.get(first)
    if not others:
        return {key: value for key, value in tree.items() if key != first}
    if not isinstance(below, Mapping):
        return dict(tree)
    return {**tree, first: _without(below, tuple(others))}
