"""Fields of any object by their paths, as `vcli.contract.paths` has them."""

from collections.abc import Callable, Iterator
from typing import Any

from vcli.contract.paths import EACH, Path


def changed_at(value: Any, path: Path, change: Callable[[Any], Any]) -> Any:
    """A copy with a change of what is at a path; the value itself where that leads nowhere.

    Args:
        value: what the path begins at; it stays as it is.
        path: the steps.
        change: from what is there, never None, to what shall be.
    """
    if value is None:
        return None
    if not path:
        return change(value)
    step, rest = path[0], path[1:]
    if isinstance(value, list):
        return [
            changed_at(each, rest, change) if step in (EACH, number) else each
            for number, each in enumerate(value)
        ]
    if isinstance(value, dict) and step in value:
        return {**value, step: changed_at(value[step], rest, change)}
    return value


def found_at(value: Any, path: Path) -> Iterator[Any]:
    """What is at a path, as far as it leads somewhere; nothing that is None."""
    if value is None:
        return
    if not path:
        yield value
        return
    step, rest = path[0], path[1:]
    if isinstance(value, list):
        for number, each in enumerate(value):
            if step in (EACH, number):
                yield from found_at(each, rest)
    elif isinstance(value, dict) and step in value:
        yield from found_at(value[step], rest)


def one_at(value: Any, path: Path) -> Any:
    """What is at a path that leads to one field; None where it leads nowhere."""
    return next(found_at(value, path), None)
