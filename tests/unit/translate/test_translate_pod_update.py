import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from translate_builders import context, pod, unchanged

from vcli.syncer.translate.pods import mutable_patch, resize_patch, to_host

LIMITS = {"cpu": "1", "memory": "1Gi"}


def live(virtual: dict[str, Any], **surroundings: Any) -> dict[str, Any]:
    """The host pod as the API server shows it after a create."""
    host = copy.deepcopy(to_host(virtual, context(**surroundings)))
    host["metadata"] |= {"uid": "host-uid", "resourceVersion": "1", "generation": 1}
    host["spec"]["schedulerName"] = "default-scheduler"
    return host


def patch_between(
    before: dict[str, Any], after: dict[str, Any], *, resized: bool = True
) -> dict[str, Any] | None:
    host, desired = live(before), to_host(after, context())
    with unchanged(host, desired):
        return mutable_patch(host, desired, resized=resized)


def merged(host: Any, patch: Any) -> Any:
    """The part of strategic merge patch that is needed here."""
    if not isinstance(patch, dict):
        return patch
    if patch.get("$patch") == "replace":
        return {key: value for key, value in patch.items() if key != "$patch"}
    result = dict(host or {})
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif key in ("containers", "initContainers", "schedulingGates"):
            items = {item["name"]: item for item in result.get(key) or []}
            for item in value:
                if item.get("$patch") == "delete":
                    items.pop(item["name"], None)
                else:
                    items[item["name"]] = merged(items.get(item["name"]), item)
            result[key] = list(items.values())
        elif key == "ownerReferences":
            owners = {item["uid"]: item for item in result.get(key) or []}
            result[key] = list(
                (owners | {item["uid"]: owners.get(item["uid"], {}) | item for item in value}).values()
            )
        else:
            result[key] = merged(result.get(key), value)
    return result


