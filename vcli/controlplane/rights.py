"""What the syncer may do on the host, and the accounts that go with it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from vcli.catalog import ENDPOINTS_RULE, OWNER_RULE, SCHEDULER_RULE, SYNC_BACK_RULE, SYNCED
from vcli.catalog.kind import READ, Rule, merged, reading
from vcli.config.dump import dump
from vcli.config.networking import reads_endpoints, services_elsewhere
from vcli.config.schema import Values
from vcli.config.schema_kinds import by_name_of, nodes_of
from vcli.config.schema_rbac import PolicyRule
from vcli.config.synced import (
    chosen,
    custom_kinds,
    has_cluster_role,
    kinds_of_cluster_role,
    kinds_on,
    schedules_inside,
)
from vcli.contract.mappings import ANY, parse_all
from vcli.controlplane import high_availability, manifests, sleep
from vcli.controlplane.names import Names
from vcli.kube.resources import ENDPOINTS, SERVICES
from vcli.kube.types import Object

_FEATURE = "vcli.dev/feature"


class Right(NamedTuple):
    """One verb on one resource, which may be a subresource: ``pods/exec``."""

    group: str
    resource: str
    verb: str


@dataclass(frozen=True, slots=True)
class Feature:
    """Something that takes rights which not everybody has to give.

    Attributes:
        name: a key, as in `vcli.controlplane.facts.Facts.features`.
        title: what does not work without.
        rules: of a Role.
    """

    name: str
    title: str
    rules: tuple[Object, ...]

    @property
    def rights(self) -> frozenset[Right]:
        """What it takes."""
        return frozenset(rights_of(self.rules))


def features(values: Values) -> Mapping[str, Feature]:
    """All of them, by name: those of the kinds that are on, then the others."""
    found: dict[str, Feature] = {}
    for kind in kinds_on(values):
        if rules := kind.rules_if_given(chosen(values, kind)):
            title = kind.without_optional_rules or f"{kind.resource.kind} objects"
            found[kind.key] = Feature(kind.key, title, tuple(map(Rule.dump, rules)))
    return found | _others()


@cache
def _others() -> dict[str, Feature]:
    found: dict[str, Feature] = {}
    for obj in manifests.load("control-plane/optional-rights.yaml"):
        metadata = obj["metadata"]
        title = metadata["annotations"][_FEATURE]
        found[metadata["name"]] = Feature(metadata["name"], title, tuple(obj["rules"]))
    return found


def required(values: Values, namespace: str) -> frozenset[Right]:
    """What the syncer can't do without in its namespace.

    Args:
        values: what the user chose.
        namespace: the host namespace.
    """
    rules = [
        *_rules(values, namespace),
        *high_availability.rules("", values),
        *sleep.rules(Names("", namespace), values),
        *(rule for rule in _extra(values.rbac.role.extra_rules) if "resourceNames" not in rule),
    ]
    return frozenset(rights_of(rules))


def of_cluster(values: Values, namespace: str) -> frozenset[Right]:
    """What the syncer may beyond its namespace, if the values ask for it.

    Args:
        values: what the user chose.
        namespace: the host namespace: what is named of it takes nothing beyond.
    """
    return frozenset(rights_of([*_beyond(values, namespace), *_owner_rules(values)]))


def rights_of(rules: Any) -> Iterator[Right]:
    """The single rights of a Role's rules."""
    for rule in rules:
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                yield from (Right(group, resource, verb) for verb in rule["verbs"])


def render(
    names: Names, values: Values, *, with_features: frozenset[str]
) -> tuple[Object, Object, Object, Object]:
    """The syncer's ServiceAccount, that of all synced pods, the Role and the RoleBinding."""
    account, workload, role, binding = manifests.load("control-plane/rights.yaml")
    account["metadata"]["name"] = names.service_account
    workload["metadata"]["name"] = names.workload_service_account
    role["metadata"]["name"] = binding["metadata"]["name"] = names.service_account
    role["rules"] = (
        _rules(values, names.namespace)
        + high_availability.rules(names.settings, values)
        + sleep.rules(names, values)
        + [
            rule
            for feature in features(values).values()
            if feature.name in with_features
            for rule in feature.rules
        ]
        + _extra(values.rbac.role.extra_rules)
    )
    binding["roleRef"]["name"] = names.service_account
    binding["subjects"][0] |= {"name": names.service_account, "namespace": names.namespace}
    return account, workload, role, binding


