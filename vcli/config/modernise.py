"""Keys that `vcli.config.known` knows and the schema does not: moved, dropped, or complained about."""

from collections.abc import Iterable, Mapping
from functools import cache
from itertools import takewhile
from typing import Any

from vcli.config.complaints import Complaints
from vcli.config.document import Document, Keys, dotted
from vcli.config.known import KNOWN, Key
from vcli.config.known.asking import asks, is_default, is_empty, same
from vcli.config.known.facts import defaults_of
from vcli.config.known.images import image_of_vcluster, is_foreign_syncer
from vcli.config.parse import fail
from vcli.config.schema import Values
from vcli.config.shape import default_at, paths

_SYNCER: Keys = ("controlPlane", "statefulSet", "image")
_SECURITY: Keys = ("controlPlane", "statefulSet", "security", "containerSecurityContext")
_NOT_YET = "not supported yet"
_TODAYS = frozenset(
    ("controlPlane", "exportKubeConfig", "networking", "policies", "sync", "syncer", "isolation")
)
"""What no chart has below ``vcluster``."""
_OLD_IMAGE = (
    "it is the default of its chart, which is older than what can be run;"
    " controlPlane.distro.k8s.version names a version, controlPlane.distro.k3s.enabled runs k3s"
)


@cache
def schema_paths() -> frozenset[str]:
    """All keys of the schema."""
    return frozenset(paths(Values))


def move(document: Document, complaints: Complaints, *, k3s: bool) -> None:
    """Move the old keys of a document, in place; a new key that is there as well wins.

    Args:
        document: of one file, or what an option gave.
        complaints: takes what is to be said.
        k3s: the values run k3s, as `chooses_k3s` says: some old keys stand elsewhere then.
    """
    for key in KNOWN.values():
        if key.what != "moved" or key.path in schema_paths():
            continue
        old: Keys = tuple(key.path.split("."))
        parent = _at(document.data, old[:-1])
        if not isinstance(parent, dict) or old[-1] not in parent:
            continue
        with complaints.collected():
            _move(document, key, old, parent[old[-1]], complaints, k3s=k3s)
        del parent[old[-1]]
        _drop_empty(document.data, old[:-1])
    if is_foreign_syncer(_at(document.data, _SYNCER)):
        place = document.place(_SYNCER)
        complaints.warnings.append(
            f"{place}: {document.written(_SYNCER)}: left out: it is another product's, vcli runs its own"
        )
        del _at(document.data, _SYNCER[:-1])[_SYNCER[-1]]
        _drop_empty(document.data, _SYNCER[:-1])


def chooses_k3s(data: Any) -> bool:
    """Whether values run k3s: today's key says so, or the image of a chart of 2023."""
    if _at(data, ("controlPlane", "distro", "k3s", "enabled")) is True:
        return True
    image = _at(data, ("vcluster", "image"))
    if not image or is_default(("vcluster", "image"), image):
        return False
    try:
        return "controlPlane.distro.k3s.enabled" in image_of_vcluster(image)
    except ValueError:
        return False


def _move(document: Document, key: Key, old: Keys, value: Any, complaints: Complaints, *, k3s: bool) -> None:
    if value == "" and (key.image or is_default(old, value)):  # where there is a mapping today
        return
    if key.image and is_default(old, value):
        place = document.place(old)
        complaints.warnings.append(f"{place}: {document.written(old)}: left out: {_OLD_IMAGE}")
        return
    try:
        convert = (key.for_k3s if k3s else None) or key.convert
        targets = convert(value) if convert else {key.to: value}
    except ValueError as error:
        raise fail(document, old, str(error)) from error
    if missing := [path for path in targets if not _is_target(path)]:
        if not asks(old, value):
            return
        raise fail(document, old, f"is {missing[0]} now, which is {_NOT_YET}", hint="leave it out")
    place = document.place(old)
    for path, each in targets.items():
        _put(document, tuple(path.split(".")), each, place, old)
    if targets and not key.quiet and not (is_default(old, value) and _is_ours(targets)):
        complaints.warnings.append(f"{place}: {dotted(old)} is now {_common(targets, key.to)}")


def _common(targets: Iterable[str], to: str) -> str:
    """Where all of it stands now: below ``to``, as far down as they have in common; else each place."""
    steps = [path.split(".") for path in targets]
    common = dotted(
        tuple(each[0] for each in takewhile(lambda each: len(set(each)) == 1, zip(*steps, strict=False)))
    )
    if common.startswith(f"{to}."):
        return common
    is_below = all(path == to or path.startswith(f"{to}.") for path in targets)
    return to if is_below else ", ".join(targets)


