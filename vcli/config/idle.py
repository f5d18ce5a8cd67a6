"""Values that say what their chart does without them, where vcli takes no such value."""

from typing import Any, Final

from vcli.config.document import Document, Keys, dotted
from vcli.config.fit import problem
from vcli.config.known.asking import is_default
from vcli.config.schema import Values
from vcli.config.shape import keys_of, shape_of

_SEVERAL: Final = "controlPlane.statefulSet.highAvailability"
_TOGETHER: Final = ("policies.resourceQuota", "policies.limitRange")


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
