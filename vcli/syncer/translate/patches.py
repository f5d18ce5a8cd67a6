"""Patches of the values: fields of custom resources that are others on the host.

A field that names an object gets the name that this has on the host, one that selects objects selects there
what it selects in its namespace. So that a tenant can't name what else is in the host namespace, a name of
the kind that a patch states, or of a kind that is known to be in namespaces, is always translated.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from vcli.contract import paths
from vcli.contract.paths import Path
from vcli.syncer.translate.fields import changed_at, found_at, one_at
from vcli.syncer.translate.labels import host_label_selector, host_selector
from vcli.syncer.translate.names import VirtualName, host_cluster_name, host_name
from vcli.syncer.translate.objects import Object
from vcli.syncer.translate.scope import Scope

_OF_LABEL_SELECTOR: Final = frozenset({"matchLabels", "matchExpressions"})


class GroupKind(NamedTuple):
    """A kind, in whichever version."""

    group: str
    kind: str


Place: TypeAlias = Literal["namespaced", "cluster", "host"]
"""What a name of a kind means: an object in a namespace, one in none that is synced to the host, or one of
the host's own, which has the same name in both clusters."""
Places: TypeAlias = Mapping[GroupKind, Place]


class UnfitError(ValueError):
    """A field is not what its patch says that it is; the text names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """As in the values; a path is empty where none was given."""

    api_version: str
    kind: str
    api_version_path: Path
    kind_path: Path
    name_path: Path
    namespace_path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """As in the values.

    Attributes:
        text: the path as it was written.
        path: of the field.
        reference: what it names; None: it is a selector.
    """

    text: str
    path: Path
    reference: Reference | None


class Referenced(NamedTuple):
    """The object that a field names."""

    kind: GroupKind
    name: VirtualName
    place: Place


def load(data: Mapping[str, Any]) -> Patch:
    """A patch as the syncer's settings have it."""
    reference = data.get("reference")
    return Patch(
        text=data["path"],
        path=paths.parse(data["path"]),
        reference=None if reference is None else _reference(reference),
    )


def _reference(data: Mapping[str, str]) -> Reference:
    def path(key: str) -> Path:
        return paths.parse(data[key]) if data.get(key) else ()

    return Reference(
        api_version=data["apiVersion"],
        kind=data["kind"],
        api_version_path=path("apiVersionPath"),
        kind_path=path("kindPath"),
        name_path=path("namePath"),
        namespace_path=path("namespacePath"),
    )


def patched(obj: Object, patches: Sequence[Patch], *, places: Places, scope: Scope) -> Object:
    """A copy of a virtual object with its fields as they are on the host.

    Args:
        obj: the virtual object.
        patches: in their order.
        places: what names of kinds mean.
        scope: the virtual cluster.

    Raises:
        UnfitError: a field is not what its patch says.
    """
    namespace: str = obj["metadata"].get("namespace", "")
    for patch in patches:
        if patch.reference is None:
            change = partial(_selector, patch, namespace=namespace, scope=scope)
        else:
            change = partial(
                _renamed, patch, patch.reference, namespace=namespace, places=places, scope=scope
            )
        obj = changed_at(obj, patch.path, change)
    return obj


def references(obj: Object, patches: Sequence[Patch], places: Places) -> Iterator[Referenced]:
    """The objects that a virtual object names; fields that are not what their patch says are left out."""
    namespace: str = obj["metadata"].get("namespace", "")
    for patch in patches:
        for value in found_at(obj, patch.path) if patch.reference is not None else ():
            try:
                found = _referenced(patch, patch.reference, value, namespace=namespace, places=places)
            except UnfitError:
                continue
            if found is not None:
                yield found


def _renamed(
    patch: Patch, reference: Reference, value: Any, *, namespace: str, places: Places, scope: Scope
) -> Any:
    found = _referenced(patch, reference, value, namespace=namespace, places=places)
    if found is None or found.place == "host":
        return value
    if found.place == "cluster":
        name = host_cluster_name(found.name.name, scope.host_namespace, scope.cluster)
    else:
        name = host_name(found.name, scope.cluster)
    renamed = changed_at(value, reference.name_path, lambda _: name)
    if reference.namespace_path and found.place == "namespaced":
        renamed = changed_at(renamed, reference.namespace_path, lambda _: scope.host_namespace)
    return renamed


def _referenced(
    patch: Patch, reference: Reference | None, value: Any, *, namespace: str, places: Places
) -> Referenced | None:
    """What a field names; None for nothing."""
    if reference is None:
        return None
    name = one_at(value, reference.name_path)
    if name in (None, ""):
        return None
    if not isinstance(name, str):
        raise UnfitError(f"{patch.text}: no name, which the values say that it is")
    kind = _kind(reference, value)
    place = places.get(kind, "namespaced" if kind == _stated(reference) else "host")
    if place != "namespaced":
        return Referenced(kind, VirtualName("", name), place)
    where = (one_at(value, reference.namespace_path) if reference.namespace_path else None) or namespace
    if not where or not isinstance(where, str):
        raise UnfitError(f"{patch.text}: names {kind.kind} {name}, and no namespace that it is in")
    return Referenced(kind, VirtualName(where, name), place)


def _kind(reference: Reference, value: Any) -> GroupKind:
    stated = _stated(reference)
    kind = one_at(value, reference.kind_path) if reference.kind_path else None
    version = one_at(value, reference.api_version_path) if reference.api_version_path else None
    group = version.rpartition("/")[0] if isinstance(version, str) and version else stated.group
    return GroupKind(group, kind if isinstance(kind, str) and kind else stated.kind)


def _stated(reference: Reference) -> GroupKind:
    return GroupKind(reference.api_version.rpartition("/")[0], reference.kind)


def _selector(patch: Patch, value: Any, *, namespace: str, scope: Scope) -> Any:
    if not isinstance(value, dict):
        raise UnfitError(f"{patch.text}: no selector, which the values say that it is")
    if value.keys() <= _OF_LABEL_SELECTOR:
        return host_label_selector(value, namespace or None, scope)
    if not namespace or not all(isinstance(each, str) for each in value.values()):
        raise UnfitError(f"{patch.text}: no selector of one namespace, which the values say that it is")
    return host_selector(value, namespace, scope)
