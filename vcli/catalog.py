"""The kinds that are synced: pure data, from which all that names one of them follows.

That is what the syncer watches, its rights, the check of rights before anything is created, removal,
`describe`, the keys of values, the syncer's settings, the Helm chart and the reference in the docs. How a
kind is translated is in `vcli.syncer`; how one is added, in docs/explanation/architecture.md.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from vcli.kube.resources import (
    CLUSTERROLES,
    CONFIGMAPS,
    CSIDRIVERS,
    CSINODES,
    ENDPOINTS,
    ENDPOINTSLICES,
    EVENTS,
    INGRESSCLASSES,
    INGRESSES,
    NETWORKPOLICIES,
    NODES,
    PDBS,
    PODS,
    PRIORITYCLASSES,
    PVCS,
    PVS,
    RUNTIMECLASSES,
    SECRETS,
    SERVICEACCOUNTS,
    SERVICES,
    STORAGECLASSES,
    VOLUMESNAPSHOTCLASSES,
    Resource,
)
from vcli.kube.types import Object

Direction: TypeAlias = Literal["toHost", "fromHost", "both"]
Switch: TypeAlias = bool | Literal["auto"]

_READ: Final = ("get", "list", "watch")
_WRITE: Final = ("create", "update", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Rule:
    """Verbs on a resource of the host, as in a Role."""

    resource: Resource
    verbs: tuple[str, ...]

    def dump(self) -> Object:
        """As an element of a Role's ``rules``."""
        return {
            "apiGroups": [self.resource.group],
            "resources": [self.resource.plural],
            "verbs": list(self.verbs),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncedKind:
    """A kind, and all that is to be known of it outside the syncer's translations.

    Attributes:
        resource: what it is in both clusters.
        direction: where the objects come from; ``toHost``: from the virtual cluster.
        key: its name in the values, ``sync.<direction>.<key>``.
        summary: a sentence for the reference and the values.
        enabled: the default of ``enabled`` in the values; ``auto``: on where the syncer gets its rights, that
            is ``cluster_rules`` where there are some, else ``rules``.
        required: that there is no such key, as nothing works without.
        essential: that the syncer waits at its start until it can list them; without others it goes on.
        rules: what the syncer needs in its namespace.
        optional_rules: what it needs beyond, and gets only if whoever creates the virtual cluster has it.
        without_optional_rules: what does not work without ``optional_rules``.
        cluster_rules: what it needs outside its namespace: only in a ClusterRole.
        forwards_events: whether events about its host objects are shown in the virtual cluster.
        selectable: whether the values may choose objects of the host by their labels, in ``selector``.
        for_scheduler: whether a scheduler inside asks for it: with one, ``auto`` is on, and has its rights.
    """

    resource: Resource
    direction: Direction
    key: str
    summary: str
    enabled: Switch = True
    required: bool = False
    essential: bool = False
    rules: tuple[Rule, ...] = ()
    optional_rules: tuple[Rule, ...] = ()
    without_optional_rules: str = ""
    cluster_rules: tuple[Rule, ...] = ()
    forwards_events: bool = False
    selectable: bool = False
    for_scheduler: bool = False

    @property
    def path(self) -> str:
        """The section in the values, which is also its name in the syncer's settings: ``toHost.pods``."""
        return f"{self.direction}.{self.key}"

    @property
    def switch(self) -> str:
        """The key in the values that turns it on and off; empty where it is required."""
        return "" if self.required else f"sync.{self.path}.enabled"

    @property
    def is_on_by_default(self) -> bool:
        """Whether it is synced where the values say nothing."""
        return self.is_on(self.enabled, cluster_role=False)

    @property
    def is_owned_by_cluster_role(self) -> bool:
        """Whether its host objects are in no namespace: the syncer's ClusterRole owns them."""
        return self.direction == "toHost" and not self.resource.namespaced

    def is_on(self, chosen: Switch, *, cluster_role: bool) -> bool:
        """Whether it is synced.

        Args:
            chosen: the value of its switch.
            cluster_role: whether the syncer gets rights outside its namespace.
        """
        if self.required or chosen is True:
            return True
        return chosen == "auto" and (cluster_role or not self.cluster_rules)

    def needed_rules(self, chosen: Switch) -> tuple[Rule, ...]:
        """What the syncer must have in its namespace where the kind is on: creating fails without it.

        Args:
            chosen: the value of its switch.
        """
        return () if self._follows_rights(chosen) else self.rules

    def rules_if_given(self, chosen: Switch) -> tuple[Rule, ...]:
        """What the syncer gets in its namespace only if whoever creates the virtual cluster has it.

        Args:
            chosen: the value of its switch.
        """
        return (*self.rules, *self.optional_rules) if self._follows_rights(chosen) else self.optional_rules

    def _follows_rights(self, chosen: Switch) -> bool:
        return chosen == "auto" and not self.required and not self.cluster_rules


def _mirrored(
    resource: Resource,
    key: str,
    summary: str,
    *,
    enabled: Switch = "auto",
    selectable: bool = False,
    for_scheduler: bool = False,
) -> SyncedKind:
    """A kind in no namespace of the host, whose objects are mirrored."""
    return SyncedKind(
        resource=resource,
        direction="fromHost",
        key=key,
        summary=summary,
        enabled=enabled,
        cluster_rules=(Rule(resource, _READ),),
        selectable=selectable,
        for_scheduler=for_scheduler,
    )


def _required(
    resource: Resource, key: str, summary: str, *, essential: bool = True, events: bool = False
) -> SyncedKind:
    return SyncedKind(
        resource=resource,
        direction="toHost",
        key=key,
        summary=summary,
        required=True,
        essential=essential,
        rules=(Rule(resource, (*_READ, *_WRITE)),),
        forwards_events=events,
    )


SYNCED: Final[tuple[SyncedKind, ...]] = (
    _required(PODS, "pods", "Run on the host's nodes.", events=True),
    _required(SERVICES, "services", "The same on the host, under the same ClusterIP.", events=True),
    _required(CONFIGMAPS, "configMaps", "On the host while a synced object refers to them."),
    _required(SECRETS, "secrets", "On the host while a synced object refers to them."),
    _required(
        PVCS,
        "persistentVolumeClaims",
        "Provisioned and bound on the host, status back.",
        essential=False,
        events=True,
    ),
    SyncedKind(
        resource=ENDPOINTSLICES,
        direction="toHost",
        key="endpointSlices",
        summary="Those that no selector makes; the host makes the others itself.",
        required=True,
        rules=(Rule(ENDPOINTS, _READ), Rule(ENDPOINTSLICES, _READ)),
        # An administrator of one namespace often lacks them: the ClusterRole admin does not have them.
        optional_rules=(Rule(ENDPOINTS, _WRITE), Rule(ENDPOINTSLICES, _WRITE)),
        without_optional_rules="Services without a selector, and EndpointSlices of a tenant's own",
    ),
    SyncedKind(
        resource=INGRESSES,
        direction="toHost",
        key="ingresses",
        summary="Answered by the host's ingress controller, status back; not those of a class made inside.",
        enabled="auto",
        rules=(Rule(INGRESSES, (*_READ, *_WRITE)),),
        forwards_events=True,
    ),
    SyncedKind(
        resource=PDBS,
        direction="toHost",
        key="podDisruptionBudgets",
        summary="Evictions on the host, as of a node that is drained, keep to them as well.",
        enabled=False,
        rules=(Rule(PDBS, (*_READ, *_WRITE)),),
    ),
    SyncedKind(
        resource=NETWORKPOLICIES,
        direction="toHost",
        key="networkPolicies",
        summary="Enforced if the host's network plugin enforces any; DNS and the API stay reachable.",
        enabled=False,
        rules=(Rule(NETWORKPOLICIES, (*_READ, *_WRITE)),),
    ),
    SyncedKind(
        resource=PRIORITYCLASSES,
        direction="toHost",
        key="priorityClasses",
        summary="Pods have the priority of a tenant's own class, beside those of other tenants.",
        enabled=False,
        cluster_rules=(Rule(PRIORITYCLASSES, (*_READ, *_WRITE)),),
    ),
    SyncedKind(
        resource=STORAGECLASSES,
        direction="toHost",
        key="storageClasses",
        summary="Claims are provisioned by a tenant's own class, without parameters that name Secrets.",
        enabled=False,
        cluster_rules=(Rule(STORAGECLASSES, (*_READ, *_WRITE)),),
    ),
    SyncedKind(
        resource=SERVICEACCOUNTS,
        direction="toHost",
        key="serviceAccounts",
        summary="Pods run under one of their own on the host, with the annotations of cloud identities.",
        enabled=False,
        rules=(Rule(SERVICEACCOUNTS, (*_READ, *_WRITE)),),
    ),
    SyncedKind(
        resource=PVS,
        direction="fromHost",
        key="persistentVolumes",
        summary="Those that claims are bound to, read-only; without rights, made from the claims.",
        required=True,
        # By name only: those that its own claims are bound to. It never sees a list of them.
        cluster_rules=(Rule(PVS, ("get",)),),
        for_scheduler=True,
    ),
    SyncedKind(
        resource=EVENTS,
        direction="fromHost",
        key="events",
        summary="About the host's objects, as events about the virtual ones.",
        # Its right is in manifests/control-plane/rights.yaml: the syncer makes events on the host as well.
    ),
    _mirrored(
        STORAGECLASSES,
        "storageClasses",
        "Those of the host, read-only; a tenant's own of the same name stay as they are.",
        selectable=True,
        for_scheduler=True,
    ),
    _mirrored(
        INGRESSCLASSES,
        "ingressClasses",
        "Those of the host, read-only and without parameters; the host's default is the default.",
        selectable=True,
    ),
    _mirrored(
        RUNTIMECLASSES,
        "runtimeClasses",
        "Those of the host, read-only: pods get their overhead, and run under them on the host.",
        selectable=True,
    ),
    _mirrored(
        PRIORITYCLASSES,
        "priorityClasses",
        "Those of the host, read-only, which pods may have there; so pods may preempt other tenants' pods.",
        enabled=False,
        selectable=True,
    ),
    _mirrored(CSIDRIVERS, "csiDrivers", "Those of the host, read-only.", for_scheduler=True),
    _mirrored(
        CSINODES,
        "csiNodes",
        "Those of the host's nodes that the virtual cluster has, read-only.",
        for_scheduler=True,
    ),
    _mirrored(
        VOLUMESNAPSHOTCLASSES,
        "volumeSnapshotClasses",
        "Those of the host, read-only, once the virtual cluster has their CustomResourceDefinition.",
        enabled=False,
    ),
    SyncedKind(
        resource=NODES,
        direction="fromHost",
        key="nodes",
        summary="With the labels, taints and capacity that the host's have; else they are made up.",
        enabled=False,
        cluster_rules=(Rule(NODES, _READ),),
    ),
)

OWNER_RULE: Final = Rule(CLUSTERROLES, ("get",))
"""To read the ClusterRole itself, where objects are owned by it."""

SYNC_BACK_RULE: Final = Rule(NODES, ("patch",))
"""Outside the namespace, for changes of Nodes that go to the host."""

SCHEDULER_RULE: Final = Rule(PODS, _READ)
"""Outside the namespace, for a scheduler inside: what pods of others request is taken off what Nodes have."""

MADE_ON_HOST: Final = tuple(kind.resource for kind in SYNCED if kind.direction != "fromHost")
"""The kinds that a virtual cluster may have objects of on the host, whether they are on now or were once."""


def kinds_on(differences: Mapping[str, bool]) -> list[SyncedKind]:
    """The kinds that are synced.

    Args:
        differences: those that are on or off otherwise than by default, by their paths.
    """
    return [kind for kind in SYNCED if differences.get(kind.path, kind.is_on_by_default)]


def merged(rules: Iterable[Rule]) -> list[Object]:
    """A Role's ``rules``: resources of one group that have the same verbs are in one rule."""
    found: dict[tuple[str, tuple[str, ...]], Object] = {}
    for rule in rules:
        dumped = rule.dump()
        known = found.setdefault((rule.resource.group, rule.verbs), {**dumped, "resources": []})
        known["resources"] += dumped["resources"]
    return list(found.values())