@cache
def _is_target(path: str) -> bool:
    """Whether the schema has a key, or takes the mapping that it is in as it is."""
    if path in schema_paths():
        return True
    above = path.rpartition(".")[0]
    return bool(above) and _is_target(above) and isinstance(default_at(Values, above), dict)


def _is_ours(targets: Mapping[str, Any]) -> bool:
    """Whether all values are what they are without being given, or empty."""
    return all(
        _is_ours({f"{path}.{key}": below for key, below in each.items()})
        if isinstance(each, dict)
        else is_empty(each) or same(each, default_at(Values, path))
        for path, each in targets.items()
    )


def _put(document: Document, new: Keys, value: Any, place: str, old: Keys) -> None:
    target: Any = document.data
    for name in new[:-1]:
        below: Any = target.setdefault(name, {})
        if not isinstance(below, dict):
            return
        target = below
    if new[-1] in target:
        return
    target[new[-1]] = value
    inside = {keys: where for keys, where in document.places.items() if keys[: len(old)] == old}
    document.places.update({(*new, *keys[len(old) :]): where for keys, where in inside.items()})
    document.places[new], document.origins[new] = place, dotted(old)


def settle(document: Document, complaints: Complaints) -> None:
    """Take the known keys that are no keys of the schema out of a merged document, in place."""
    below = document.data.get("vcluster")
    if isinstance(below, dict) and below.keys() & _TODAYS:
        text = "values of a chart that has vcluster as a dependency"
        complaints.add(
            fail(document, ("vcluster",), text, hint="give what is below vcluster as a file of its own")
        )
        del document.data["vcluster"]
    _settle(document, document.data, (), complaints)
    _drop_root(document, complaints)


def _drop_root(document: Document, complaints: Complaints) -> None:
    """What the charts that these values are from have by default: root, which nothing here runs as."""
    context = _at(document.data, _SECURITY)
    if not isinstance(context, dict) or context.get("runAsNonRoot") is False:
        return
    root = [key for key in ("runAsUser", "runAsGroup") if same(context.get(key), 0)]
    for key in root:
        del context[key]
    if root:
        place, said = document.place((*_SECURITY, root[0])), document.written(_SECURITY)
        complaints.warnings.append(
            f"{place}: {said}: {' and '.join(root)} left out: no container of the control plane runs as root"
        )
        _drop_empty(document.data, _SECURITY)


def _settle(document: Document, data: dict[str, Any], above: Keys, complaints: Complaints) -> None:
    for name in list(data):
        keys, value = (*above, name), data[name]
        path = dotted(keys)
        key = None if path in schema_paths() else KNOWN.get(path)
        if key is not None:
            with complaints.collected():
                _judge(document, key, keys, value, complaints)
            del data[name]
        elif isinstance(value, dict) and value and _has_known_below(path):
            _settle(document, value, keys, complaints)
            _drop_empty(data, (name,))
        elif path not in schema_paths() and above and dotted(above) not in schema_paths():
            complaints.add(fail(document, keys, "unknown key"))
            del data[name]


def _judge(document: Document, key: Key, keys: Keys, value: Any, complaints: Complaints) -> None:
    if is_default(keys, value) or any(same(value, each) for each in key.defaults):
        return
    turned_off = _switch(value) is False and any(_switch(each) is True for each in key.defaults)
    if not (turned_off or asks(keys, value, off_counts=key.what in ("note", "default"))):
        return
    if key.what == "note":
        if key.text:
            place = document.place(keys)
            complaints.warnings.append(f"{place}: {document.written(keys)}: has no effect: {key.text}")
        return
    complaint = {
        "later": _NOT_YET,
        "scope": "vcli does not do this",
        "moved": f"is {key.to} now",
        "default": "only the default can be had" if key.defaults or defaults_of(keys) else "can't be chosen",
    }[key.what]
    raise fail(document, keys, complaint, hint=key.text or "leave it out")


def _switch(value: Any) -> Any:
    return value.get("enabled") if isinstance(value, dict) else value


@cache
def _has_known_below(path: str) -> bool:
    return any(known.startswith(f"{path}.") for known in KNOWN)


def _at(data: Any, keys: Keys) -> Any:
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def _drop_empty(data: dict[str, Any], keys: Keys) -> None:
    while keys and _at(data, keys) == {}:
        del _at(data, keys[:-1])[keys[-1]]
        keys = keys[:-1]
