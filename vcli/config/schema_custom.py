"""The values ``sync.<direction>.customResources``; a part of `vcli.config.schema`."""

# ruff: noqa: RUF009  doc, required and section make fields

from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from vcli.config.fields import doc, required, section
from vcli.config.schema_mappings import Mappings
from vcli.config.schema_selector import Selector
from vcli.contract.paths import FORM, PATTERN, PATTERN_OF_ONE

_WORD: Final = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
CUSTOM_RESOURCE: Final = {
    # The group of a custom resource has a dot.
    "keys": rf"^{_WORD}(\.{_WORD}){{2,}}$",
    "form": "a plural with its group, such as certificates.cert-manager.io",
}
"""Rules of a map of custom resources: a key is the name of a CustomResourceDefinition."""
_BELOW: Final = {"pattern": PATTERN_OF_ONE, "form": "a path of one field, such as metadata.name"}

Scope: TypeAlias = Literal["Namespaced", "Cluster"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """The field names another object, which has another name on the host."""

    api_version: str = required("apiVersion of that object.")
    kind: str = required("Kind of that object.")
    api_version_path: str = doc("", "Where the field says the apiVersion itself, below it.", **_BELOW)
    kind_path: str = doc("", "Where the field says the kind itself, below it.", **_BELOW)
    name_path: str = doc("", "Where the name is, below the field; empty if the field is the name.", **_BELOW)
    namespace_path: str = doc(
        "", "Where the namespace is, below the field; without one it is that of the object.", **_BELOW
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """A field that is another one on the host: one of reference and labels must be given."""

    path: str = required(
        "Path of the field: `spec.tls[*].secretName`; where an object lacks it, nothing is done.",
        pattern=PATTERN,
        form=FORM,
    )
    reference: Reference | None = doc(None, "The field names another object.")
    labels: dict[str, Any] | None = doc(
        None,
        "`{}`: the field is a LabelSelector, or a mapping of labels, that selects objects on the host.",
        empty=True,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomToHost:
    """A custom resource whose objects are synced to the host."""

    enabled: bool = required("Sync its objects, and have its CustomResourceDefinition as on the host.")
    scope: Scope = doc("Namespaced", "Its scope; Cluster takes rights to all its objects on the host.")
    patches: tuple[Patch, ...] = doc((), "Fields that are others on the host, in this order.")


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomFromHost:
    """A custom resource of which objects of the host are shown, read-only."""

    enabled: bool = required("Show its objects, and have its CustomResourceDefinition as on the host.")
    scope: Scope = required("Its scope; of Namespaced ones those are shown that mappings name.")
    mappings: Mappings = section(Mappings)
    selector: Selector = section(Selector)
