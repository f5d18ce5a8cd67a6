import pytest
from hypothesis import given
from hypothesis import strategies as st
from translate_builders import OWNER, SCOPE, pod, unchanged

from vcli.syncer.translate import keys
from vcli.syncer.translate.labels import (
    host_label_selector,
    host_labels,
    host_namespace_labels,
    host_selector,
    matches,
    selector_text,
    with_namespace_selector,
)
from vcli.syncer.translate.metadata import POD_TOKENS, host_metadata, virtual_name_of, virtual_uid_of
from vcli.syncer.translate.names import VirtualName
from vcli.syncer.translate.scope import Scope

# What tenants put there, and what would hurt if it came through.
label_keys = st.sampled_from(
    [
        "app",
        "k8s-app",
        "release",
        "tier",
        "vcli.dev/managed-by",
        "vcli.dev/namespace",
        "label.vcli.dev/release",
        "v.vcli.dev/x",
    ]
)
label_values = st.sampled_from(["vcluster", "kube-dns", "demo", "other", "web", ""])
label_maps = st.dictionaries(label_keys, label_values)


def test_metadata_of_a_host_object():
    virtual = pod(labels={"app": "web"}, annotations={"note": "mine"})
    assert host_metadata(virtual, kind="Pod", scope=SCOPE) == {
        "name": "web-x-default-x-demo",
        "namespace": "team-a",
        "labels": {"app": "web", "vcli.dev/managed-by": "demo", "vcli.dev/namespace": "default"},
        "annotations": {
            "note": "mine",
            "vcli.dev/name": "web",
            "vcli.dev/namespace": "default",
            "vcli.dev/uid": "uid-web",
            "vcli.dev/kind": "Pod",
        },
        "ownerReferences": [OWNER],
    }


def test_what_is_never_copied():
    virtual = pod(annotations={"kubectl.kubernetes.io/last-applied-configuration": "{}"})
    virtual["metadata"] |= {
        "resourceVersion": "7",
        "generateName": "web-",
        "finalizers": ["example.com/hold"],
        "managedFields": [{}],
        "creationTimestamp": "2026-01-01T00:00:00Z",
        "deletionTimestamp": "2026-01-01T00:00:00Z",
        "ownerReferences": [{"kind": "Job", "name": "j", "uid": "u", "apiVersion": "batch/v1"}],
    }
    metadata = host_metadata(virtual, kind="Pod", scope=SCOPE)
    assert set(metadata) == {"name", "namespace", "labels", "annotations", "ownerReferences"}
    assert metadata["ownerReferences"] == [OWNER]
    assert "kubectl.kubernetes.io/last-applied-configuration" not in metadata["annotations"]


@pytest.mark.parametrize(("controller", "expected"), [(True, True), (False, None), (None, None)])
def test_controller_only_where_the_virtual_object_has_one(*, controller: bool | None, expected: bool | None):
    owner = {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "name": "web",
        "uid": "u",
        "controller": controller,
    }
    reference = host_metadata(pod(owners=[owner]), kind="Pod", scope=SCOPE)["ownerReferences"][0]
    assert reference.get("controller") == expected
    assert reference["uid"] == "owner-uid"


def test_a_tenant_can_not_forge_our_annotations():
    metadata = host_metadata(pod(annotations={"vcli.dev/name": "other"}), kind="Pod", scope=SCOPE)
    assert metadata["annotations"]["vcli.dev/name"] == "web"
    assert metadata["annotations"]["v.vcli.dev/name"] == "other"


def test_cluster_scoped_objects_have_no_owner_and_no_namespace():
    metadata = host_metadata({"metadata": {"name": "fast", "uid": "u"}}, kind="StorageClass", scope=SCOPE)
    assert metadata["name"] == "vcli-fast-x-team-a-x-demo"
    assert not metadata.keys() & {"namespace", "ownerReferences"}
    assert keys.NAMESPACE not in metadata["labels"]
    assert metadata["labels"][keys.HOST_NAMESPACE] == "team-a"
    assert virtual_name_of({"metadata": metadata}, scope=SCOPE) == VirtualName("", "fast")


