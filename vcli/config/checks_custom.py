"""Custom resources in the values: what can't be one, and what a patch can't do."""

from typing import Final

from vcli.catalog import SYNCED
from vcli.config.checks_mappings import check_mappings
from vcli.config.document import Document, Keys
from vcli.config.parse import fail
from vcli.config.schema import Values
from vcli.config.schema_custom import CustomFromHost, Patch, Reference
from vcli.contract import paths

OF_KUBERNETES: Final = frozenset(
    f"{name}.k8s.io"
    for name in (
        "admissionregistration",
        "apiextensions",
        "apiregistration",
        "authentication",
        "authorization",
        "certificates",
        "coordination",
        "custom.metrics",
        "discovery",
        "events",
        "external.metrics",
        "flowcontrol.apiserver",
        "internal.apiserver",
        "metrics",
        "networking",
        "node",
        "rbac.authorization",
        "resource",
        "scheduling",
        "storage",
        "storagemigration",
    )
)
"""API groups that no CustomResourceDefinition makes: their objects are rights, admission and the like."""
KNOWN: Final = frozenset(kind.resource.definition for kind in SYNCED)
"""What vcli has keys of their own for, or never syncs by other keys."""
_OURS: Final = ("name", "namespace", "uid", "labels", "ownerReferences", "finalizers")


def check_custom(values: Values, document: Document) -> None:
    """Complain.

    Raises:
        UsageError: names the key, its place and the way out.
    """
    for name, custom in values.sync.to_host.custom_resources.items():
        keys: Keys = ("sync", "toHost", "customResources", name)
        _check_name(name, keys, document)
        for index, patch in enumerate(custom.patches):
            _check_patch(patch, (*keys, "patches", index), document)
    for name, shown in values.sync.from_host.custom_resources.items():
        keys = ("sync", "fromHost", "customResources", name)
        _check_name(name, keys, document)
        _check_from_host(name, shown, keys, document)
        other = values.sync.to_host.custom_resources.get(name)
        if other is not None and other.enabled and shown.enabled:
            raise fail(document, keys, "synced to the host as well: one direction for each resource")


def _check_from_host(name: str, custom: CustomFromHost, keys: Keys, document: Document) -> None:
    by_name, place = custom.mappings.by_name, (*keys, "mappings", "byName")
    if custom.scope == "Cluster" and by_name:
        raise fail(document, place, "of no use for what is in no namespace", hint="selector chooses some")
    if custom.scope == "Namespaced" and not by_name:
        hint = f"name the objects of the host: infra/*: infra/*; or say that {name} has the scope Cluster"
        raise fail(document, place, "must be given", hint=hint)
    check_mappings(by_name, place, document)


def _check_name(name: str, keys: Keys, document: Document) -> None:
    if name in KNOWN:
        own = (kind.switch for kind in SYNCED if kind.resource.definition == name)
        hint = ", ".join(filter(None, own))
        raise fail(
            document,
            keys,
            "not to be named here: a kind that vcli knows",
            hint=f"it has a key of its own: {hint}" if hint else None,
        )
    if name.partition(".")[2] in OF_KUBERNETES:
        raise fail(document, keys, "a kind of Kubernetes itself, and no custom resource")


def _check_patch(patch: Patch, keys: Keys, document: Document) -> None:
    if (patch.reference is None) == (patch.labels is None):
        raise fail(document, keys, "one of reference and labels must be given, and not both")
    first, *rest = paths.parse(patch.path)
    if first in ("apiVersion", "kind", "status") or (
        first == "metadata" and (not rest or rest[0] in _OURS or rest == ["annotations"])
    ):
        raise fail(
            document,
            (*keys, "path"),
            f"{patch.path} can't be patched",
            hint="a path leads below spec, or to one of metadata.annotations",
        )
    if patch.reference is not None:
        _check_reference(patch.reference, (*keys, "reference"), document)


def _check_reference(reference: Reference, keys: Keys, document: Document) -> None:
    below = {
        "apiVersionPath": reference.api_version_path,
        "kindPath": reference.kind_path,
        "namespacePath": reference.namespace_path,
    }
    for key, text in below.items():
        if text and not reference.name_path:
            raise fail(document, (*keys, key), "of no use without namePath: the field is the name alone")
