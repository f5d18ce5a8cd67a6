"""Which kinds are synced, by the values."""

from collections.abc import Iterator
from typing import Final

from vcli.catalog import SYNCED
from vcli.catalog.kind import Switch, SyncedKind, custom_kind
from vcli.config.dump import dump
from vcli.config.schema import Values
from vcli.config.schema_custom import CustomFromHost
from vcli.config.schema_kinds import by_name_of, group_of, selector_of, switch_of
from vcli.contract.mappings import parse_all
from vcli.kube.resources import NETWORKPOLICIES
from vcli.kube.types import Object

NETWORK_POLICIES: Final = next(kind for kind in SYNCED if kind.resource == NETWORKPOLICIES)
"""Never where the values isolate: NetworkPolicies add up."""


def schedules_inside(values: Values) -> bool:
    """Whether the virtual cluster has a scheduler of its own."""
    return values.control_plane.distro.k8s.scheduler.enabled


def chosen(values: Values, kind: SyncedKind) -> Switch:
    """What the values say of a kind; what a scheduler inside asks for is chosen with it."""
    if kind.required:
        return True
    section = values.sync.to_host if kind.direction == "toHost" else values.sync.from_host
    switch = switch_of(section, kind)
    if kind.follows:
        return kind.followed(switch, group_of(values.sync.to_host, kind))
    return True if switch == "auto" and kind.for_scheduler and schedules_inside(values) else switch


def kinds_on(values: Values) -> Iterator[SyncedKind]:
    """The kinds that are synced, in the order of the catalog."""
    given = has_cluster_role(values)
    return (kind for kind in SYNCED if kind.is_on(chosen(values, kind), cluster_role=given))


def kinds_of_cluster_role(values: Values) -> Iterator[SyncedKind]:
    """The kinds whose rights outside the namespace the syncer gets.

    With ``rbac.clusterRole.enabled`` ``auto``: those that the values turn on by name, or by a scheduler; all
    custom ones are named.
    """
    cluster_role = values.rbac.cluster_role.enabled
    for kind in kinds_on(values):
        by_scheduler = kind.for_scheduler and schedules_inside(values)
        asked = by_scheduler or (not kind.required and chosen(values, kind) is True)
        if kind.rules_of_cluster_role and (cluster_role is True or (cluster_role == "auto" and asked)):
            yield kind
    if cluster_role:
        yield from custom_kinds(values)


def custom_kinds(values: Values) -> list[SyncedKind]:
    """The custom resources that are synced, by direction and name."""
    to_host, from_host = values.sync.to_host.custom_resources, values.sync.from_host.custom_resources
    return [
        *(
            custom_kind(name, "toHost", namespaced=custom.scope == "Namespaced")
            for name, custom in sorted(to_host.items())
            if custom.enabled
        ),
        *(
            custom_kind(
                name, "fromHost", namespaced=shown.scope == "Namespaced", elsewhere=_is_elsewhere(shown)
            )
            for name, shown in sorted(from_host.items())
            if shown.enabled
        ),
    ]


def _is_elsewhere(shown: CustomFromHost) -> bool:
    """Whether objects of other namespaces of the host are mapped."""
    return any(each.host_namespace for each in parse_all(shown.mappings.by_name))


def custom_resources(values: Values) -> dict[str, Object]:
    """What is to be known of each custom resource that is synced, by path, for the settings."""
    found: dict[str, Object] = {}
    for kind in custom_kinds(values):
        name = kind.resource.kind
        if kind.direction == "toHost":
            custom = values.sync.to_host.custom_resources[name]
            patches = [_without_empty(dump(patch)) for patch in custom.patches]
            found[kind.path] = {"scope": custom.scope, "patches": patches}
        else:
            shown = values.sync.from_host.custom_resources[name]
            selector = {key: chosen for key, chosen in dump(shown.selector).items() if chosen}
            mappings = dict(shown.mappings.by_name)
            found[kind.path] = {"scope": shown.scope, "mappings": mappings, "selector": selector}
    return found


def _without_empty(patch: Object) -> Object:
    """A patch without what its reference leaves out."""
    if "reference" not in patch:
        return patch
    return {**patch, "reference": {key: text for key, text in patch["reference"].items() if text}}


def has_cluster_role(values: Values) -> bool:
    """Whether all kinds get what they may outside the namespace."""
    return values.rbac.cluster_role.enabled is True


def differences(values: Values) -> dict[str, bool]:
    """The kinds that are on or off otherwise than by default, for the syncer's settings."""
    on = frozenset(kinds_on(values))
    return {kind.path: kind in on for kind in SYNCED if (kind in on) != kind.is_on_by_default}


def selectors(values: Values) -> dict[str, Object]:
    """LabelSelectors of what is mirrored, by paths of kinds of which not all is, for the settings."""
    found = {kind.path: _dumped(values, kind) for kind in kinds_on(values) if kind.selectable}
    return {path: selector for path, selector in found.items() if selector}


def mappings(values: Values) -> dict[str, dict[str, str]]:
    """Objects of the host that are mirrored by name, by paths of kinds, for the settings."""
    return {kind.path: by_name_of(values.sync.from_host, kind) for kind in kinds_on(values) if kind.mapped}


def _dumped(values: Values, kind: SyncedKind) -> Object:
    return {key: chosen for key, chosen in dump(selector_of(values.sync.from_host, kind)).items() if chosen}