# --- whose is it


@pytest.mark.parametrize("kind", ["Pod", POD_TOKENS])
def test_our_object_is_recognized(kind: str):
    host = {"metadata": host_metadata(pod(), kind=kind, scope=SCOPE)}
    assert virtual_name_of(host, scope=SCOPE) == VirtualName("default", "web")
    assert virtual_name_of(host, scope=SCOPE, kind=kind) == VirtualName("default", "web")
    assert virtual_name_of(host, scope=SCOPE, kind="Secret") is None
    assert virtual_uid_of(host) == "uid-web"


@pytest.mark.parametrize(
    "change",
    [
        lambda metadata: metadata | {"name": "copy"},
        lambda metadata: metadata | {"namespace": "team-b"},
        lambda metadata: metadata | {"labels": {}},
        lambda metadata: metadata | {"labels": None, "annotations": None},
        lambda metadata: metadata | {"labels": metadata["labels"] | {keys.MANAGED_BY: "other"}},
        lambda metadata: metadata | {"labels": metadata["labels"] | {keys.NAMESPACE: "other"}},
        lambda metadata: metadata | {"annotations": metadata["annotations"] | {keys.NAME: "other"}},
        lambda metadata: metadata | {"annotations": metadata["annotations"] | {keys.NAMESPACE: "other"}},
        lambda metadata: metadata | {"annotations": metadata["annotations"] | {keys.KIND: POD_TOKENS}},
        lambda metadata: metadata | {"annotations": {}},
    ],
)
def test_copies_and_strangers_are_not_ours(change):
    metadata = host_metadata(pod(), kind="Pod", scope=SCOPE)
    assert virtual_name_of({"metadata": change(metadata)}, scope=SCOPE) is None


def test_a_neighbour_cluster_does_not_see_it_as_its_own():
    host = {"metadata": host_metadata(pod(), kind="Pod", scope=SCOPE)}
    neighbour = Scope(cluster="other", host_namespace="team-a", owner=OWNER)
    assert virtual_name_of(host, scope=neighbour) is None


def test_uid_of_a_stranger():
    assert virtual_uid_of({"metadata": {"name": "x"}}) is None


# --- labels and selectors


@pytest.mark.parametrize("cluster", ["demo", "neighbour"])
def test_a_tenant_pod_never_receives_api_traffic(cluster: str):
    labels = host_labels({"app": "vcluster", "release": cluster}, "default", SCOPE)
    assert not matches({"matchLabels": {"app": "vcluster", "release": cluster}}, labels)


def test_app_and_release_stay_where_they_do_no_harm():
    labels = {"app": "web", "release": "demo"}
    assert host_labels(labels, "default", SCOPE).items() >= labels.items()


def test_the_virtual_clusters_dns_does_not_look_like_the_hosts():
    labels = host_labels({"k8s-app": "kube-dns"}, "kube-system", SCOPE)
    assert "k8s-app" not in labels
    selector = host_selector({"k8s-app": "kube-dns"}, "kube-system", SCOPE)
    assert selector.items() <= labels.items()
    others = host_labels({"k8s-app": "web"}, "kube-system", SCOPE)
    assert others["k8s-app"] == "web"
    assert not selector.items() <= others.items()


@given(label_maps)
def test_the_control_plane_service_selects_no_tenant_pod(labels: dict[str, str]):
    translated = host_labels(labels, "default", SCOPE)
    for cluster in label_values.elements:  # type: ignore[attr-defined]
        assert not matches({"matchLabels": {"app": "vcluster", "release": cluster}}, translated)
    assert translated[keys.MANAGED_BY] == "demo"
    assert translated[keys.NAMESPACE] == "default"


expressions = st.lists(
    st.fixed_dictionaries({"key": label_keys, "operator": st.sampled_from(["In", "NotIn"])}).flatmap(
        lambda base: st.lists(label_values, min_size=1).map(lambda values: base | {"values": values})
    )
    | st.fixed_dictionaries({"key": label_keys, "operator": st.sampled_from(["Exists", "DoesNotExist"])}),
    max_size=3,
)


