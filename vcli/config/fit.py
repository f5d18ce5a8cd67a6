"""Whether a plain value fits the type and the rules of its key; what is wrong, in words."""

import re
import types
from dataclasses import Field
from typing import Any, Literal, Union, get_args, get_origin


def problem(hint: Any, field: Field[Any], value: Any) -> str:
    """What is wrong with a value; empty where nothing is.

    Args:
        hint: the type of the key.
        field: the key, with its rules.
        value: as YAML or ``--set`` gave it.
    """
    return _of_type(hint, value) or _of_rules(field, value)


def problem_of_key(field: Field[Any], key: Any) -> str:
    """What is wrong with a key of a map of sections, whose rule is ``keys``, a pattern; empty for nothing."""
    if not isinstance(key, str):
        return "a key must be a string: put it in quotes"
    pattern = field.metadata.get("keys")
    return f"{key!r} is not {_form(field, pattern)}" if pattern and not re.match(pattern, key) else ""


def sort_of(value: Any) -> str:
    """What a value is, where others should be: it may be a password in the wrong place."""
    return "text" if isinstance(value, str) else named(value)


def named(value: Any) -> str:
    """A value in a message."""
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return f"{value!r}"


def _of_type(hint: Any, value: Any) -> str:
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        problems = [_of_type(option, value) for option in get_args(hint)]
        return "" if "" in problems else " or ".join(problems)
    if origin is Literal:
        choices = " or ".join(repr(choice) for choice in get_args(hint))
        return "" if isinstance(value, str) and value in get_args(hint) else f"must be {choices}"
    if origin is tuple:
        if not isinstance(value, list):
            return f"must be a list, not {named(value)}"
        return next(filter(None, (_of_type(get_args(hint)[0], item) for item in value)), "")
    if origin is dict:
        return _of_mapping(hint, value)
    names = {bool: "true or false", int: "a whole number", str: "a string"}
    fits = isinstance(value, hint) and (hint is bool or not isinstance(value, bool))
    return "" if fits else f"must be {names[hint]}, not {named(value)}"


def _of_mapping(hint: Any, value: Any) -> str:
    if not isinstance(value, dict):
        return f"must be a mapping, not {sort_of(value)}"
    if get_args(hint)[1] is Any:
        return ""
    wrong = [key for key, item in value.items() if not isinstance(item, str)]
    return f"the value of {wrong[0]} must be a string: put it in quotes" if wrong else ""


def _of_rules(field: Field[Any], value: Any) -> str:
    pattern, minimum = field.metadata.get("pattern"), field.metadata.get("minimum")
    if pattern and not re.match(pattern, value):
        return f"{value!r} is not {_form(field, pattern)}"
    if minimum is not None and value < minimum:
        return f"must be {minimum} or more"
    if value and field.metadata.get("empty"):
        return "must be an empty mapping, {}"
    return ""


def _form(field: Field[Any], pattern: str) -> str:
    form: str = field.metadata.get("form", f"of the form {pattern}")
    return form
