"""Which kinds are synced, which are off, and which lack rights: for `vcli describe`."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from vcli.catalog import SYNCED
from vcli.catalog.kind import Rule, SyncedKind
from vcli.config import Given, Values
from vcli.config.document import parse
from vcli.config.synced import chosen, custom_kinds, kinds_of_cluster_role, kinds_on
from vcli.controlplane.names import Names
from vcli.controlplane.rights import Right, rights_of
from vcli.errors import UsageError
from vcli.kube.client import Client
from vcli.kube.errors import Forbidden, NotFound
from vcli.kube.resources import CLUSTERROLES, ROLES, Resource
from vcli.kube.types import Object

State = Literal["synced", "off", "rights missing"]
Rules = Sequence[Object]
SyncerRules = tuple[Rules | None, Rules | None]
"""Of the syncer's Role and of its ClusterRole; None for one that we may not read."""

SYNCED_NOW: Final[State] = "synced"
OFF: Final[State] = "off"
RIGHTS_MISSING: Final[State] = "rights missing"


async def syncer_rules(client: Client, names: Names) -> SyncerRules:
    """What the syncer may do now.

    Args:
        client: of the host.
        names: of the virtual cluster.
    """
    role = await _rules(client, ROLES, names.service_account, namespace=names.namespace)
    return role, await _rules(client, CLUSTERROLES, names.cluster_role)


def kind_states(
    values: str | None, *, role: Rules | None, cluster_role: Rules | None, counts: Mapping[str, int]
) -> list[Object] | None:
    """Each kind of the catalog with its state; None where the values are not understood.

    Args:
        values: as they are stored, YAML; None where they may not be read, or are the defaults.
        role: rules of the syncer's Role; None where they are not known: then it has what it needs.
        cluster_role: of its ClusterRole; None where they are not known: then it has what the values give.
        counts: objects on the host, by plural; of a custom resource, by plural and group.
    """
    understood = _understood(values)
    if understood is None:
        return None
    custom = custom_kinds(understood)
    on, given = {*kinds_on(understood), *custom}, frozenset(kinds_of_cluster_role(understood))
    return [
        {
            "kind": kind.resource.kind,
            "direction": kind.direction,
            "state": _state(kind, is_on=kind in on, is_given=kind in given, role=role, cluster=cluster_role),
            "objects": counts.get(_counted_as(kind)) if kind.direction != "fromHost" else None,
            "key": kind.switch or None,
        }
        for kind in (*SYNCED, *custom)
    ]


def custom_kinds_of(values: str | None) -> list[SyncedKind]:
    """The custom resources that are synced; none where the values are not understood.

    Args:
        values: as they are stored, YAML; None where they may not be read, or are the defaults.
    """
    understood = _understood(values) if values else None
    return [] if understood is None else custom_kinds(understood)


def not_enabled(values: str | None, role: Rules | None = None) -> list[str] | None:
    """The keys of the values by which kinds could be synced that are not; None where that is not known.

    Args:
        values: as they are stored, YAML; None where they may not be read, or are the defaults.
        role: rules of the syncer's Role; None where they are not known: then it has what it needs.
    """
    understood = _understood(values)
    if understood is None:
        return None
    on = {
        kind
        for kind in kinds_on(understood)
        if role is None or chosen(understood, kind) != "auto" or _allows(role, kind.rules)
    }
    return [kind.switch for kind in SYNCED if kind.switch and kind not in on]


def _counted_as(kind: SyncedKind) -> str:
    return kind.resource.plural if kind in SYNCED else kind.resource.definition


def _state(
    kind: SyncedKind, *, is_on: bool, is_given: bool, role: Rules | None, cluster: Rules | None
) -> State:
    if not is_on:
        return OFF
    if role is not None and not _allows(role, kind.rules):
        return RIGHTS_MISSING
    if kind.required or not kind.cluster_rules:  # what is required goes without rights outside the namespace
        return SYNCED_NOW
    has_them = is_given if cluster is None else _allows(cluster, kind.cluster_rules)
    return SYNCED_NOW if has_them else RIGHTS_MISSING


def _allows(rules: Rules, needed: Sequence[Rule]) -> bool:
    given = frozenset(rights_of(rules))
    return all(
        any(
            Right(group, plural, which) in given
            for group in (rule.resource.group, "*")
            for plural in (rule.resource.plural, "*")
            for which in (verb, "*")
        )
        for rule in needed
        for verb in rule.verbs
    )


async def _rules(
    client: Client, resource: Resource, name: str, *, namespace: str | None = None
) -> Rules | None:
    try:
        found: Rules = (await client.get(resource, name, namespace=namespace)).get("rules") or []
    except NotFound:
        return []
    except Forbidden:
        return None
    return found


def _understood(values: str | None) -> Values | None:
    try:
        return Given(files=(parse(values or "", "values"),)).values()
    except UsageError:  # values of another tool, or of a later version
        return None