@given(label_maps, label_maps, expressions)
def test_selectors_match_on_the_host_what_they_match_in_the_virtual_cluster(labels, wanted, exprs):
    selector = {"matchLabels": wanted, "matchExpressions": exprs}
    on_host = host_labels(labels, "default", SCOPE)
    with unchanged(selector, labels):
        translated = host_label_selector(selector, "default", SCOPE)
    assert matches(translated, on_host) == matches(selector, labels)
    assert not matches(translated, host_labels(labels, "elsewhere", SCOPE))
    assert matches(host_label_selector(selector, None, SCOPE), on_host) == matches(selector, labels)


@given(label_maps, label_maps)
def test_map_selectors_match_on_the_host_what_they_match_in_the_virtual_cluster(labels, wanted):
    translated = {"matchLabels": host_selector(wanted, "default", SCOPE)}
    assert matches(translated, host_labels(labels, "default", SCOPE)) == matches(
        {"matchLabels": wanted}, labels
    )
    assert not matches(translated, host_labels(labels, "elsewhere", SCOPE))


@pytest.mark.parametrize(
    ("selector", "text"),
    [
        ({}, ""),
        ({"matchLabels": {"tier": "gold", "example.com/for": ""}}, "tier=gold,example.com/for="),
        ({"matchExpressions": [{"key": "a", "operator": "In", "values": ["b", "c"]}]}, "a in (b,c)"),
        ({"matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["b"]}]}, "a notin (b)"),
        (
            {
                "matchLabels": {"tier": "gold"},
                "matchExpressions": [
                    {"key": "a", "operator": "Exists", "values": []},
                    {"key": "b", "operator": "DoesNotExist"},
                ],
            },
            "tier=gold,a,!b",
        ),
    ],
)
def test_selectors_as_the_api_takes_them(selector, text: str):
    assert selector_text(selector) == text


def test_an_empty_selector_keeps_to_its_namespace():
    assert host_label_selector({}, "default", SCOPE) == {
        "matchLabels": {keys.MANAGED_BY: "demo", keys.NAMESPACE: "default"}
    }


@pytest.mark.parametrize(
    ("selector", "matching"),
    [
        ({}, {"prod", "dev", "bare"}),
        ({"matchLabels": {"env": "prod"}}, {"prod"}),
        ({"matchExpressions": [{"key": "env", "operator": "Exists"}]}, {"prod", "dev"}),
        ({"matchExpressions": [{"key": "env", "operator": "NotIn", "values": ["prod"]}]}, {"dev", "bare"}),
        ({"matchLabels": {"kubernetes.io/metadata.name": "dev"}}, {"dev"}),
    ],
)
def test_namespace_selectors_by_labels_of_pods(selector, matching: set[str]):
    namespaces = {"prod": {"env": "prod"}, "dev": {"env": "dev"}, "bare": {}}
    translated = with_namespace_selector(host_label_selector({}, None, SCOPE), selector)
    found = {
        name
        for name, labels in namespaces.items()
        if matches(
            translated,
            host_labels({}, name, SCOPE)
            | host_namespace_labels({**labels, "kubernetes.io/metadata.name": name}),
        )
    }
    assert found == matching


@pytest.mark.parametrize(
    ("key", "on_host"),
    [
        ("app", "app"),
        ("example.com/app", "example.com/app"),
        ("notvcli.dev/app", "notvcli.dev/app"),
        ("vcli.dev", "vcli.dev"),
        ("vcli.dev/name", "v.vcli.dev/name"),
        ("label.vcli.dev/k8s-app", "v.label.vcli.dev/k8s-app"),
        ("label.vcli.dev/release", "v.label.vcli.dev/release"),
        ("v.vcli.dev/name", "v.v.vcli.dev/name"),
    ],
)
def test_keys_of_our_domain_move_one_level_down(key: str, on_host: str):
    assert keys.host_key(key) == on_host
