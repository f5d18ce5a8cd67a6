"""What the syncer may on the host follows from the kinds that are on."""

import pytest
from controlplane_builders import NAMES, find, rendered

from vcli import catalog
from vcli.catalog import SYNCED
from vcli.catalog.kind import Rule, SyncedKind, merged
from vcli.config import from_mapping, load, synced
from vcli.controlplane import rights
from vcli.controlplane.chart_kinds import kinds
from vcli.controlplane.rights import Right
from vcli.kube.resources import INGRESSES, PDBS, PODS, RUNTIMECLASSES, SERVICES

READ = ("list", "watch")


def test_rules_of_equal_verbs_and_group_are_one():
    rules = [Rule(PODS, READ), Rule(PDBS, READ), Rule(SERVICES, READ), Rule(PODS, ("create",))]
    assert merged(rules) == [
        {"apiGroups": [""], "resources": ["pods", "services"], "verbs": list(READ)},
        {"apiGroups": ["policy"], "resources": ["poddisruptionbudgets"], "verbs": list(READ)},
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["create"]},
    ]


def test_paths_are_unique_and_switches_are_values():
    assert len({kind.path for kind in SYNCED}) == len(SYNCED)
    for kind in SYNCED:
        if kind.switch:
            load([], [f"{kind.switch}={str(kind.enabled).lower()}"])


def test_a_kind_that_nothing_works_without_has_no_switch_and_is_on():
    for kind in SYNCED:
        if kind.required:
            assert not kind.switch
            assert kind.is_on(False, cluster_role=False)


@pytest.mark.parametrize(
    ("enabled", "cluster_role", "on"),
    [
        (True, False, True),
        (False, True, False),
        ("auto", True, True),
        ("auto", False, False),
    ],
)
def test_auto_is_on_with_the_rights_outside_the_namespace(enabled, cluster_role, on):
    kind = SyncedKind(
        resource=RUNTIMECLASSES,
        direction="fromHost",
        key="runtimeClasses",
        summary="",
        cluster_rules=(Rule(RUNTIMECLASSES, READ),),
    )
    assert kind.is_on(enabled, cluster_role=cluster_role) is on


OFF = SyncedKind(
    resource=INGRESSES,
    direction="toHost",
    key="example",
    summary="",
    enabled=False,
    rules=(Rule(INGRESSES, READ),),
)
AUTO = SyncedKind(
    resource=INGRESSES,
    direction="toHost",
    key="auto",
    summary="",
    enabled="auto",
    rules=(Rule(INGRESSES, READ),),
    optional_rules=(Rule(INGRESSES, ("patch",)),),
)
MIRROR = SyncedKind(
    resource=RUNTIMECLASSES,
    direction="fromHost",
    key="mirror",
    summary="",
    enabled="auto",
    cluster_rules=(Rule(RUNTIMECLASSES, READ),),
)


@pytest.fixture
def chosen(monkeypatch: pytest.MonkeyPatch) -> dict[str, bool | str]:
    """A catalog of two more kinds, and what the values say of them."""
    said: dict[str, bool | str] = {}
    more = (*(kind for kind in SYNCED if kind.required), OFF, AUTO, MIRROR)
    monkeypatch.setattr(synced, "SYNCED", more)
    monkeypatch.setattr(catalog, "SYNCED", more)
    monkeypatch.setattr(synced, "switch_of", lambda _, kind: said.get(kind.key, kind.enabled))
    return said


def test_a_kind_that_is_off_takes_no_right(chosen):
    assert Right("networking.k8s.io", "ingresses", "list") not in rights.required(load(), NAMES.namespace)
    chosen["example"] = True
    assert Right("networking.k8s.io", "ingresses", "list") in rights.required(load(), NAMES.namespace)


