import json

from hypothesis import given
from hypothesis import strategies as st

from vcli.syncer.caches import CONTENT, host_config, host_pod
from vcli.syncer.engine.memory import intern

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=100),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(JSON)
def test_nothing_is_changed(value):
    assert intern(value) == value


def test_equal_strings_of_two_documents_are_one():
    text = json.dumps({"status": {"phase": "Running now"}})
    one, two = intern(json.loads(text)), intern(json.loads(text))
    [key], [other] = one["status"], two["status"]
    assert key is other
    assert one["status"]["phase"] is two["status"]["phase"]


def test_of_a_host_pod_what_can_change_is_kept():
    container = {"name": "main", "image": "web:1", "resources": {"limits": {"cpu": "1"}}}
    pod = {
        "metadata": {"name": "web", "labels": {"a": "b"}},
        "spec": {
            "containers": [{**container, "env": [{"name": "A", "value": "x"}], "volumeMounts": []}],
            "volumes": [{"name": "data"}],
            "nodeName": "node-1",
            "tolerations": [{"operator": "Exists"}],
        },
        "status": {"phase": "Running"},
    }
    assert host_pod(pod) == {
        **pod,
        "spec": {"containers": [container], "nodeName": "node-1", "tolerations": [{"operator": "Exists"}]},
    }


def test_equal_inner_maps_of_two_documents_are_one():
    text = json.dumps({"tolerations": [{"key": "a", "seconds": 300, "value": None}], "name": "x"})
    one, two = intern(json.loads(text)), intern(json.loads(text))
    assert one["tolerations"][0] is two["tolerations"][0]


def test_what_equals_in_python_and_not_in_json_stays_apart():
    one, two, three = (intern(json.loads(f'{{"a": {{"b": {value}}}}}')) for value in ("1", "true", "1.0"))
    assert [type(each["a"]["b"]) for each in (one, two, three)] == [int, bool, float]


def test_the_data_of_host_copies_is_let_go():
    copy = {"metadata": {"name": "c"}, "data": {"a": "b"}, "immutable": True}
    kept = host_config(copy)
    assert kept.pop(CONTENT) != host_config({**copy, "data": {"a": "c"}})[CONTENT]
    assert kept == {"metadata": {"name": "c"}, "immutable": True}


def test_which_tokens_there_are_is_kept():
    metadata = {"name": "t", "resourceVersion": "1", "annotations": {"vcli.dev/kind": "PodTokens"}}
    tokens = {"metadata": {**metadata, "ownerReferences": []}, "data": {"api.0": "c2VjcmV0"}}
    assert host_config(tokens) == {"metadata": metadata, "data": {"api.0": ""}}
