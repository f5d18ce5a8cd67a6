from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from vcli.syncer.engine.patching import merge_patch
from vcli.syncer.kinds.pods.status_patch import pod_status_patch

JSON = st.recursive(
    st.booleans() | st.integers(0, 3) | st.sampled_from("xyz"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.sampled_from("abcd"), JSON, max_size=4)
CONDITIONS = st.dictionaries(
    st.sampled_from(["Ready", "Initialized", "Own"]),
    st.fixed_dictionaries(
        {"status": st.sampled_from(["True", "False"])}, optional={"reason": st.just("why")}
    ),
)


def apply_merge_patch(target: Any, patch: Any) -> Any:
    """RFC 7386, as it is written there."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = apply_merge_patch(result.get(key), value)
    return result


@given(OBJECTS, OBJECTS)
def test_a_merge_patch_leads_to_the_new_object(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert apply_merge_patch(old, merge_patch(old, new)) == new


@given(OBJECTS)
def test_nothing_changed_means_an_empty_patch(obj: dict[str, Any]) -> None:
    assert merge_patch(obj, obj) == {}
    assert pod_status_patch(obj, obj) == {}


def listed(conditions: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"type": name, **rest} for name, rest in conditions.items()]


@given(CONDITIONS, CONDITIONS)
def test_conditions_are_merged_by_type(old: dict[str, Any], new: dict[str, Any]) -> None:
    patch = pod_status_patch({"conditions": listed(old)}, {"conditions": listed(new)})
    result = dict(old)
    for sent in patch.get("conditions", ()):
        change = dict(sent)
        name = change.pop("type")
        if change.get("$patch") == "delete":
            del result[name]
        else:
            merged = {**result.get(name, {}), **change}
            result[name] = {key: value for key, value in merged.items() if value is not None}
    assert result == new


def test_a_condition_that_did_not_change_is_not_sent() -> None:
    before = [{"type": "Ready", "status": "False"}, {"type": "Own", "status": "True"}]
    after = [{"type": "Ready", "status": "True"}, {"type": "Own", "status": "True"}]
    patch = pod_status_patch({"conditions": before}, {"conditions": after})
    assert patch == {"conditions": [{"type": "Ready", "status": "True"}]}


def test_an_empty_list_of_conditions_is_an_empty_patch() -> None:
    assert pod_status_patch({"phase": "Pending"}, {"phase": "Pending", "conditions": []}) == {}


def test_container_statuses_are_replaced_whole() -> None:
    after = [{"name": "main", "ready": True}]
    assert pod_status_patch({"containerStatuses": [{"name": "old"}]}, {"containerStatuses": after}) == {
        "containerStatuses": after
    }
