"""Paths of fields in which two states of an object differ."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vcli.controlplane.differences import differences


def pod(*containers: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {"kind": "Pod", "metadata": {"name": "a", **metadata}, "spec": {"containers": list(containers)}}


ETCD, API = {"name": "etcd", "image": "etcd:1"}, {"name": "api", "image": "api:1", "args": ["-a", "-b"]}


@pytest.mark.parametrize(
    ("before", "after", "paths"),
    [
        (pod(ETCD, API), pod(ETCD, API), []),
        (pod(ETCD, API), pod(ETCD | {"image": "etcd:2"}, API), ["spec.containers[etcd].image"]),
        (pod(ETCD, API), pod(API, ETCD), ["spec.containers"]),
        (pod(ETCD), pod(ETCD, API), ["spec.containers[api]"]),
        (pod(ETCD, API), pod(API), ["spec.containers[etcd]"]),
        (pod(API), pod(API | {"args": ["-a", "-c"]}), ["spec.containers[api].args[1]"]),
        (pod(API), pod(API | {"args": ["-a"]}), ["spec.containers[api].args"]),
        (pod(labels={"a": "1"}), pod(labels={"a": "1", "b": "2"}), ["metadata.labels.b"]),
        (pod(), pod(labels={"b": "2"}), ["metadata.labels"]),
        (
            pod(annotations={"vcli.dev/checksum": "1"}),
            pod(annotations={"vcli.dev/checksum": "2"}),
            ["metadata.annotations[vcli.dev/checksum]"],
        ),
        ({"data": {"config.yaml": "YQ=="}}, {"data": {"config.yaml": "Yg=="}}, ["data[config.yaml]"]),
        (pod(ETCD, ETCD), pod(ETCD, ETCD | {"image": "etcd:2"}), ["spec.containers[1].image"]),
        ({"a": [1]}, {"a": {"b": 1}}, ["a"]),
        ({"spec": {"a": None}}, {"spec": {}}, ["spec.a"]),
    ],
)
def test_paths(before: dict[str, Any], after: dict[str, Any], paths: list[str]):
    assert differences(before, after) == paths


def test_what_the_server_writes_by_itself_is_no_difference():
    own = {
        "creationTimestamp": "2026-01-01T00:00:00Z",
        "generation": 2,
        "managedFields": [{"manager": "vcli"}],
        "resourceVersion": "7",
        "uid": "u",
    }
    assert differences(pod(ETCD, **own) | {"status": {"phase": "Running"}}, pod(ETCD)) == []
    # Only there: a field of that name elsewhere counts.
    assert differences({"spec": {"generation": 1}}, {"spec": {"generation": 2}}) == ["spec.generation"]


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-2, 2), st.sampled_from(["", "a", "b"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["a", "b", "name", "x.y/z"]), inner)
    ),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.sampled_from(["spec", "data", "rules"]), VALUES)


@given(OBJECTS, OBJECTS)
def test_there_is_a_path_exactly_when_the_objects_differ(before: dict[str, Any], after: dict[str, Any]):
    found = differences(before, after)
    assert bool(found) == (before != after)
    assert len(set(found)) == len(found)
    assert sorted(found) == sorted(differences(after, before))


@given(OBJECTS)
def test_nothing_of_a_value_is_in_a_path(obj: dict[str, Any]):
    secret = "hunter2-is-the-password"
    changed = {**obj, "data": {"password": secret}}
    assert all(secret not in path for path in differences(obj, changed))
