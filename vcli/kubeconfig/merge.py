"""Adding a virtual cluster to a kubeconfig. Pure: data in, data out."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from vcli.errors import ConflictError
from vcli.invocation import vcli_on_kubeconfig
from vcli.kube.types import Object
from vcli.kubeconfig.model import BODY, Entry, Mark, Section, View, mark_of, set_previous


def merge(
    files: Mapping[Path, Object], entry: Entry, *, default: Path, make_current: bool
) -> dict[Path, Object]:
    """Add cluster, user and context, or update ours of that name.

    Whatever was current is remembered in our context, so that `vcli.kubeconfig.remove` can go back to it.
    An entry that exists stays in its file, a new one goes to ``default`` (client-go's ``ModifyConfig``).

    Args:
        files: path → content, in order of precedence; untouched.
        entry: what to add.
        default: where new entries and the current context go; may be missing in ``files``.
        make_current: whether our context becomes the current one.

    Returns:
        path → content: equal content for a file that needs no change.

    Raises:
        ConflictError: a cluster, user or context of that name is not ours.
    """
    view = View(files)
    for section in BODY:
        found = view.get(section, entry.name)
        if found is not None and mark_of(found.body) is None:
            raise ConflictError(
                f"{found.file} has a {BODY[section]} {entry.name!r} that vcli did not create and does not"
                " replace",
                hint="choose another name with --context-name",
            )
    known = view.get("contexts", entry.name)
    before = mark_of(known.body) if known else None
    if before is not None and replace(before, host_kubeconfig="", previous_context=None) != replace(
        entry.mark, host_kubeconfig="", previous_context=None
    ):
        raise ConflictError(
            f"the context {entry.name!r} belongs to virtual cluster {before.name!r} "
            f"in namespace {before.namespace!r} of host {before.host_context!r}",
            hint=vcli_on_kubeconfig("disconnect", entry.name)
            + " removes it; or choose another name with --context-name",
        )
    result = dict(files)
    if make_current and before is not None and view.current != entry.name:
        # Ours moves to the end of the way back: those that led to it now lead to what came before it.
        for name, other in view.ours().items():
            if other.previous_context == entry.name:
                result = set_previous(result, name, before.previous_context)
    mark = _remember(view.current, before, entry, make_current=make_current)
    # Who ran "kubectl config set-context --current --namespace" wants to find that again.
    namespace = str(known.body.get("namespace") or "") if known else ""
    for section, body in _bodies(entry, mark, namespace=namespace or entry.namespace).items():
        located = view.get(section, entry.name)
        path = located.file if located else default
        result[path] = _put(result.get(path) or empty(), section, entry.name, body)
    if make_current:
        result[default] = {**result.get(default, empty()), "current-context": entry.name}
    return result


def empty() -> Object:
    """A kubeconfig without entries, as kubectl writes it."""
    return {"apiVersion": "v1", "kind": "Config", "preferences": {}}


def standalone(entry: Entry) -> Object:
    """A kubeconfig with this one entry, current."""
    path = Path()
    return merge({}, entry, default=path, make_current=True)[path]


def _remember(current: str, before: Mark | None, entry: Entry, *, make_current: bool) -> Mark:
    """The entry's mark with the context to go back to."""
    previous = before.previous_context if before else None
    if make_current and current != entry.name:
        previous = current
    if make_current and previous is None:
        previous = ""
    return replace(entry.mark, previous_context=previous)


def _bodies(entry: Entry, mark: Mark, *, namespace: str) -> dict[Section, dict[str, Any]]:
    # Every one of the three says whose it is: a user may point a context of their own at our cluster, or have
    # a cluster of their own under the name that we are asked to use.
    marked = [replace(mark, previous_context=None).extension()]
    return {
        "clusters": {**entry.cluster, "extensions": marked},
        "users": {**entry.user, "extensions": marked},
        "contexts": {
            "cluster": entry.name,
            "extensions": [mark.extension()],
            "namespace": namespace,
            "user": entry.name,
        },
    }


def _put(config: Object, section: Section, name: str, body: Object) -> Object:
    item = {BODY[section]: body, "name": name}
    items = list(config.get(section) or ())
    for index, existing in enumerate(items):
        if str(existing["name"]) == name:
            items[index] = item
            return {**config, section: items}
    return {**config, section: [*items, item]}
