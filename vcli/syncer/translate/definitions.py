"""CustomResourceDefinitions of the host, as the virtual cluster gets them."""

from collections.abc import Mapping
from typing import Any, Final

from vcli.syncer.translate.mirrors import mirrored, picked
from vcli.syncer.translate.objects import Object

_APPROVED: Final = "api-approved.kubernetes.io"
"""Without it no definition of a group below k8s.io is taken."""
_FIELDS: Final = ("group", "names", "scope")
_OF_VERSION: Final = (
    "name",
    "deprecated",
    "deprecationWarning",
    "schema",
    "subresources",
    "additionalPrinterColumns",
    "selectableFields",
)


def to_virtual(host: Object, current: Object | None = None) -> Object:
    """The complete virtual definition: the versions that the host serves, with their schemas.

    Where a webhook converts between them, which the virtual cluster can't ask, it has one version: that which
    the host stores, if that is served.

    Args:
        host: the host's.
        current: the virtual one that is there. Versions that objects of it may be stored in stay, unserved.
    """
    served = [each for each in host["spec"]["versions"] if each.get("served")]
    stored = _stored(host, served)
    kept = [each for each in served if not _is_converted(host) or each["name"] == stored]
    versions = [_version(each, served=True, storage=each["name"] == stored) for each in kept]
    names = {each["name"] for each in kept}
    versions += [
        _version(each, served=False, storage=False)
        for each in _once_stored(current)
        if each["name"] not in names
    ]
    spec = {**picked(host["spec"], _FIELDS), "versions": versions, "conversion": {"strategy": "None"}}
    return mirrored(
        host, "apiextensions.k8s.io/v1", "CustomResourceDefinition", {"spec": spec}, noted=(_APPROVED,)
    )


def is_served(host: Object) -> bool:
    """Whether a definition has a version that can be used."""
    return any(each.get("served") for each in host["spec"]["versions"])


def left_out(host: Object) -> list[str]:
    """The versions that the host serves and the virtual cluster does not."""
    served = [each for each in host["spec"]["versions"] if each.get("served")]
    stored = _stored(host, served)
    return [each["name"] for each in served if _is_converted(host) and each["name"] != stored]


def difference(host: Object, own: Object) -> str:
    """In what a tenant's own definition can't replace the host's; empty where it can."""
    theirs, ours = host["spec"], own["spec"]
    if theirs["scope"] != ours["scope"]:
        return f"its scope is {ours['scope']}, on the host {theirs['scope']}"
    if theirs["names"]["kind"] != ours["names"]["kind"]:
        return f"its kind is {ours['names']['kind']}, on the host {theirs['names']['kind']}"
    known = {each["name"] for each in ours["versions"] if each.get("served")}
    served = [each["name"] for each in theirs["versions"] if each.get("served")]
    return "" if known & set(served) else f"it serves none of the host's versions: {', '.join(served)}"


def _is_converted(host: Object) -> bool:
    return bool((host["spec"].get("conversion") or {}).get("strategy") == "Webhook")


def _stored(host: Object, served: list[Object]) -> str:
    """The version that is stored, in the virtual cluster: it must be served there."""
    names = [each["name"] for each in served]
    on_host = next((each["name"] for each in host["spec"]["versions"] if each.get("storage")), "")
    return on_host if on_host in names else next(iter(names), "")


def _once_stored(current: Object | None) -> list[Object]:
    if current is None:
        return []
    names = (current.get("status") or {}).get("storedVersions") or ()
    return [each for each in current["spec"]["versions"] if each["name"] in names]


def _version(version: Mapping[str, Any], *, served: bool, storage: bool) -> Object:
    return {**picked(version, _OF_VERSION), "served": served, "storage": storage}
