"""What was applied, read back from managedFields."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from vcli.controlplane.ownership import applied


def live(fields: dict[str, Any], **content: Any) -> dict[str, Any]:
    entries = [
        {"manager": "kube-controller-manager", "operation": "Update", "fieldsV1": {"f:status": {}}},
        {"manager": "vcli", "operation": "Update", "fieldsV1": {"f:spec": {"f:foreign": {}}}},
        {"manager": "vcli", "operation": "Apply", "fieldsV1": fields},
    ]
    metadata = {"name": "demo", "namespace": "team", "uid": "u", "managedFields": entries}
    return {
        "apiVersion": "v1",
        "kind": "Thing",
        **content,
        "metadata": {**metadata, **content.get("metadata", {})},
    }


IDENTITY = {
    "apiVersion": "v1",
    "kind": "Thing",
    "metadata": {"name": "demo", "namespace": "team"},
}


def test_only_our_own_fields():
    obj = live({"f:data": {"f:a": {}}}, data={"a": "1", "b": "2"}, status={"x": 1}, spec={"foreign": 1})
    assert applied(obj, manager="vcli") == {**IDENTITY, "data": {"a": "1"}}


def test_labels_and_owner():
    owner = {"kind": "Service", "name": "demo", "uid": "o"}
    obj = live(
        {"f:metadata": {"f:labels": {"f:app": {}}, "f:ownerReferences": {'k:{"uid":"o"}': {}}}},
        metadata={"labels": {"app": "x", "other": "y"}, "ownerReferences": [{"uid": "z"}, owner]},
    )
    assert applied(obj, manager="vcli") == {
        **IDENTITY,
        "metadata": {**IDENTITY["metadata"], "labels": {"app": "x"}, "ownerReferences": [owner]},
    }


# The protocol was not applied: it is a key all the same, as it has a default.
PORTS = {'k:{"containerPort":2379,"protocol":"TCP"}': {".": {}, "f:containerPort": {}}}


def test_items_of_lists_in_their_order():
    fields = {
        "f:spec": {
            "f:containers": {
                'k:{"name":"syncer"}': {".": {}, "f:name": {}, "f:image": {}},
                'k:{"name":"etcd"}': {".": {}, "f:name": {}, "f:command": {}, "f:ports": PORTS},
            },
            "f:finalizers": {'v:"ours"': {}},
            "f:places": {"i:1": {"f:a": {}}},
        }
    }
    spec = {
        "containers": [
            {
                "name": "etcd",
                "command": ["etcd", "-x"],
                "terminationMessagePath": "/dev/x",
                "ports": [
                    {"containerPort": 2379, "protocol": "UDP"},
                    {"containerPort": 2379, "protocol": "TCP"},
                ],
            },
            {"name": "injected", "image": "sidecar"},
            {"name": "syncer", "image": "python", "imagePullPolicy": "Always"},
        ],
        "finalizers": ["theirs", "ours"],
        "places": [{"a": 1}, {"a": 2, "b": 3}],
    }
    assert applied(live(fields, spec=spec), manager="vcli") == {
        **IDENTITY,
        "spec": {
            "containers": [
                {"name": "etcd", "command": ["etcd", "-x"], "ports": [{"containerPort": 2379}]},
                {"name": "syncer", "image": "python"},
            ],
            "finalizers": ["ours"],
            "places": [{"a": 2}],
        },
    }


def test_an_empty_mapping_that_is_ours_stays():
    obj = live(
        {"f:spec": {"f:emptyDir": {}, "f:labels": {".": {}}}}, spec={"emptyDir": {}, "labels": {"a": "b"}}
    )
    assert applied(obj, manager="vcli") == {**IDENTITY, "spec": {"emptyDir": {}, "labels": {}}}


def test_nothing_applied():
    assert applied(live({}), manager="kubectl") is None


def _fields(value: Any) -> dict[str, Any]:
    """FieldsV1 of everything in a value, as a server makes it: mappings granular, lists keyed or atomic."""
    if isinstance(value, dict):
        return {".": {}, **{f"f:{key}": _fields(item) for key, item in value.items()}}
    names = [item.get("name") for item in value if isinstance(item, dict)] if isinstance(value, list) else []
    if names and len(names) == len(value) == len(set(names)) and all(isinstance(name, str) for name in names):
        return {f"k:{json.dumps({'name': item['name']})}": _fields(item) for item in value}
    return {}


LEAVES = st.one_of(st.booleans(), st.integers(0, 3), st.sampled_from(["", "a", "b"]))
NAMED = st.lists(
    st.fixed_dictionaries(
        {"name": st.sampled_from("abc")}, optional={"image": LEAVES, "args": st.lists(LEAVES)}
    ),
    unique_by=lambda item: item["name"],
)
SPECS = st.recursive(
    st.one_of(LEAVES, NAMED, st.lists(LEAVES)),
    lambda inner: st.dictionaries(st.sampled_from(["x", "y", "z.z"]), inner),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from(["spec", "data"]), SPECS))
def test_who_owns_everything_gets_everything_back(content: dict[str, Any]):
    fields = {f"f:{key}": _fields(value) for key, value in content.items()}
    obj = live({**fields, "f:metadata": {"f:uid": {}}}, **content)
    found = applied(obj, manager="vcli")
    assert found == {**IDENTITY, **content, "metadata": {**IDENTITY["metadata"], "uid": "u"}}
