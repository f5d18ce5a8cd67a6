"""Values that have no effect: defaults of a chart that are stated, and what is beside ``enabled: false``."""

import copy
from typing import Any, Final

from vcli.config.complaints import Complaints
from vcli.config.document import Document, Keys, dotted
from vcli.config.fit import problem
from vcli.config.known.asking import is_default
from vcli.config.schema import Values
from vcli.config.shape import default_at, is_required, keys_of, shape_of

_SEVERAL: Final = "controlPlane.statefulSet.highAvailability"
_TOGETHER: Final = ("policies.resourceQuota", "policies.limitRange")
_ETCD: Final = "controlPlane.backingStore.etcd.embedded"
_PLACEMENT: Final = "sync.fromHost.nodes.selector"
"""Of loft-sh's vcluster it says where pods run, also while Nodes are not synced: more than a note is due."""
_IN_PLACE_OF_ETCD: Final = (
    "controlPlane.backingStore.etcd.external",
    "controlPlane.backingStore.database.embedded",
    "controlPlane.backingStore.database.external",
    "controlPlane.distro.k3s",
)


def drop_idle(document: Document) -> None:
    """Take such values out of a merged document, in place.

    They are a chart's defaults: in a section that is off, or such as the schema has no use for (an empty
    version).
    """
    _drop(document, Values, document.data, (), off=False)


def _drop(document: Document, kind: type, data: dict[str, Any], above: Keys, *, off: bool) -> None:
    known = keys_of(kind)
    if "enabled" in known:
        off = off or _is_off(document, above, data.get("enabled", known["enabled"][0].default))
    off = off or (dotted(above) == _SEVERAL and data.get("replicas", 1) == 1)
    for name in list(data):
        if name not in known or name in ("enabled", "replicas"):
            continue
        field, hint = known[name]
        keys, value, shape = (*above, name), data[name], shape_of(hint)
        if shape.of == "section" and shape.section is not None and isinstance(value, dict):
            _drop(document, shape.section, value, keys, off=off)
            if not value:
                del data[name]
        elif _states_default(document, keys, value) and (
            off or (shape.section is None and problem(hint, field, value))
        ):
            del data[name]


def _is_off(document: Document, section: Keys, enabled: Any) -> bool:
    if enabled == "auto" and dotted(section) in _TOGETHER:  # each is on where the other is
        policies = document.data.get("policies", {})
        sections = (policies.get(path.rpartition(".")[2]) for path in _TOGETHER)
        return not any(isinstance(each, dict) and each.get("enabled") is True for each in sections)
    return enabled is False


def _states_default(document: Document, keys: Keys, value: Any) -> bool:
    origin = document.origins.get(keys, "")
    return is_default(keys, value) or bool(origin and is_default(tuple(origin.split(".")), value))


def without_off(document: Document, complaints: Complaints, *, unsaid: bool = False) -> Document:
    """Values without what stands beside a written ``enabled: false``; a note is made of each such key.

    Args:
        document: merged; it stays as it is, so that what is kept works once it is enabled.
        complaints: takes the notes.
        unsaid: the same where false is the default and not written.
    """
    found = Document(copy.deepcopy(document.data), document.places, origins=document.origins)
    if unsaid:
        write_off(found)
    _without_off(found, Values, found.data, (), complaints)
    return found


def warn(document: Document, keys: Keys, text: str, complaints: Complaints) -> None:
    """A note about one key, with its place."""
    where = f"{place}: " if (place := document.place(keys)) else ""
    complaints.warn(f"{where}{document.written(keys)}: {text}")


def write_off(document: Document) -> None:
    """Write ``enabled: false`` where it is the default and other keys stand beside it; in place.

    For values that were kept: what states a default was left out of them.
    """
    _write_off(Values, document.data)


def _without_off(
    document: Document, kind: type, data: dict[str, Any], above: Keys, complaints: Complaints
) -> None:
    known = keys_of(kind)
    is_off = data.get("enabled") is False and _is_switch(kind) and _may_be_off(document, above)
    for name in list(data):
        if name not in known or name == "enabled":
            continue
        keys, value, shape = (*above, name), data[name], shape_of(known[name][1])
        if is_off and not (dotted(keys) == _PLACEMENT and value.get("labels")):
            if not _says_nothing(keys, value) and not is_required(known[name][0]):
                text = f"has no effect while {dotted((*above, 'enabled'))} is false"
                warn(document, keys, text, complaints)
            del data[name]
        elif shape.section is not None and isinstance(value, dict):
            below = value.items() if shape.of == "map" else ()
            for key, each in below:
                if isinstance(each, dict):
                    _note_off(document, shape.section, each, (*keys, key), complaints)
            if shape.of == "section":
                _without_off(document, shape.section, value, keys, complaints)


def _note_off(document: Document, kind: type, data: dict[str, Any], at: Keys, complaints: Complaints) -> None:
    """An element of a map stays whole: that each key of it makes sense is checked anyway."""
    _without_off(document, kind, dict(data), at, complaints)


def _write_off(kind: type, data: dict[str, Any]) -> None:
    known = keys_of(kind)
    if _is_switch(kind) and known["enabled"][0].default is False and data:
        data.setdefault("enabled", False)
    for name, value in data.items():
        shape = shape_of(known[name][1]) if name in known else None
        if shape and shape.of == "section" and shape.section is not None and isinstance(value, dict):
            _write_off(shape.section, value)


def _is_switch(kind: type) -> bool:
    """Whether ``enabled`` is for the whole section: not where parts of it have their own."""
    known = keys_of(kind)
    sections = (shape_of(hint).section for _, hint in known.values())
    return "enabled" in known and not any("enabled" in keys_of(each) for each in sections if each)


def _may_be_off(document: Document, section: Keys) -> bool:
    if dotted(section) != _ETCD:
        return True
    return any(_at(document, path).get("enabled") is True for path in _IN_PLACE_OF_ETCD)


def _at(document: Document, path: str) -> dict[str, Any]:
    found: Any = document.data
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def _says_nothing(keys: Keys, value: Any) -> bool:
    """Whether a value is the default of its key, or a section of such."""
    if isinstance(value, dict) and value:
        return all(_says_nothing((*keys, key), each) for key, each in value.items())
    default = default_at(Values, dotted(keys))
    if value in ({}, []) and not default:
        return True
    return type(value) is type(default) and bool(value == default)