def render_of_cluster(names: Names, values: Values) -> tuple[Object, ...]:
    """The ClusterRole and the ClusterRoleBinding; none where nothing would be in it."""
    own = [{**rule, "resourceNames": [names.cluster_role]} for rule in _owner_rules(values)]
    rules = [*_beyond(values, names.namespace), *own]
    if not rules:
        return ()
    role, binding = manifests.load("control-plane/cluster-rights.yaml")
    for obj in (role, binding):
        obj["metadata"]["name"] = names.cluster_role
    role["rules"] = rules
    binding["roleRef"]["name"] = names.cluster_role
    binding["subjects"][0] |= {"name": names.service_account, "namespace": names.namespace}
    return role, binding


def required_rules() -> list[Object]:
    """The rules that the Role has for kinds whatever the values say."""
    return merged(rule for kind in SYNCED if kind.required for rule in kind.rules)


def _rules(values: Values, namespace: str) -> list[Object]:
    _, _, role, _ = manifests.load("control-plane/rights.yaml")
    of_chosen = [
        rule.dump()
        for kind in kinds_on(values)
        if not kind.required
        for rule in kind.needed_rules(chosen(values, kind))
    ]
    of_custom = [rule.dump() for kind in custom_kinds(values) for rule in kind.rules]
    endpoints = [ENDPOINTS_RULE.dump()] if reads_endpoints(values, namespace) else []
    return [*required_rules(), *of_chosen, *of_custom, *endpoints, *role["rules"]]


def _cluster_rules(values: Values) -> list[Object]:
    rules = [rule for kind in kinds_of_cluster_role(values) for rule in kind.rules_of_cluster_role]
    if values.rbac.cluster_role.enabled is not False:
        rules += [SCHEDULER_RULE] if schedules_inside(values) else []
        rules += [SYNC_BACK_RULE] if nodes_of(values.sync.from_host).sync_back_changes else []
    return [rule.dump() for rule in rules]


def _beyond(values: Values, own: str) -> list[Object]:
    """All that is not about the ClusterRole itself.

    Args:
        values: what the user chose.
        own: the host namespace, for which the Role is enough.
    """
    found = [*_cluster_rules(values), *_mapped_rules(values, own), *_service_rules(values, own)]
    return [*found, *_extra(values.rbac.cluster_role.extra_rules)]


def _extra(rules: Iterable[PolicyRule]) -> list[Object]:
    return [{key: names for key, names in dump(rule).items() if names} for rule in rules]


def _mapped_rules(values: Values, own: str) -> Iterator[Object]:
    """To read what the values name in namespaces of others: where rights beyond the namespace are on."""
    for kind in kinds_on(values) if has_cluster_role(values) else ():
        if not kind.mapped:
            continue
        mappings = parse_all(by_name_of(values.sync.from_host, kind))
        names = sorted({each.host_name for each in mappings if each.host_namespace not in ("", own)})
        if names:
            by_name = {} if ANY in names else {"resourceNames": names}
            yield {**reading(kind.resource).dump(), **by_name}


def _owner_rules(values: Values) -> list[Object]:
    """The syncer reads its own ClusterRole where that is the owner of what it makes."""
    kinds = kinds_of_cluster_role(values)
    return [OWNER_RULE.dump()] if any(kind.is_owned_by_cluster_role for kind in kinds) else []


def _service_rules(values: Values, namespace: str) -> list[Object]:
    """To read the Services of other namespaces that are replicated, by name; endpoints of headless ones."""
    wanted = services_elsewhere(values, namespace)
    if not wanted or values.rbac.cluster_role.enabled is False:
        return []
    resources = [SERVICES.plural, ENDPOINTS.plural]
    return [{"apiGroups": [""], "resources": resources, "verbs": list(READ), "resourceNames": wanted}]