def test_nothing_changed_nothing_to_do():
    virtual = pod(labels={"a": "1"}, generation=1, tolerations=[{"key": "k"}])
    assert patch_between(virtual, virtual) is None


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (
            {"containers": [{"name": "main", "image": "a:1"}, {"name": "side", "image": "b:1"}]},
            {"containers": [{"name": "main", "image": "a:2"}, {"name": "side", "image": "b:1"}]},
            {"containers": [{"name": "main", "image": "a:2"}]},
        ),
        (
            {"initContainers": [{"name": "init", "image": "a:1"}]},
            {"initContainers": [{"name": "init", "image": "a:2"}]},
            {"initContainers": [{"name": "init", "image": "a:2"}]},
        ),
        ({}, {"activeDeadlineSeconds": 60}, {"activeDeadlineSeconds": 60}),
        ({"activeDeadlineSeconds": 60}, {"activeDeadlineSeconds": 30}, {"activeDeadlineSeconds": 30}),
        (
            {"tolerations": [{"key": "a", "operator": "Exists"}]},
            {"tolerations": [{"key": "a", "operator": "Exists"}, {"key": "b", "value": "x"}]},
            {"tolerations": [{"key": "a", "operator": "Exists"}, {"key": "b", "value": "x"}]},
        ),
        (
            {
                "tolerations": [
                    {"key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
                ]
            },
            {
                "tolerations": [
                    {"key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 5}
                ]
            },
            {
                "tolerations": [
                    {"key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 5}
                ]
            },
        ),
        (
            {"schedulingGates": [{"name": "one"}, {"name": "two"}]},
            {"schedulingGates": [{"name": "two"}]},
            {"schedulingGates": [{"$patch": "delete", "name": "one"}]},
        ),
        (
            {"schedulingGates": [{"name": "one"}]},
            {"nodeSelector": {"disk": "ssd"}},
            {"schedulingGates": [{"$patch": "delete", "name": "one"}], "nodeSelector": {"disk": "ssd"}},
        ),
        (
            {"schedulingGates": [{"name": "one"}]},
            {"schedulingGates": [{"name": "one"}], "affinity": {"nodeAffinity": {"x": [1]}}},
            {"affinity": {"nodeAffinity": {"$patch": "replace", "x": [1]}}},
        ),
        (
            {"schedulingGates": [{"name": "one"}], "affinity": {"nodeAffinity": {"x": [1]}}},
            {"affinity": {"nodeAffinity": {"x": [1]}}},
            {"schedulingGates": [{"$patch": "delete", "name": "one"}]},
        ),
        (
            {"tolerations": [{"key": "a", "operator": "Equal", "value": "v"}]},
            {"tolerations": [{"key": "a", "value": "v"}, {"key": "a", "operator": "Exists"}]},
            {"tolerations": [{"key": "a", "value": "v"}, {"key": "a", "operator": "Exists"}]},
        ),
        (
            {"terminationGracePeriodSeconds": -1},
            {"terminationGracePeriodSeconds": 1},
            {"terminationGracePeriodSeconds": 1},
        ),
    ],
)
def test_what_may_change(before: dict[str, Any], after: dict[str, Any], expected: dict[str, Any]):
    patch = patch_between(pod(**before), pod(**after))
    assert patch is not None
    assert patch["spec"] == expected
    host = merged(live(pod(**before)), patch)
    assert mutable_patch(host, to_host(pod(**after), context())) is None, "one patch settles it"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"activeDeadlineSeconds": 60}, {"activeDeadlineSeconds": 90}),
        ({"activeDeadlineSeconds": 60}, {}),
        ({"tolerations": [{"key": "a"}]}, {"tolerations": []}),
        ({}, {"schedulingGates": [{"name": "late"}]}),
        ({"terminationGracePeriodSeconds": 30}, {"terminationGracePeriodSeconds": 1}),
        ({}, {"nodeSelector": {"disk": "ssd"}}),
    ],
)
def test_what_the_api_would_reject_is_not_tried(before: dict[str, Any], after: dict[str, Any]):
    assert "spec" not in (patch_between(pod(**before), pod(**after)) or {})


def test_what_the_hosts_admission_made_of_it_is_not_fought_over():
    virtual = pod(tolerations=[{"key": "a"}])
    host = live(virtual)
    host["spec"]["containers"][0]["image"] = "mirror.example/nginx:1"
    host["spec"]["containers"].append({"name": "injected", "image": "proxy"})
    host["spec"]["tolerations"] = [{"key": "host"}, {"key": "a"}]
    host["metadata"]["labels"]["injected"] = "yes"
    host["metadata"]["annotations"]["injected"] = "yes"
    assert mutable_patch(host, to_host(virtual, context())) is None


def test_a_change_leaves_what_the_host_added():
    host = live(pod(tolerations=[{"key": "a"}]))
    host["spec"]["tolerations"] = [{"key": "host"}, {"key": "a"}]
    changed = pod(tolerations=[{"key": "a"}, {"key": "b"}])
    patch = mutable_patch(host, to_host(changed, context()))
    assert patch is not None
    assert patch["spec"]["tolerations"] == [{"key": "host"}, {"key": "a"}, {"key": "b"}]


# --- labels and annotations

maps = st.dictionaries(
    st.sampled_from(["app", "release", "a", "vcli.dev/x"]), st.sampled_from(["vcluster", "1", "2"])
)


@given(maps, maps, maps, maps)
def test_labels_and_annotations_follow_and_others_survive(labels, new_labels, annotations, new_annotations):
    host = live(pod(labels=labels, annotations=annotations))
    host["metadata"]["labels"]["host/own"] = "kept"
    host["metadata"]["annotations"]["host/own"] = "kept"
    desired = to_host(pod(labels=new_labels, annotations=new_annotations), context())
    patch = mutable_patch(host, desired)
    settled = merged(host, patch or {})
    for field in ("labels", "annotations"):
        assert settled["metadata"][field] == desired["metadata"][field] | {"host/own": "kept"}
    assert mutable_patch(settled, desired) is None


