"""A kubeconfig as plain data: its sections, its entries, and the mark that tells ours from others'."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

from vcli.kube.types import Object

Section = Literal["clusters", "contexts", "users"]

BODY: Final[Mapping[Section, str]] = {"clusters": "cluster", "contexts": "context", "users": "user"}
"""Section → the key that holds an entry's body, beside ``name``."""

EXTENSION: Final = "vcli.dev"
"""The name of the extension that marks an entry as made by us."""

IN_CLUSTER: Final = "in-cluster"
"""What is used as the context name when the host is reached by a pod's own ServiceAccount."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What we remember in a context that we made.

    Args:
        name: the virtual cluster.
        namespace: the host namespace that it lives in.
        host_context: the context of the host cluster, or `IN_CLUSTER`.
        host_kubeconfig: the files that ``host_context`` was found in, as ``KUBECONFIG`` would hold them.
        previous_context: what was current before; empty when nothing was, None when never made current.
    """

    name: str
    namespace: str
    host_context: str
    host_kubeconfig: str
    previous_context: str | None = None

    def extension(self) -> Object:
        """The mark as an entry of ``extensions``."""
        body = {
            "host-context": self.host_context,
            "host-kubeconfig": self.host_kubeconfig,
            "name": self.name,
            "namespace": self.namespace,
        }
        if self.previous_context is not None:
            body["previous-context"] = self.previous_context
        return {"extension": body, "name": EXTENSION}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A virtual cluster's place in a kubeconfig: a cluster, a user and a context of one name.

    Args:
        name: of all three.
        cluster: the cluster's body: ``server``, ``certificate-authority-data``…
        user: the user's body: client certificate, token or exec plugin.
        namespace: the namespace inside that the context starts in.
        mark: what to remember in the context.
    """

    name: str
    cluster: Object
    user: Object
    mark: Mark
    namespace: str = "default"


def mark_of(body: Mapping[str, Any] | None) -> Mark | None:
    """The mark in the body of an entry, None when somebody else made the entry."""
    for item in (body or {}).get("extensions") or ():
        if isinstance(item, dict) and item.get("name") == EXTENSION:
            held = item.get("extension")
            if not isinstance(held, dict):
                return None
            previous = held.get("previous-context")
            return Mark(
                name=str(held.get("name", "")),
                namespace=str(held.get("namespace", "")),
                host_context=str(held.get("host-context", "")),
                host_kubeconfig=str(held.get("host-kubeconfig", "")),
                previous_context=None if previous is None else str(previous),
            )
    return None


def entries(config: Mapping[str, Any], section: Section) -> Iterator[tuple[str, Object]]:
    """Name and body of each entry of a section."""
    for item in config.get(section) or ():
        yield str(item["name"]), item.get(BODY[section]) or {}


def body(config: Mapping[str, Any], section: Section, name: str) -> Object | None:
    """The body of one entry, None when there is none of that name."""
    return next((found for key, found in entries(config, section) if key == name), None)


def current_context(config: Mapping[str, Any]) -> str:
    """The context that is current, empty when none is."""
    return str(config.get("current-context") or "")


@dataclass(frozen=True, slots=True)
class Located:
    """The body of an entry and the file that it comes from."""

    body: Object
    file: Path


class View:
    """Several kubeconfig files seen as one: for each name, the first file that has it wins.

    Args:
        files: path → content, in order of precedence.
    """

    def __init__(self, files: Mapping[Path, Object]) -> None:
        self.files = files

    def get(self, section: Section, name: str) -> Located | None:
        """The entry of that name, from the first file that has it."""
        for path, config in self.files.items():
            if (found := body(config, section, name)) is not None:
                return Located(found, path)
        return None

    def names(self, section: Section) -> list[str]:
        """All names in a section."""
        return list(
            dict.fromkeys(name for config in self.files.values() for name, _ in entries(config, section))
        )

    @property
    def current(self) -> str:
        """The current context, from the first file that sets one; empty when none does."""
        return next(filter(None, map(current_context, self.files.values())), "")

    def ours(self) -> dict[str, Mark]:
        """The contexts that we made, by name."""
        found: dict[str, Mark] = {}
        for name in self.names("contexts"):
            located = self.get("contexts", name)
            mark = mark_of(located.body) if located else None
            if mark is not None:
                found[name] = mark
        return found


def set_previous(files: Mapping[Path, Object], name: str, previous: str | None) -> dict[Path, Object]:
    """Change what a context of ours goes back to."""
    result = dict(files)
    for path, config in files.items():
        items = list(config.get("contexts") or ())
        for index, item in enumerate(items):
            mark = mark_of(item.get("context"))
            if str(item["name"]) == name and mark is not None:
                extension = replace(mark, previous_context=previous).extension()
                others = [
                    other for other in item["context"]["extensions"] if other.get("name") != extension["name"]
                ]
                items[index] = {**item, "context": {**item["context"], "extensions": [*others, extension]}}
                result[path] = {**config, "contexts": items}
                return result
    return result
