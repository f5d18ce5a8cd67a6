"""Patches of the values: names and selectors in fields of custom resources."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from translate_builders import SCOPE, unchanged

from vcli.contract.paths import EACH, parse
from vcli.syncer.translate.fields import changed_at, found_at, one_at
from vcli.syncer.translate.labels import host_labels, matches
from vcli.syncer.translate.patches import GroupKind, Place, UnfitError, load, patched, references

Object = dict[str, Any]

PLACES: dict[GroupKind, Place] = {
    GroupKind("", "Secret"): "namespaced",
    GroupKind("", "ConfigMap"): "namespaced",
    GroupKind("storage.k8s.io", "StorageClass"): "host",
    GroupKind("example.com", "ClusterIssuer"): "cluster",
}
SECRET = {"apiVersion": "v1", "kind": "Secret"}
ISSUER = {
    "apiVersion": "example.com/v1",
    "kind": "Issuer",
    "kindPath": "kind",
    "namePath": "name",
    "namespacePath": "namespace",
}


def on_host(spec: Any, *patches: Object, namespace: str = "web") -> Any:
    obj = {"metadata": {"name": "it", "namespace": namespace}, "spec": spec}
    with unchanged(obj):
        made = patched(obj, [load(each) for each in patches], places=PLACES, scope=SCOPE)
    return made["spec"]


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("spec", ("spec",)),
        ("spec.secretName", ("spec", "secretName")),
        ("spec.a[*].b[2].c", ("spec", "a", EACH, "b", 2, "c")),
        ("spec.a[*][*]", ("spec", "a", EACH, EACH)),
        ('metadata.annotations["example.com/a.b"]', ("metadata", "annotations", "example.com/a.b")),
        ("metadata.annotations['a']", ("metadata", "annotations", "a")),
    ],
)
def test_paths(text: str, steps: tuple[Any, ...]) -> None:
    assert parse(text) == steps


@pytest.mark.parametrize(
    "text", ["", ".", "spec.", "spec..a", "spec[", "spec[a]", "[0]", "a b", "$..a[?(@.x)]"]
)
def test_no_paths(text: str) -> None:
    with pytest.raises(ValueError, match="is not a path"):
        parse(text)


NAMES = st.sampled_from(["a", "b", "name", "x-y"])
VALUES = st.recursive(
    st.none() | st.text(max_size=3) | st.integers(0, 3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
PATHS = st.lists(NAMES | st.integers(0, 2) | st.just(EACH), max_size=4).map(tuple)


@given(VALUES, PATHS)
def test_what_is_changed_is_what_is_found_and_nothing_else(value: Any, path: tuple[Any, ...]) -> None:
    before = repr(value)
    found = list(found_at(value, path))
    seen: list[Any] = []
    same = changed_at(value, path, lambda each: seen.append(each) or each)
    assert seen == found
    assert same == value
    marked = changed_at(value, path, lambda _: "changed")
    assert list(found_at(marked, path)) == ["changed"] * len(found)
    assert one_at(value, path) == (found[0] if found else None)
    assert repr(value) == before


def test_a_name_in_a_field() -> None:
    patch = {"path": "spec.secretName", "reference": SECRET}
    assert on_host({"secretName": "tls", "x": 1}, patch) == {"secretName": "tls-x-web-x-demo", "x": 1}
    assert on_host({"secretName": ""}, patch) == {"secretName": ""}
    assert on_host({"secretName": None}, patch) == {"secretName": None}
    assert on_host({"other": "tls"}, patch) == {"other": "tls"}


def test_names_in_lists() -> None:
    patch = {"path": "spec.listeners[*].tls.certificateRefs[*].name", "reference": SECRET}
    spec = {"listeners": [{"tls": {"certificateRefs": [{"name": "a"}, {"name": "b"}]}}, {"port": 80}]}
    assert on_host(spec, patch) == {
        "listeners": [
            {"tls": {"certificateRefs": [{"name": "a-x-web-x-demo"}, {"name": "b-x-web-x-demo"}]}},
            {"port": 80},
        ]
    }


@pytest.mark.parametrize(
    ("value", "host"),
    [
        ({"name": "ca"}, {"name": "ca-x-web-x-demo"}),
        ({"name": "ca", "kind": "Issuer"}, {"name": "ca-x-web-x-demo", "kind": "Issuer"}),
        (
            {"name": "ca", "namespace": "infra"},
            {"name": "ca-x-infra-x-demo", "namespace": SCOPE.host_namespace},
        ),
        (
            {"name": "ca", "kind": "ClusterIssuer"},
            {"name": f"vcli-ca-x-{SCOPE.host_namespace}-x-demo", "kind": "ClusterIssuer"},
        ),
        ({"name": "ca", "kind": "HostIssuer"}, {"name": "ca", "kind": "HostIssuer"}),
        ({"kind": "Issuer"}, {"kind": "Issuer"}),
    ],
)
def test_a_reference_that_says_its_kind(value: Object, host: Object) -> None:
    assert on_host({"issuerRef": value}, {"path": "spec.issuerRef", "reference": ISSUER}) == {
        "issuerRef": host
    }


def test_no_kind_that_is_in_namespaces_is_named_as_it_is() -> None:
    """Else a tenant would name what an administrator has in the host namespace."""
    reference = {**SECRET, "kindPath": "kind", "namePath": "name", "apiVersionPath": "apiVersion"}
    patch = {"path": "spec.ref", "reference": reference}
    for value in ({"kind": "ConfigMap"}, {"apiVersion": "v1"}, {"kind": "Secret", "apiVersion": "v1"}):
        assert on_host({"ref": {**value, "name": "a"}}, patch)["ref"]["name"] == "a-x-web-x-demo"


def test_the_configs_that_are_named() -> None:
    patches = [
        {"path": "spec.secretName", "reference": SECRET},
        {"path": "spec.issuerRef", "reference": ISSUER},
        {"path": "spec.selector", "labels": {}},
    ]
    obj = {"metadata": {"namespace": "web"}, "spec": {"secretName": "tls", "issuerRef": {"name": 5}}}
    [found] = references(obj, [load(each) for each in patches], PLACES)
    assert found == (GroupKind("", "Secret"), ("web", "tls"), "namespaced")


def test_what_is_no_name() -> None:
    with pytest.raises(UnfitError, match=r"spec\.secretName: no name"):
        on_host({"secretName": 5}, {"path": "spec.secretName", "reference": SECRET})
    with pytest.raises(UnfitError, match=r"names Secret tls, and no namespace"):
        on_host({"secretName": "tls"}, {"path": "spec.secretName", "reference": SECRET}, namespace="")
    with pytest.raises(UnfitError, match=r"spec\.selector: no selector"):
        on_host({"selector": "a=b"}, {"path": "spec.selector", "labels": {}})
    with pytest.raises(UnfitError, match="of one namespace"):
        on_host({"selector": {"a": "b"}}, {"path": "spec.selector", "labels": {}}, namespace="")


LABELS = st.dictionaries(st.sampled_from(["app", "release", "vcli.dev/name"]), st.sampled_from("ab"))


@given(LABELS, LABELS, st.sampled_from(["mapping", "selector"]), st.sampled_from(["web", "other"]))
def test_a_selector_selects_the_same_on_the_host(
    wanted: dict[str, str], labels: dict[str, str], form: str, namespace: str
) -> None:
    selector: Any = wanted if form == "mapping" and wanted else {"matchLabels": wanted}
    made = on_host({"selector": selector}, {"path": "spec.selector", "labels": {}})["selector"]
    translated = made if "matchLabels" in made else {"matchLabels": made}
    selected = namespace == "web" and matches({"matchLabels": wanted}, labels)
    assert matches(translated, host_labels(labels, namespace, SCOPE)) is selected
