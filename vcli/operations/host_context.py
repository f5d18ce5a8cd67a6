"""The embedded host's place in the user's kubeconfig. Pure: data in, data out.

Its context is marked by an extension of its own: one with `vcli.kubeconfig.model.EXTENSION` is a virtual
cluster's.
"""

from collections.abc import Mapping
from pathlib import Path

from vcli.errors import ConflictError
from vcli.kube.types import Object
from vcli.kubeconfig.merge import empty
from vcli.kubeconfig.model import BODY, View, current_context

EXTENSION = "vcli.dev/host"


def check(files: Mapping[Path, Object], name: str) -> None:
    """Whether `add` would find its place.

    Raises:
        ConflictError: an entry of that name is not ours.
    """
    view = View(files)
    for section in BODY:
        found = view.get(section, name)
        if found is not None and not is_ours(found.body):
            raise ConflictError(
                f"{found.file} has a {BODY[section]} {name!r} that vcli did not create and does not replace",
                hint="vcli host up with another --name, or with --no-update-current",
            )


def add(files: Mapping[Path, Object], document: Object, *, default: Path) -> dict[Path, Object]:
    """Add the host's cluster, user and context, or replace those of an earlier host; make it current.

    Args:
        files: path to content, in order of precedence.
        document: the host's own kubeconfig: one cluster, user and context of the same name.
        default: where new entries and the current context go.

    Raises:
        ConflictError: an entry of that name is not ours.
    """
    view = View(files)
    name = current_context(document)
    check(files, name)
    known = view.get("contexts", name)
    previous = view.current if view.current != name else _previous(known.body if known else {})
    result = dict(files)
    for section, key in BODY.items():
        body = {**document[section][0][key], "extensions": [_extension(previous)]}
        located = view.get(section, name)
        path = located.file if located else default
        config = result.get(path) or empty()
        others = [x for x in config.get(section) or () if str(x["name"]) != name]
        result[path] = {**config, section: [*others, {key: body, "name": name}]}
    config = result.get(default) or empty()
    return {**result, default: {**config, "current-context": name}}


def remove(files: Mapping[Path, Object], name: str) -> dict[Path, Object]:
    """Remove what `add` added; if it is current, the context from before is again, if it exists."""
    view = View(files)
    known = view.get("contexts", name)
    if known is None or not is_ours(known.body):
        return dict(files)
    previous = _previous(known.body)
    back = previous if view.get("contexts", previous) else ""
    result = {}
    for path, config in files.items():
        changed = dict(config)
        for section, key in BODY.items():
            if section in config:
                kept = [x for x in config[section] or () if not (str(x["name"]) == name and is_ours(x[key]))]
                changed[section] = kept
        if current_context(config) == name:
            changed["current-context"] = back
        result[path] = changed
    return result


def _extension(previous: str) -> Object:
    return {"name": EXTENSION, "extension": {"previous-context": previous}}


def is_ours(body: Mapping[str, object]) -> bool:
    """Whether an entry was made by `add`."""
    return _found(body) is not None


def _previous(body: Mapping[str, object]) -> str:
    return str((_found(body) or {}).get("previous-context") or "")


def _found(body: Mapping[str, object]) -> Object | None:
    extensions = body.get("extensions")
    for item in extensions if isinstance(extensions, list) else ():
        if isinstance(item, dict) and item.get("name") == EXTENSION:
            return dict(item.get("extension") or {})
    return None
