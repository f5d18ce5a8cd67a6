"""Taking our entries out of a kubeconfig again. Pure: data in, data out."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from vcli.kube.types import Object
from vcli.kubeconfig.model import BODY, Section, View, current_context, entries, mark_of, set_previous


@dataclass(frozen=True, slots=True)
class Removal:
    """What `remove` came to.

    Args:
        files: path → content after it.
        removed: the contexts that are gone.
        current: the context that is current now, empty when none is.
        lost: the context that should have become current again and does not exist any more.
    """

    files: dict[Path, Object]
    removed: tuple[str, ...]
    current: str
    lost: str | None = None


def remove(files: Mapping[Path, Object], names: Collection[str]) -> Removal:
    """Remove contexts of ours, with their cluster and user unless another context uses these.

    When the current context is among them, the one that was current before them is current again. A context
    of ours that stays and would have gone back to a removed one goes back to what that one would have.

    Args:
        files: path → content, in order of precedence; untouched.
        names: contexts. Those that are not ours, or don't exist, are left alone.
    """
    view = View(files)
    ours = view.ours()
    gone = {name for name in names if name in ours}

    def before(context: str | None) -> str | None:
        """Skip what is removed on the way back; visited names guard against a circle."""
        visited = set()
        while context in gone and context not in visited:
            visited.add(context)
            context = ours[context].previous_context
        return "" if context in gone else context

    result = dict(files)
    for name, mark in ours.items():
        if name not in gone and mark.previous_context in gone:
            result = set_previous(result, name, before(mark.previous_context))
    result = _drop_all(view, result, gone)
    lost = None
    if view.current in gone:
        target = before(view.current) or ""
        if target and View(result).get("contexts", target) is None:
            target, lost = "", target
        result = _make_current(result, gone, target)
    return Removal(result, tuple(sorted(gone)), View(result).current, lost)


def _drop_all(view: View, files: dict[Path, Object], gone: Collection[str]) -> dict[Path, Object]:
    """Drop contexts, then the clusters and users of ours that no other context uses."""
    for name in gone:
        files = _drop(files, "contexts", name)
    sections: tuple[Section, ...] = ("clusters", "users")
    for section in sections:
        key = BODY[section]
        used = _used(files, key)
        # Not by the context's own name: kubectl can rename a context.
        contexts = [view.get("contexts", name) for name in gone]
        for name in {str(context.body.get(key)) for context in contexts if context} - used:
            located = view.get(section, name)
            if located and mark_of(located.body):
                files = _drop(files, section, name)
    return files


def _make_current(files: dict[Path, Object], gone: Collection[str], target: str) -> dict[Path, Object]:
    """Replace the removed current context; a later file's own one shows again if that is the right one."""
    stale = [path for path, config in files.items() if current_context(config) in gone]
    without = {
        path: {**config, "current-context": ""} if path in stale else config for path, config in files.items()
    }
    if View(without).current == target:
        return without
    if target:
        return {**without, stale[0]: {**without[stale[0]], "current-context": target}}
    return without


def _used(files: Mapping[Path, Object], key: str) -> set[str]:
    return {str(body.get(key)) for config in files.values() for _, body in entries(config, "contexts")}


def _drop(files: Mapping[Path, Object], section: Section, name: str) -> dict[Path, Object]:
    """Remove the entry from the first file that has it: a later one of that name is not ours."""
    result = dict(files)
    for path, config in files.items():
        items = config.get(section) or []
        kept = [item for item in items if str(item["name"]) != name]
        if len(kept) != len(items):
            result[path] = {**config, section: kept}
            break
    return result
