"""What `describe` says of each kind: synced, off, or rights missing."""

from typing import Any

import pytest

from vcli.catalog import SYNCED
from vcli.config import load
from vcli.controlplane import rights
from vcli.controlplane.names import Names
from vcli.operations.kinds import kind_states

Object = dict[str, Any]
NAMES = Names("demo", "team")
ACCOUNTS = "sync: {toHost: {serviceAccounts: {enabled: true}}}"
CLASSES = "sync: {fromHost: {storageClasses: {enabled: true}}}"
ALL = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]


def states(values: str = "", **given: Any) -> dict[str, str]:
    rules = {"role": None, "cluster_role": None, "counts": {}, **given}
    found = kind_states(values, **rules)
    assert found is not None
    return {each["kind"]: each["state"] for each in found}


def role(*sets: str) -> list[Object]:
    """The rules of the Role that such a virtual cluster has."""
    values = load([], sets)
    _, _, made, _ = rights.render(NAMES, values, with_features=frozenset(rights.features(values)))
    rules: list[Object] = made["rules"]
    return rules


def test_by_default_it_is_synced_or_off() -> None:
    off = {(kind.resource.kind, kind.direction) for kind in SYNCED if not kind.is_on_by_default}
    for given in (None, role()):
        found = kind_states("", role=given, cluster_role=[], counts={}) or []
        assert {(each["kind"], each["direction"]) for each in found if each["state"] == "off"} == off
        assert {each["state"] for each in found} == {"synced", "off"}


def test_a_kind_that_the_role_lacks() -> None:
    assert states(ACCOUNTS)["ServiceAccount"] == "synced"
    assert states(ACCOUNTS, role=role())["ServiceAccount"] == "rights missing"
    given = role("sync.toHost.serviceAccounts.enabled=true")
    assert states(ACCOUNTS, role=given)["ServiceAccount"] == "synced"
    assert set(states(ACCOUNTS, role=[])) == set(states())
    assert states(ACCOUNTS, role=[])["Pod"] == "rights missing"


@pytest.mark.parametrize(
    ("values", "cluster_role", "state"),
    [
        ("", [], "off"),
        (CLASSES, None, "synced"),
        (CLASSES, [], "rights missing"),
        (CLASSES, ALL, "synced"),
        (f"{CLASSES}\nrbac: {{clusterRole: {{enabled: false}}}}", None, "rights missing"),
    ],
)
def test_a_kind_of_the_whole_host(values: str, cluster_role: Any, state: str) -> None:
    found = states(values, cluster_role=cluster_role)
    assert found["StorageClass"] == state
    assert found["PersistentVolume"] == "synced", "which does without"


def test_objects_are_counted_where_they_are_of_the_virtual_cluster() -> None:
    found = kind_states("", role=None, cluster_role=None, counts={"pods": 2, "persistentvolumes": 1})
    assert found is not None
    by_kind = {each["kind"]: each for each in found}
    assert by_kind["Pod"] == {
        "kind": "Pod",
        "direction": "toHost",
        "state": "synced",
        "objects": 2,
        "key": None,
    }
    assert by_kind["PersistentVolume"]["objects"] is None
    assert by_kind["NetworkPolicy"]["key"] == "sync.toHost.networkPolicies.enabled"


CUSTOM = "sync: {toHost: {customResources: {certificates.cert-manager.io: {enabled: true}}}}"
DEFINITIONS = {"apiGroups": ["apiextensions.k8s.io"], "resources": ["customresourcedefinitions"]}


@pytest.mark.parametrize(
    ("values", "role_lacks", "cluster_role", "state"),
    [
        (CUSTOM, False, None, "synced"),
        (CUSTOM, False, [{**DEFINITIONS, "verbs": ["get", "list", "watch"]}], "synced"),
        (CUSTOM, False, [], "rights missing"),
        (CUSTOM, True, ALL, "rights missing"),
        (f"{CUSTOM}\nrbac: {{clusterRole: {{enabled: false}}}}", False, None, "rights missing"),
    ],
)
def test_a_custom_resource(values: str, role_lacks: Any, cluster_role: Any, state: str) -> None:
    rules = role() if role_lacks else ALL
    found = kind_states(
        values, role=rules, cluster_role=cluster_role, counts={"certificates.cert-manager.io": 3}
    )
    assert found is not None
    assert found[-1] == {
        "kind": "certificates.cert-manager.io",
        "direction": "toHost",
        "state": state,
        "objects": 3,
        "key": "sync.toHost.customResources.certificates.cert-manager.io.enabled",
    }


@pytest.mark.parametrize("values", ["sync: {later: 1}", "a: [", "- a list"])
def test_values_that_are_not_understood_say_nothing(values: str) -> None:
    assert kind_states(values, role=None, cluster_role=None, counts={}) is None
