"""The kinds that are synced: pure data, from which all that names one of them follows.

That is what the syncer watches, its rights, the check of rights before anything is created, removal,
`describe`, the keys of values, the syncer's settings, the Helm chart and the reference in the docs. How a
kind is translated is in `vcli.syncer`; how one is added, in docs/explanation/architecture.md.
"""

from collections.abc import Mapping
from typing import Final

from vcli.catalog.gateway_api import GATEWAY_CLASSES, GATEWAYS_OF_HOST, TO_HOST_BY_GATEWAY_API
from vcli.catalog.kind import READ, WRITE, Rule, Switch, SyncedKind, reading
from vcli.kube.resources import (
    CLUSTERROLES,
    CONFIGMAPS,
    CSIDRIVERS,
    CSINODES,
    CSISTORAGECAPACITIES,
    DEVICECLASSES,
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
    RESOURCECLAIMS,
    RUNTIMECLASSES,
    SECRETS,
    SERVICEACCOUNTS,
    SERVICES,
    STORAGECLASSES,
    VOLUMESNAPSHOTCLASSES,
    VOLUMESNAPSHOTCONTENTS,
    VOLUMESNAPSHOTS,
    Resource,
)


def _mirrored(
    resource: Resource,
    key: str,
    summary: str,
    *,
    enabled: Switch = "auto",
    selectable: bool = False,
    custom: bool = False,
    for_scheduler: bool = False,
) -> SyncedKind:
    """A kind in no namespace of the host, whose objects are mirrored."""
    return SyncedKind(
        resource=resource,
        direction="fromHost",
        key=key,
        summary=summary,
        enabled=enabled,
        cluster_rules=(reading(resource),),
        selectable=selectable,
        custom=custom,
        for_scheduler=for_scheduler,
    )


def _mapped(resource: Resource, key: str, summary: str) -> SyncedKind:
    """A kind in namespaces of the host, of which the values name what is mirrored, and to where."""
    return SyncedKind(
        resource=resource, direction="fromHost", key=key, summary=summary, enabled=False, mapped=True
    )


def _required(
    resource: Resource,
    key: str,
    summary: str,
    *,
    more: tuple[str, ...] = (),
    essential: bool = True,
    events: bool = False,
) -> SyncedKind:
    """A kind that nothing works without; ``more``: verbs beyond those that following and applying take."""
    return SyncedKind(
        resource=resource,
        direction="toHost",
        key=key,
        summary=summary,
        required=True,
        essential=essential,
        rules=(Rule(resource, (*more, *READ, *WRITE)),),
        forwards_events=events,
    )


