"""Objects beside each other: which is which, and where they differ."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

Object = dict[str, Any]

_LONGEST = 200


class Key(NamedTuple):
    """An object of either cluster."""

    kind: str
    namespace: str
    name: str

    @classmethod
    def of(cls, obj: Object) -> "Key":
        return cls(obj["kind"], obj["metadata"].get("namespace", ""), obj["metadata"]["name"])

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"


Snapshot = Mapping[Key, Object]


def lacking(desired: Any, actual: Any, path: str = "") -> Iterator[str]:
    """Where `actual` lacks something of `desired`. What it has beside that in its maps is no matter.

    Nothing, an empty string, an empty map and an empty list are the same, as in most of the API.
    """
    if isinstance(desired, dict) and isinstance(actual, dict):
        for key, value in desired.items():
            yield from lacking(value, actual.get(key), f"{path}.{key}")
    elif isinstance(desired, list) and isinstance(actual, list) and len(desired) == len(actual):
        for index, (value, other) in enumerate(zip(desired, actual, strict=True)):
            yield from lacking(value, other, f"{path}[{index}]")
    elif desired != actual and (desired or actual):
        yield f"{path} is {short(actual)} instead of {short(desired)}"


def differing(desired: Any, actual: Any, path: str = "") -> Iterator[str]:
    """Where they differ, in either direction."""
    yield from lacking(desired, actual, path)
    yield from (f"(surplus) {each}" for each in lacking(actual, desired, path))


def surplus(desired: Mapping[str, Any], actual: Mapping[str, Any], *, but: Collection[str]) -> Iterator[str]:
    """The keys that only `actual` has, but for those with one of these prefixes."""
    for key in (actual or {}).keys() - (desired or {}).keys():
        if not key.startswith(tuple(but)):
            yield f"{key}={short(actual[key])} should not be there"


def short(value: Any) -> str:
    """For a message."""
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text)} characters)"
