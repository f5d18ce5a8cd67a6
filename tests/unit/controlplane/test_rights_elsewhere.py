"""Roles in other namespaces of the host, for what is shown of them."""

from typing import Any

from vcli.config.load import from_mapping
from vcli.controlplane.facts import Facts
from vcli.controlplane.names import Names
from vcli.controlplane.render import render

Object = dict[str, Any]


def elsewhere(cluster_role: Any = "auto", **facts: Any) -> list[Object]:
    shown = {
        "configMaps": {"enabled": True, "mappings": {"byName": {"shared/ca": "a/ca", "/own": "a/own"}}},
        "secrets": {"enabled": True, "mappings": {"byName": {"shared/*": "b", "other/x": "b/x"}}},
    }
    values = from_mapping(
        {"sync": {"fromHost": shown}, "rbac": {"clusterRole": {"enabled": cluster_role}}}, name="values"
    )
    objects = render(Names("demo", "team"), values, Facts(**facts), bundle=None, owner="uid-of-service")
    return [each for each in objects if each["metadata"].get("namespace", "team") != "team"]


def test_each_namespace_has_a_role_to_read_what_is_named():
    found = elsewhere()
    read = ["get", "list", "watch"]
    assert [(each["kind"], each["metadata"]["namespace"]) for each in found] == [
        (kind, namespace) for namespace in ("other", "shared") for kind in ("Role", "RoleBinding")
    ]
    rules = {each["metadata"]["namespace"]: each["rules"] for each in found if each["kind"] == "Role"}
    named = {"apiGroups": [""], "resources": ["secrets"], "verbs": read, "resourceNames": ["x"]}
    assert rules["other"] == [named]
    assert rules["shared"] == [
        {"apiGroups": [""], "resources": ["configmaps"], "verbs": read, "resourceNames": ["ca"]},
        {"apiGroups": [""], "resources": ["secrets"], "verbs": read},
    ]
    for each in found:
        assert each["metadata"]["labels"]["vcli.dev/host-namespace"] == "team"
        # An owner in another namespace would be taken for one that is gone.
        assert "ownerReferences" not in each["metadata"]
    account = {"kind": "ServiceAccount", "name": "vc-demo", "namespace": "team"}
    assert found[1]["subjects"] == [account]


def test_none_where_it_cant_be_made_or_the_cluster_role_has_the_rights():
    assert {each["metadata"]["namespace"] for each in elsewhere(closed=frozenset({"shared"}))} == {"other"}
    assert elsewhere(cluster_role=True) == []
    assert len(elsewhere(cluster_role=False)) == 4