@pytest.mark.parametrize(
    ("enabled", "needed", "if_given"),
    [
        ("auto", set(), {"list", "patch"}),
        (True, {"list"}, {"patch"}),
        (False, set(), set()),
    ],
)
def test_rights_of_a_kind_that_is_on_where_they_allow_it(chosen, enabled, needed, if_given):
    def verbs(found):
        wanted = Right("networking.k8s.io", "ingresses", "")
        return {verb for *kind, verb in found if (*kind, "") == wanted and verb in {"list", "patch"}}

    chosen["auto"] = enabled
    values = load()
    features = rights.features(values)
    of_feature = features["auto"].rights if "auto" in features else set()
    assert (verbs(rights.required(values, NAMES.namespace)), verbs(of_feature)) == (needed, if_given)
    role = rights.render(NAMES, values, with_features=frozenset(features))[2]
    assert verbs(rights.rights_of(role["rules"])) == needed | if_given
    lesser = rights.render(NAMES, values, with_features=frozenset())[2]
    assert verbs(rights.rights_of(lesser["rules"])) == needed


def test_a_kind_that_is_on_where_rights_allow_it_is_no_difference_to_the_syncer(chosen):
    assert AUTO.is_on_by_default
    chosen["auto"] = True
    assert synced.differences(load()) == {}
    chosen["auto"] = False
    assert synced.differences(load()) == {"toHost.auto": False}


@pytest.mark.parametrize(
    ("enabled", "cluster_role", "given"),
    [
        ("auto", "auto", set()),
        ("auto", "true", {"persistentvolumes", "runtimeclasses"}),
        ("auto", "false", set()),
        (True, "auto", {"runtimeclasses"}),
        (True, "true", {"persistentvolumes", "runtimeclasses"}),
        (True, "false", set()),
        (False, "auto", set()),
        (False, "true", {"persistentvolumes"}),
    ],
)
def test_rights_outside_the_namespace(chosen, enabled, cluster_role, given):
    chosen["mirror"] = enabled
    values = load([], [f"rbac.clusterRole.enabled={cluster_role}"])
    assert {right.resource for right in rights.of_cluster(values, NAMES.namespace)} == given
    assert len(rights.render_of_cluster(NAMES, values)) == (2 if given else 0)


def test_the_syncer_is_told_what_is_not_the_default(chosen):
    assert synced.differences(load()) == {}
    chosen |= {"example": True, "mirror": True}
    assert synced.differences(load()) == {"toHost.example": True, "fromHost.mirror": True}
    assert synced.differences(load([], ["rbac.clusterRole.enabled=true"])).keys() == {
        "toHost.example",
        "fromHost.mirror",
    }


@pytest.mark.parametrize(
    ("sets", "own"),
    [
        ((), False),
        (("rbac.clusterRole.enabled=true",), False),
        (("sync.fromHost.priorityClasses.enabled=true",), False),
        (("sync.toHost.priorityClasses.enabled=true",), True),
        (("sync.toHost.storageClasses.enabled=true", "rbac.clusterRole.enabled=true"), True),
        (("sync.toHost.priorityClasses.enabled=true", "rbac.clusterRole.enabled=false"), False),
    ],
)
def test_the_syncer_reads_the_cluster_role_that_owns_what_it_makes(sets, own):
    values = load([], sets)
    rule = {
        "apiGroups": ["rbac.authorization.k8s.io"],
        "resources": ["clusterroles"],
        "verbs": ["get"],
        "resourceNames": ["vcli:team-a:demo"],
    }
    roles = rights.render_of_cluster(NAMES, values)
    assert any(rule in obj.get("rules", ()) for obj in roles) is own
    assert (
        Right("rbac.authorization.k8s.io", "clusterroles", "get")
        in rights.of_cluster(values, NAMES.namespace)
    ) is own


def test_selectors_are_told_of_kinds_that_are_on_and_not_wholly_mirrored():
    sets = ["sync.fromHost.ingressClasses.selector.matchLabels.tier=gold"]
    assert synced.selectors(load([], sets)) == {}
    sets.append("sync.fromHost.ingressClasses.enabled=true")
    assert synced.selectors(load([], sets)) == {"fromHost.ingressClasses": {"matchLabels": {"tier": "gold"}}}
    chosen = {"matchExpressions": [{"key": "stage", "operator": "Exists"}]}
    of_kinds = {"fromHost": {"storageClasses": {"selector": chosen}}}
    for given, found in ((True, {"fromHost.storageClasses"}), (False, set())):
        values = from_mapping({"sync": of_kinds, "rbac": {"clusterRole": {"enabled": given}}}, name="values")
        assert synced.selectors(values).keys() == found


