"""Rights that the values add to those that follow from what is synced."""

from vcli.config.load import from_mapping
from vcli.controlplane.facts import Facts
from vcli.controlplane.names import Names
from vcli.controlplane.render import render
from vcli.controlplane.rights import Right, of_cluster, required

RULE = {"apiGroups": [""], "resources": ["pods/eviction"], "verbs": ["create"]}
NAMED = {**RULE, "resourceNames": ["one"]}


def test_they_are_in_the_role_and_asked_for_before():
    values = from_mapping({"rbac": {"role": {"extraRules": [RULE, NAMED]}}}, name="values")
    objects = render(Names("demo", "team"), values, Facts(), bundle=None)
    [role] = [each for each in objects if each["kind"] == "Role"]
    assert role["rules"][-2:] == [RULE, NAMED]
    assert Right("", "pods/eviction", "create") in required(values, "team")


def test_of_all_namespaces_they_are_in_a_cluster_role():
    values = from_mapping({"rbac": {"clusterRole": {"extraRules": [RULE]}}}, name="values")
    objects = render(Names("demo", "team"), values, Facts(), bundle=None)
    assert [each["rules"] for each in objects if each["kind"] == "ClusterRole"] == [[RULE]]
    assert of_cluster(values, "team") == {Right("", "pods/eviction", "create")}