SYNCED: Final[tuple[SyncedKind, ...]] = (
    # One of a name that is taken is looked at; so is the control plane's own pod, at a node port.
    _required(PODS, "pods", "Run on the host's nodes.", more=("get",), events=True),
    # The control plane's own Service says when the virtual cluster was paused.
    _required(
        SERVICES, "services", "The same on the host, under the same ClusterIP.", more=("get",), events=True
    ),
    # Of both, the control plane has its own, and each pod may have one that is replaced as a whole.
    _required(
        CONFIGMAPS, "configMaps", "On the host while a synced object refers to them.", more=("get", "update")
    ),
    _required(
        SECRETS, "secrets", "On the host while a synced object refers to them.", more=("get", "update")
    ),
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
        rules=(Rule(ENDPOINTSLICES, READ),),
        # An administrator of one namespace often lacks it: the ClusterRole admin does not have it.
        optional_rules=(Rule(ENDPOINTSLICES, WRITE),),
        without_optional_rules="Services without a selector, and EndpointSlices of a tenant's own",
    ),
    SyncedKind(
        resource=INGRESSES,
        direction="toHost",
        key="ingresses",
        summary="Answered by the host's ingress controller, status back; not those of a class made inside.",
        enabled="auto",
        rules=(Rule(INGRESSES, (*READ, *WRITE)),),
        forwards_events=True,
    ),
    SyncedKind(
        resource=PDBS,
        direction="toHost",
        key="podDisruptionBudgets",
        summary="Evictions on the host, as of a node that is drained, keep to them as well.",
        enabled="auto",
        rules=(Rule(PDBS, (*READ, *WRITE)),),
    ),
    SyncedKind(
        resource=NETWORKPOLICIES,
        direction="toHost",
        key="networkPolicies",
        summary="Enforced if the host's network plugin enforces any; DNS and the API stay reachable.",
        # They only ever allow, so a tenant's own would open what the host's administrator closes.
        enabled=False,
        rules=(Rule(NETWORKPOLICIES, (*READ, *WRITE)),),
    ),
    SyncedKind(
        resource=PRIORITYCLASSES,
        direction="toHost",
        key="priorityClasses",
        summary="Pods have the priority of a tenant's own class, beside those of other tenants.",
        enabled=False,
        cluster_rules=(Rule(PRIORITYCLASSES, (*READ, *WRITE)),),
    ),
    SyncedKind(
        resource=STORAGECLASSES,
        direction="toHost",
        key="storageClasses",
        summary="Claims are provisioned by a tenant's own class, without parameters that name Secrets.",
        enabled=False,
        cluster_rules=(Rule(STORAGECLASSES, (*READ, *WRITE)),),
    ),
    SyncedKind(
        resource=SERVICEACCOUNTS,
        direction="toHost",
        key="serviceAccounts",
        summary="Pods run under one of their own on the host, with the annotations of cloud identities.",
        enabled=False,
        rules=(Rule(SERVICEACCOUNTS, (*READ, *WRITE)),),
    ),
    SyncedKind(
        resource=PVS,
        direction="toHost",
        key="persistentVolumes",
        summary="A tenant's own, any path of any node among them, each for one claim of the tenant's.",
        enabled=False,
        cluster_rules=(Rule(PVS, (*READ, *WRITE)),),
    ),
    SyncedKind(
        resource=VOLUMESNAPSHOTS,
        direction="toHost",
        key="volumeSnapshots",
        summary="Taken by the host's snapshot controller and drivers, of a tenant's own claims; status back.",
        enabled=False,
        rules=(Rule(VOLUMESNAPSHOTS, (*READ, *WRITE)),),
        forwards_events=True,
        custom=True,
    ),
    SyncedKind(
        resource=VOLUMESNAPSHOTCONTENTS,
        direction="toHost",
        key="volumeSnapshotContents",
        summary="Snapshots that are there already, by their handles; those of the host are shown.",
        enabled=False,
        # The one of a snapshot that is taken is read by its name.
        cluster_rules=(Rule(VOLUMESNAPSHOTCONTENTS, ("get", *READ, *WRITE)),),
        custom=True,
    ),
    SyncedKind(
        resource=RESOURCECLAIMS,
        direction="toHost",
        key="resourceClaims",
        summary="Devices are allocated by the host's scheduler, and prepared by its drivers; status back.",
        enabled=False,
        rules=(Rule(RESOURCECLAIMS, (*READ, *WRITE)),),
    ),
    *TO_HOST_BY_GATEWAY_API,
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
    _mapped(CONFIGMAPS, "configMaps", "Those of the host that `mappings.byName` names, read-only."),
    _mapped(SECRETS, "secrets", "Those of the host that `mappings.byName` names, read-only."),
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
        CSISTORAGECAPACITIES,
        "csiStorageCapacities",
        "What the host's drivers have left on nodes that the virtual cluster has, read-only.",
        for_scheduler=True,
    ),
    _mirrored(
        VOLUMESNAPSHOTCLASSES,
        "volumeSnapshotClasses",
        "Those of the host, read-only.",
        enabled=False,
        custom=True,
    ),
    _mirrored(
        DEVICECLASSES,
        "deviceClasses",
        "Those of the host, read-only and without configuration, which ResourceClaims may name.",
        enabled=False,
        selectable=True,
    ),
    GATEWAY_CLASSES,
    GATEWAYS_OF_HOST,
    SyncedKind(
        resource=NODES,
        direction="fromHost",
        key="nodes",
        summary="With the labels, taints and capacity that the host's have; else they are made up.",
        enabled=False,
        # One that a pod is faster to tell of than the watch is read by its name.
        cluster_rules=(Rule(NODES, ("get", *READ)),),
    ),
)

ENDPOINTS_RULE: Final = Rule(ENDPOINTS, READ)
"""In the namespace, for headless Services of it that the virtual cluster has by names of its own."""

OWNER_RULE: Final = Rule(CLUSTERROLES, ("get",))
"""To read the ClusterRole itself, where objects are owned by it."""

SYNC_BACK_RULE: Final = Rule(NODES, ("patch",))
"""Outside the namespace, for changes of Nodes that go to the host."""

SCHEDULER_RULE: Final = Rule(PODS, READ)
"""Outside the namespace, for a scheduler inside: what pods of others request is taken off what Nodes have."""

MADE_ON_HOST: Final = tuple(kind.resource for kind in SYNCED if kind.direction != "fromHost")
"""The kinds that a virtual cluster may have objects of on the host, whether they are on now or were once."""


def kinds_on(differences: Mapping[str, bool]) -> list[SyncedKind]:
    """The kinds that are synced.

    Args:
        differences: those that are on or off otherwise than by default, by their paths.
    """
    return [kind for kind in SYNCED if differences.get(kind.path, kind.is_on_by_default)]
