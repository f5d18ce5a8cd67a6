"""What the syncer may do on the host, and the accounts that go with it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from vcli.catalog import OWNER_RULE, SCHEDULER_RULE, SYNC_BACK_RULE, SYNCED, Rule, merged
from vcli.config.schema import Values
from vcli.config.schema_kinds import nodes_of
from vcli.config.synced import chosen, kinds_of_cluster_role, kinds_on, schedules_inside
from vcli.controlplane import manifests
from vcli.controlplane.names import Names
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


def required(values: Values) -> frozenset[Right]:
    """What the syncer can't do without in its namespace."""
    return frozenset(rights_of(_rules(values)))


def of_cluster(values: Values) -> frozenset[Right]:
    """What the syncer may beyond its namespace, if the values ask for it."""
    return frozenset(rights_of([*_cluster_rules(values), *_owner_rules(values)]))


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
    role["rules"] = _rules(values) + [
        rule
        for feature in features(values).values()
        if feature.name in with_features
        for rule in feature.rules
    ]
    binding["roleRef"]["name"] = names.service_account
    binding["subjects"][0] |= {"name": names.service_account, "namespace": names.namespace}
    return account, workload, role, binding


def render_of_cluster(names: Names, values: Values) -> tuple[Object, ...]:
    """The ClusterRole and the ClusterRoleBinding; none where nothing would be in it."""
    own = [{**rule, "resourceNames": [names.cluster_role]} for rule in _owner_rules(values)]
    rules = [*_cluster_rules(values), *own]
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


def _rules(values: Values) -> list[Object]:
    _, _, role, _ = manifests.load("control-plane/rights.yaml")
    of_chosen = [
        rule.dump()
        for kind in kinds_on(values)
        if not kind.required
        for rule in kind.needed_rules(chosen(values, kind))
    ]
    return [*required_rules(), *of_chosen, *role["rules"]]


def _cluster_rules(values: Values) -> list[Object]:
    rules = [rule for kind in kinds_of_cluster_role(values) for rule in kind.cluster_rules]
    if values.rbac.cluster_role.enabled is not False:
        rules += [SCHEDULER_RULE] if schedules_inside(values) else []
        rules += [SYNC_BACK_RULE] if nodes_of(values.sync.from_host).sync_back_changes else []
    return [rule.dump() for rule in rules]


def _owner_rules(values: Values) -> list[Object]:
    """The syncer reads its own ClusterRole where that is the owner of what it makes."""
    kinds = kinds_of_cluster_role(values)
    return [OWNER_RULE.dump()] if any(kind.is_owned_by_cluster_role for kind in kinds) else []
