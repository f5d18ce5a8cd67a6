"""From the dataclasses of values back to plain data: `vcli.config.parse.build` makes the same of it again."""

from dataclasses import is_dataclass
from typing import Any

from vcli.config.shape import keys_of


def dump(value: Any) -> Any:
    """A section or a value as YAML and JSON have it: all keys, also those that are defaults.

    Keys that may be left out, and are, have no default to write.
    """
    if is_dataclass(value) and not isinstance(value, type):
        found = {name: getattr(value, field.name) for name, (field, _) in keys_of(type(value)).items()}
        return {name: dump(each) for name, each in found.items() if each is not None}
    if isinstance(value, dict):
        return {key: dump(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [dump(each) for each in value]
    return value
