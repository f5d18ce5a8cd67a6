"""Custom resources in the values: what is taken, what is refused, and what follows for the syncer."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from vcli.config import load
from vcli.config.dump import dump
from vcli.config.load import from_mapping
from vcli.config.synced import custom_kinds, custom_resources
from vcli.controlplane import rights
from vcli.controlplane.names import Names
from vcli.errors import UsageError

NAME = "certificates.cert-manager.io"
SECRET = {"path": "spec.secretName", "reference": {"apiVersion": "v1", "kind": "Secret"}}
NAMES = Names("demo", "team")
Object = dict[str, Any]


def values_of(custom: Object, **more: Any) -> Any:
    return from_mapping({"sync": {"toHost": {"customResources": custom}}, **more}, name="values")


def roles(values: Any) -> tuple[list[Object], list[Object]]:
    """The rules of Role and ClusterRole that are not there by default."""
    _, _, role, _ = rights.render(NAMES, values, with_features=frozenset())
    _, _, plain, _ = rights.render(NAMES, load(), with_features=frozenset())
    of_cluster = rights.render_of_cluster(NAMES, values)
    more = [rule for rule in role["rules"] if rule not in plain["rules"]]
    return more, of_cluster[0]["rules"] if of_cluster else []


def test_what_the_syncer_is_told() -> None:
    patches = [SECRET, {"path": "spec.selector", "labels": {}}]
    values = values_of({NAME: {"enabled": True, "patches": patches}, "off.example.com": {"enabled": False}})
    assert custom_resources(values) == {
        f"toHost.customResources.{NAME}": {"scope": "Namespaced", "patches": patches}
    }
    assert from_mapping({"sync": dump(values)["sync"]}, name="dumped").sync == values.sync


def test_the_rights_that_it_takes() -> None:
    more, of_cluster = roles(values_of({NAME: {"enabled": True}}))
    verbs = ["list", "watch", "create", "patch", "delete"]
    assert more == [{"apiGroups": ["cert-manager.io"], "resources": ["certificates"], "verbs": verbs}]
    assert of_cluster == [
        {
            "apiGroups": ["apiextensions.k8s.io"],
            "resources": ["customresourcedefinitions"],
            "resourceNames": [NAME],
            "verbs": ["list", "watch"],
        }
    ]
    off = {"rbac": {"clusterRole": {"enabled": False}}}
    assert roles(values_of({NAME: {"enabled": True}}, **off)) == (more, [])
    assert roles(values_of({NAME: {"enabled": False}})) == ([], [])


def test_one_of_the_whole_host_takes_rights_there() -> None:
    more, of_cluster = roles(values_of({NAME: {"enabled": True, "scope": "Cluster"}}))
    assert more == []
    assert [rule["resources"] for rule in of_cluster] == [
        ["customresourcedefinitions"],
        ["certificates"],
        ["clusterroles"],
    ]


def test_none_are_named_by_default() -> None:
    assert custom_kinds(load()) == []
    assert custom_resources(load()) == {}


@pytest.mark.parametrize(
    ("custom", "message", "hint"),
    [
        ({NAME: {}}, f"{NAME}.enabled: must be given", None),
        ({"certificates": {"enabled": True}}, "'certificates' is not a plural with its group", None),
        (
            {"ingresses.networking.k8s.io": {"enabled": True}},
            "a kind that vcli knows",
            "sync.toHost.ingresses.enabled",
        ),
        ({"leases.coordination.k8s.io": {"enabled": True}}, "a kind of Kubernetes itself", None),
        (
            {NAME: {"enabled": True, "patches": [{"path": "spec.a", "expression": "value"}]}},
            f"{NAME}.patches[0].expression: a JavaScript expression, which vcli does not run",
            "reference translates",
        ),
        (
            {NAME: {"enabled": True, "patches": [SECRET, {"path": "spec.a"}]}},
            f"{NAME}.patches[1]: one of reference and labels must be given",
            None,
        ),
        (
            {NAME: {"enabled": True, "patches": [{**SECRET, "path": "metadata.namespace"}]}},
            f"{NAME}.patches[0].path: metadata.namespace can't be patched",
            "below spec",
        ),
        (
            {NAME: {"enabled": True, "patches": [{"path": "spec.a", "labels": {"a": "b"}}]}},
            "must be an empty mapping, {}",
            None,
        ),
    ],
)
def test_what_is_refused(custom: Object, message: str, hint: str | None, tmp_path: Path) -> None:
    path = tmp_path / "values.yaml"
    path.write_text(yaml.safe_dump({"sync": {"toHost": {"customResources": custom}}}))
    with pytest.raises(UsageError) as caught:
        load([path])
    assert f"{path}:" in caught.value.message
    assert message in caught.value.message
    assert (hint or "") in (caught.value.hint or "")


def test_an_annotation_may_be_patched() -> None:
    patch = {**SECRET, "path": 'metadata.annotations["example.com/secret"]'}
    assert values_of({NAME: {"enabled": True, "patches": [patch]}})


def shown(custom: Object) -> Any:
    return from_mapping({"sync": {"fromHost": {"customResources": custom}}}, name="values")


READ = ["list", "watch"]


@pytest.mark.parametrize(
    ("custom", "in_namespace", "of_cluster"),
    [
        ({"scope": "Namespaced", "mappings": {"byName": {"": "web/*"}}}, ["certificates"], []),
        ({"scope": "Namespaced", "mappings": {"byName": {"/a": "web/a"}}}, ["certificates"], []),
        ({"scope": "Namespaced", "mappings": {"byName": {"infra/a": "web/a"}}}, [], ["certificates"]),
        ({"scope": "Cluster"}, [], ["certificates"]),
    ],
)
def test_the_rights_to_show_some(custom: Object, in_namespace: list[str], of_cluster: list[str]) -> None:
    more, found = roles(shown({NAME: {"enabled": True, **custom}}))
    assert [rule["resources"] for rule in more] == ([in_namespace] if in_namespace else [])
    assert [rule["resources"][0] for rule in found] == ["customresourcedefinitions", *of_cluster]
    assert all(rule["verbs"] == READ for rule in (*more, *found))


def test_what_the_syncer_is_told_of_those_it_shows() -> None:
    selector = {"matchLabels": {"a": "b"}}
    by_name = {"infra/a": "web/b"}
    custom = {"enabled": True, "scope": "Namespaced", "mappings": {"byName": by_name}, "selector": selector}
    assert custom_resources(shown({NAME: custom})) == {
        f"fromHost.customResources.{NAME}": {
            "scope": "Namespaced",
            "mappings": by_name,
            "selector": selector,
        }
    }


@pytest.mark.parametrize(
    ("custom", "message"),
    [
        ({"enabled": True}, "scope: must be given"),
        ({"enabled": True, "scope": "Namespaced"}, "mappings.byName: must be given"),
        (
            {"enabled": True, "scope": "Cluster", "mappings": {"byName": {"": "a/*"}}},
            "of no use for what is in no namespace",
        ),
        (
            {"enabled": True, "scope": "Namespaced", "mappings": {"byName": {"a/b": "c"}}},
            "mappings.byName.a/b: 'c' is not NAMESPACE/NAME",
        ),
        ({"enabled": True, "scope": "Cluster", "patches": []}, "unknown key"),
    ],
)
def test_what_is_refused_of_those_from_the_host(custom: Object, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        shown({NAME: custom})
    assert message in caught.value.message
