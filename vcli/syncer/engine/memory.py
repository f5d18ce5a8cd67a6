"""Keeping many objects in little memory.

A parser makes a new string of each key and value of each document. The API's documents are all alike, so the
same few thousand strings do for all, and the same small maps: a toleration, a condition, an owner. A pod of
30 to 40 KB, as the parser leaves it, has 4 to 6 KB here.
"""

import sys
from typing import Any, Final

from vcli.kube.types import Object

_LONGEST: Final = 80
"""Longer strings are seldom the same twice."""
_SIMPLE: Final = frozenset({str, int, type(None)})
"""Types whose equal values are the same: True is not among them, as it equals 1."""
_MOST_ALIKE: Final = 4096

_alike: dict[tuple[tuple[str, Any], ...], Object] = {}


def intern(value: Any) -> Any:
    """A copy that shares its strings and innermost maps with all others: none of them may be changed."""
    kind = type(value)
    if kind is dict:
        return _intern_map(value)
    if kind is list:
        return [intern(each) for each in value]
    return sys.intern(value) if kind is str and len(value) <= _LONGEST else value


def _intern_map(value: Object) -> Object:
    # Every document goes through this, so it is spelled out: a comprehension takes a third longer.
    made: Object = {}
    simple = True
    for key, each in value.items():
        kind = type(each)
        if kind is str:
            made[sys.intern(key)] = sys.intern(each) if len(each) <= _LONGEST else each
        elif kind in _SIMPLE:
            made[sys.intern(key)] = each
        else:
            simple = False
            made[sys.intern(key)] = intern(each)
    return _one_of(made) if simple else made


def _one_of(made: Object) -> Object:
    """The one map that is kept of all that are equal."""
    fields = tuple(made.items())
    found = _alike.get(fields)
    if found is None:
        if len(_alike) >= _MOST_ALIKE:  # what is in use again will soon be here again
            _alike.clear()
        found = _alike[fields] = made
    return found
