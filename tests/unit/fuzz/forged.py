"""What a server that is no API server may send, and how many examples of it are tried.

A few seconds' worth by default; the environment variable VCLI_FUZZ_EXAMPLES says how many for each test, as
``scripts/test full`` sets it.
"""

import copy
import os
from typing import Any, Final

from hypothesis import settings
from hypothesis import strategies as st

EXAMPLES: Final = int(os.environ.get("VCLI_FUZZ_EXAMPLES") or 40)

fuzz = settings(max_examples=EXAMPLES, print_blob=True)
"""Of each test of this folder."""

MEGABYTE: Final = "m" * 1_000_000

SCALARS: Final = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(["0", "-1", "1e9", "../x", "a/b", "\x00", "\ud7ff", "{}", "kube-system", "m" * 300]),
)
JSON: Final = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)
"""Any JSON."""


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to each part of a document, and to the whole."""
    found = [path]
    if isinstance(value, dict):
        for key, each in value.items():
            found += places(each, (*path, key))
    if isinstance(value, list):
        for index, each in enumerate(value):
            found += places(each, (*path, index))
    return found


def with_part(value: Any, path: tuple[Any, ...], part: Any) -> Any:
    """A copy with another part."""
    if not path:
        return part
    made = copy.copy(value)
    made[path[0]] = with_part(value[path[0]], path[1:], part)
    return made


@st.composite
def mutations(draw: st.DrawFn, value: Any, *, most: int = 3, below: tuple[Any, ...] = ()) -> Any:
    """A document in which some parts are something else.

    Args:
        draw: of hypothesis.
        value: the document.
        most: how many parts.
        below: only parts below this one.
    """
    for _ in range(draw(st.integers(1, most))):
        ways = [path for path in places(value) if path[: len(below)] == below]
        if ways:
            value = with_part(value, draw(st.sampled_from(ways)), draw(JSON))
    return value
