"""Custom resources: all but their metadata to the host, their status back in the tenant's names; mirrors."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from vcli.kube.types import annotations, labels
from vcli.syncer.translate import keys
from vcli.syncer.translate.messages import rewrite
from vcli.syncer.translate.metadata import host_metadata
from vcli.syncer.translate.mirrors import mirror_metadata
from vcli.syncer.translate.names import VirtualName
from vcli.syncer.translate.objects import Object, without
from vcli.syncer.translate.patches import Patch, Places, patched
from vcli.syncer.translate.scope import Scope

_OBSERVED: Final = "observedGeneration"
_RESERVED: Final = 64
"""Bytes of the annotation with the generation."""


def to_host(virtual: Object, patches: Sequence[Patch], *, places: Places, scope: Scope) -> Object:
    """The complete host object.

    Args:
        virtual: the virtual object, with apiVersion and kind.
        patches: of the values.
        places: what names of kinds mean, in references.
        scope: the virtual cluster.

    Raises:
        UnfitError: a field is not what its patch says.
    """
    translated = patched(virtual, patches, places=places, scope=scope)
    metadata = host_metadata(translated, kind=virtual["kind"], scope=scope, reserved=_RESERVED)
    generation = str(virtual["metadata"].get("generation", 0))
    noted = {**metadata["annotations"], keys.GENERATION: generation}
    return {**without(translated, "status"), "metadata": {**metadata, "annotations": noted}}


def virtual_status(virtual: Object, host: Object, *, names: Mapping[str, str], scope: Scope) -> Object:
    """The status of the virtual object, by that of the host's.

    Names of the host become the tenant's, and a generation that a controller has observed that of the virtual
    object: who waits for a status compares them.

    Args:
        virtual: the virtual object.
        host: the host object.
        names: host names that it may hold, to virtual ones.
        scope: the virtual cluster.
    """
    behind = _generations_ahead(host)
    namespace = virtual["metadata"].get("namespace", "")
    own = set(_texts_with(scope.host_namespace, without(virtual, "metadata", "status")))

    def shown(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {name: shown(each, name) for name, each in value.items()}
        if isinstance(value, list):
            return [shown(each) for each in value]
        if isinstance(value, str):
            return rewrite(value, names, namespace=namespace, scope=scope, own=own)
        if key == _OBSERVED and isinstance(value, int):
            return max(0, value - behind)
        return value

    status: Object = shown(host.get("status") or {})
    return status


def _texts_with(word: str, value: Any) -> Iterator[str]:
    """The texts in a value that hold a word."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _texts_with(word, each)
    elif isinstance(value, str) and word in value:
        yield value


def mirror_of(host: Object, name: VirtualName, *, has_status: bool) -> Object:
    """The complete virtual object that shows one of the host: all of it but most of its metadata.

    Args:
        host: the host's.
        name: as what it is shown.
        has_status: whether its status is a subresource, and written by itself.
    """
    theirs = {key: value for key, value in labels(host).items() if not keys.is_ours(key)}
    rest = without(host, "metadata", *(("status",) if has_status else ()))
    return {**rest, "metadata": mirror_metadata(name.namespace, name.name, theirs)}


def _generations_ahead(host: Object) -> int:
    """By how much the host object's generation exceeds that of the virtual one that it was made from."""
    try:
        return int(host["metadata"]["generation"]) - int(annotations(host)[keys.GENERATION])
    except (KeyError, ValueError):
        return 0
