"""Whether a value asks for anything, beside what its chart does without it."""

from typing import Any

from vcli.config.known.facts import defaults_of


def is_off(value: Any) -> bool:
    """Whether a value asks for nothing: false, empty all through, or a section that is not enabled."""
    if isinstance(value, dict):
        return value.get("enabled") is False or all(map(is_off, value.values()))
    return is_empty(value) or value is False


def is_empty(value: Any) -> bool:
    """Whether there is nothing in a value; false and 0 are something."""
    return value is None or (isinstance(value, str | list | dict) and not value)


def same(value: Any, other: Any) -> bool:
    """Whether two values are equal, and of one type: 1 is not true."""
    return type(value) is type(other) and bool(value == other)


def is_default(keys: tuple[str | int, ...], value: Any) -> bool:
    """Whether a value is the default of its chart, of any release; for a section, all that is given in it."""
    if any(same(value, each) for each in defaults_of(keys)):
        return True
    if isinstance(value, dict) and value:
        return all(is_empty(each) or is_default((*keys, key), each) for key, each in value.items())
    return False


def asks(keys: tuple[str | int, ...], value: Any, *, off_counts: bool = False) -> bool:
    """Whether a value asks for something.

    It does not where it is empty, its chart's default, or in a section that is off.

    Args:
        keys: where it stands.
        value: what was given.
        off_counts: false is asked for where the chart has true, and a section that is off may say so.
    """
    if is_empty(value) or any(same(value, each) for each in defaults_of(keys)):
        return False
    if isinstance(value, dict):
        if value.get("enabled") is False:
            return off_counts and True in defaults_of((*keys, "enabled"))
        return any(asks((*keys, key), each, off_counts=off_counts) for key, each in value.items())
    if value is False:
        return off_counts and any(each is True for each in defaults_of(keys))
    return True
