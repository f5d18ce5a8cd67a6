"""The values of ``rbac``; a part of `vcli.config.schema`."""

# ruff: noqa: RUF009  doc, required and section make fields

from dataclasses import dataclass
from typing import Literal

from vcli.config.fields import doc, required, section


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRule:
    """A rule, as in a Role."""

    api_groups: tuple[str, ...] = required('API groups; "" is the core.')
    resources: tuple[str, ...] = required("Resources by their plurals, or subresources, such as pods/exec.")
    verbs: tuple[str, ...] = required("What may be done.")
    resource_names: tuple[str, ...] = doc((), "Only objects of these names.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """What the syncer may do in its namespace of the host."""

    extra_rules: tuple[PolicyRule, ...] = doc(
        (), "More rights than what is synced takes; the user who creates the virtual cluster must have them."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterRole:
    """What the syncer may read of the host outside its namespace."""

    enabled: bool | Literal["auto"] = doc(
        "auto",
        "Give the syncer rights outside its namespace: to read the host's PersistentVolumes that its claims"
        " are bound to, and what kinds that are on take; auto: only for kinds whose enabled is true.",
    )
    extra_rules: tuple[PolicyRule, ...] = doc((), "More rights in all namespaces of the host.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rbac:
    """Rights of the syncer on the host."""

    cluster_role: ClusterRole = section(ClusterRole)
    role: Role = section(Role)
