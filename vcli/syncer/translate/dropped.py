"""What the host's API server did not keep of an object, as its version of Kubernetes may not have it."""

from collections.abc import Iterator, Mapping
from typing import Any

from vcli.syncer.translate.objects import Object


def dropped_fields(desired: Object, made: Object) -> list[str]:
    """What is gone of a spec, as paths: ``spec.volumes[data]``, ``spec.containers[main].livenessProbe``.

    An API server drops without a word what is behind a feature gate of its own that is off, and by default
    what it does not know. What the host's admission made of a value is none of it.

    Args:
        desired: the host object as it was sent.
        made: as the host answered.
    """
    return list(_dropped(desired.get("spec"), made.get("spec"), "spec"))


def sentences(desired: Object, made: Object) -> list[str]:
    """A sentence about all that is gone, for an event; none where nothing is."""
    gone = dropped_fields(desired, made)
    return [f"{', '.join(gone)}: not kept by the host, whose Kubernetes may not have it"] if gone else []


def _dropped(desired: Any, made: Any, path: str) -> Iterator[str]:
    if isinstance(desired, Mapping) and isinstance(made, Mapping):
        for key, value in desired.items():
            if key in made:
                yield from _dropped(value, made[key], f"{path}.{key}")
            elif _says_something(value):
                yield f"{path}.{key}"
    elif isinstance(desired, list) and isinstance(made, list):
        for number, each in enumerate(desired):
            if isinstance(each, Mapping):
                where = f"{path}[{each.get('name', number)}]"
                same = _same(each, number, made)
                yield from [where] if same is None else _dropped(each, same, where)


def _same(wanted: Mapping[str, Any], number: int, made: list[Any]) -> Any:
    """The element that became of one; by name where it has one, as admission may put others before it."""
    if "name" in wanted:
        named = (x for x in made if isinstance(x, Mapping) and x.get("name") == wanted["name"])
        return next(named, None)
    return made[number] if number < len(made) else None


def _says_something(value: Any) -> bool:
    """Whether a field has more than what the API leaves out of its answers anyway."""
    if isinstance(value, Mapping):
        return any(map(_says_something, value.values()))
    return bool(value)