def test_relabelled_namespace():
    host = live(pod(), namespace_labels={"env": "dev", "team": "x"})
    desired = to_host(pod(), context(namespace_labels={"env": "prod"}))
    settled = merged(host, mutable_patch(host, desired))
    assert settled["metadata"]["labels"] == desired["metadata"]["labels"]


@pytest.mark.parametrize("remembered", [None, "", "nonsense", "[]", '{"labels": 7}', "null"])
def test_damaged_bookkeeping_removes_nothing(remembered: str | None):
    host = live(pod(labels={"a": "1"}))
    if remembered is None:
        del host["metadata"]["annotations"]["vcli.dev/managed-keys"]
    else:
        host["metadata"]["annotations"]["vcli.dev/managed-keys"] = remembered
    patch = mutable_patch(host, to_host(pod(), context()))
    assert patch is not None
    assert None not in patch["metadata"].get("labels", {}).values()
    assert "vcli.dev/managed-keys" in patch["metadata"]["annotations"]


@pytest.mark.parametrize("adopted", [True, False])
def test_adoption_and_release_by_a_controller(*, adopted: bool):
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "r", "uid": "u", "controller": True}
    before, after = (pod(), pod(owners=[owner])) if adopted else (pod(owners=[owner]), pod())
    host = merged(live(before), patch_between(before, after))
    assert bool(host["metadata"]["ownerReferences"][0].get("controller")) is adopted
    assert mutable_patch(host, to_host(after, context())) is None


# --- generation and resize


def test_the_generation_is_synced():
    patch = patch_between(pod(generation=1), pod(generation=2))
    assert patch == {"metadata": {"annotations": {"vcli.dev/generation": "2"}}}


def container(resources: dict[str, Any], name: str = "main") -> dict[str, Any]:
    return {"name": name, "image": "i", "resources": resources}


def test_resize():
    before = pod(containers=[container({"requests": LIMITS, "limits": LIMITS})], generation=1)
    after = pod(containers=[container({"requests": LIMITS, "limits": LIMITS | {"cpu": "2"}})], generation=2)
    host, desired = live(before), to_host(after, context())
    patch = resize_patch(host, desired)
    assert patch == {"spec": {"containers": [{"name": "main", "resources": {"limits": {"cpu": "2"}}}]}}
    assert mutable_patch(host, desired, resized=False) is None, (
        "the generation isn't reached before the resize"
    )
    settled = merged(merged(host, patch), mutable_patch(merged(host, patch), desired))
    assert settled["metadata"]["annotations"]["vcli.dev/generation"] == "2"
    assert resize_patch(settled, desired) is None
    assert mutable_patch(settled, desired) is None


def test_resize_of_the_pod_and_of_a_sidecar():
    before = pod(resources={"limits": {"cpu": "1"}}, initContainers=[container({}, "side")])
    after = pod(
        resources={"limits": {"cpu": "2"}}, initContainers=[container({"requests": {"cpu": "1"}}, "side")]
    )
    assert resize_patch(live(before), to_host(after, context())) == {
        "spec": {
            "resources": {"limits": {"cpu": "2"}},
            "initContainers": [{"name": "side", "resources": {"requests": {"cpu": "1"}}}],
        }
    }


def test_what_a_limit_range_of_the_host_added_is_no_resize():
    virtual = pod()
    host = live(virtual)
    host["spec"]["containers"][0]["resources"] = {"limits": {"cpu": "500m"}}
    assert resize_patch(host, to_host(virtual, context())) is None
    other = to_host(pod(containers=[container({"requests": {"memory": "1Gi"}})]), context())
    patch = resize_patch(host, other)
    assert patch == {"spec": {"containers": [{"name": "main", "resources": {"requests": {"memory": "1Gi"}}}]}}
