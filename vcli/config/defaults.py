"""Values without those that state a default: what is kept in the cluster."""

from typing import Any, Final

from vcli.config.document import Keys
from vcli.config.dump import dump
from vcli.config.image import Image, image
from vcli.config.schema import Values
from vcli.config.shape import keys_of, shape_of

PINNED: Final[frozenset[Keys]] = frozenset({("controlPlane", "distro", "k8s", "version")})
"""Kept even so: who names the version means that one, also when a later vcli has another default."""


def without_defaults(data: dict[str, Any]) -> dict[str, Any]:
    """Values that are right, without what says the same as nothing; elements of maps and lists stay whole.

    Args:
        data: as it was given, merged and checked; it stays as it is.
    """
    return _without(data, Values(), ())


def _without(data: dict[str, Any], defaults: Any, above: Keys) -> dict[str, Any]:
    section: type = type(defaults)
    known, found = keys_of(section), {}
    for key, value in data.items():
        field, hint = known[key]
        keys, default = (*above, key), getattr(defaults, field.name)
        if shape_of(hint).of == "section" and isinstance(value, dict) and default is not None:
            if below := _without(value, default, keys):
                found[key] = below
        elif keys in PINNED or not _is_default(value, default):
            found[key] = value
    return found


def _is_default(value: Any, default: Any) -> bool:
    if isinstance(default, Image) and isinstance(value, str):
        return image(value) == default
    stated: Any = dump(default)
    # 1 is no true, and an empty map no empty list.
    return type(value) is type(stated) and bool(value == stated)