BY_NAME = {"shared/ca": "apps/ca", "other/b": "apps/b", "/own": "apps/own", "team-a/own": "apps/too"}


def values_of_secrets(by_name, *, cluster_role=True):
    secrets = {"enabled": True, "mappings": {"byName": by_name}}
    given = {"clusterRole": {"enabled": cluster_role}}
    return from_mapping({"sync": {"fromHost": {"secrets": secrets}}, "rbac": given}, name="values")


def rules_about_secrets(values):
    roles = rights.render_of_cluster(NAMES, values)
    return [rule for obj in roles for rule in obj.get("rules", ()) if rule["resources"] == ["secrets"]]


def test_objects_that_are_named_in_namespaces_of_others_are_read_by_their_names_alone():
    [rule] = rules_about_secrets(values_of_secrets(BY_NAME))
    assert rule == {
        "apiGroups": [""],
        "resources": ["secrets"],
        "verbs": list(READ),
        "resourceNames": ["b", "ca"],
    }
    [rule] = rules_about_secrets(values_of_secrets({**BY_NAME, "shared/*": "apps/*"}))
    assert "resourceNames" not in rule


def test_without_rights_outside_the_namespace_or_need_of_them_there_is_no_such_rule():
    assert rules_about_secrets(values_of_secrets({"/own": "a/b", "": "all", "team-a/own": "a/c"})) == []
    for given in ("auto", False):
        values = values_of_secrets(BY_NAME, cluster_role=given)
        assert rules_about_secrets(values) == []
        assert not any(right.resource == "secrets" for right in rights.of_cluster(values, NAMES.namespace))


def test_the_chart_has_a_condition_for_each_switch():
    for kind in SYNCED:
        if kind.switch:
            assert f".Values.{kind.switch})" in kinds()


def test_the_role_has_each_rule_of_a_required_kind():
    found = set(rights.rights_of(find(rendered(), "Role", "vc-demo")["rules"]))
    for kind in SYNCED:
        if kind.required:
            assert set(rights.rights_of(map(Rule.dump, (*kind.rules, *kind.optional_rules)))) <= found


READ_BY_SCHEDULER = {
    *("nodes", "pods", "persistentvolumes", "storageclasses", "csidrivers", "csistoragecapacities"),
}
SCHEDULED = ["controlPlane.distro.k8s.scheduler.enabled=true", "sync.fromHost.nodes.enabled=true"]


@pytest.mark.parametrize(
    ("sets", "given"),
    [
        ([], {*READ_BY_SCHEDULER, "csinodes"}),
        (["sync.fromHost.csiNodes.enabled=false"], READ_BY_SCHEDULER),
        (["rbac.clusterRole.enabled=false"], set()),
    ],
)  # fmt: skip
def test_what_a_scheduler_inside_reads_of_the_host(sets, given):
    values = load([], [*SCHEDULED, *sets])
    assert {right.resource for right in rights.of_cluster(values, NAMES.namespace)} == given
    on = {kind.key for kind in synced.kinds_on(values)}
    assert {"storageClasses", "csiDrivers", "persistentVolumes"} <= on


def test_what_only_a_scheduler_reads_is_off_without_one():
    on = {kind.key for kind in synced.kinds_on(load())}
    assert on.isdisjoint({"storageClasses", "csiDrivers", "csiNodes"})


@pytest.mark.parametrize(("cluster_role", "given"), [("auto", True), ("true", True), ("false", False)])
def test_changes_of_nodes_take_the_right_to_patch_them(cluster_role, given):
    sets = ["sync.fromHost.nodes.enabled=true", f"rbac.clusterRole.enabled={cluster_role}"]
    patch = Right("", "nodes", "patch")
    assert patch not in rights.of_cluster(load([], sets), "team-a")
    with_changes = load([], [*sets, "sync.fromHost.nodes.syncBackChanges=true"])
    assert (patch in rights.of_cluster(with_changes, "team-a")) is given


@pytest.mark.parametrize("sets", [[], SCHEDULED])
def test_a_scheduler_inside_or_a_tenants_own_binds_pods_of_the_host(sets):
    features = rights.features(load([], sets))
    found = {right for feature in features.values() for right in feature.rights}
    assert Right("", "pods/binding", "create") in found
    assert Right("", "pods/ephemeralcontainers", "patch") in found
