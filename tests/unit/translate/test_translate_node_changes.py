"""What a tenant has changed of a Node goes to the host's; what the host has changed comes back."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_translate_node_patch import merged, patched

from vcli.syncer.translate.mirrored_nodes import mirrored_node
from vcli.syncer.translate.node_changes import changes_for_host

Object = dict[str, Any]
GPU = {"key": "gpu", "effect": "NoSchedule", "value": "yes"}
NO_GPU = {**GPU, "value": "no"}
TEAM = {"key": "team", "effect": "NoExecute", "value": "a"}
NOT_READY = {"key": "node.kubernetes.io/not-ready", "effect": "NoExecute"}


def on_host(*, labels: dict[str, str] | None = None, **spec: Any) -> Object:
    metadata = {
        "name": "node-1",
        "resourceVersion": "7",
        "labels": {"zone": "z"} if labels is None else labels,
    }
    return {"metadata": metadata, "spec": spec}


def inside(host: Object, *, remember_values: bool = True) -> Object:
    return mirrored_node(host, kubelet_host="h", kubelet_port=1, remember_values=remember_values)


def changed(node: Object, *, labels: dict[str, str | None] | None = None, **spec: Any) -> Object:
    """A Node as a tenant leaves it."""
    return merged(node, {"metadata": {"labels": labels or {}}, "spec": spec})


def expected(*, labels: dict[str, str | None] | None = None, **spec: Any) -> Object:
    metadata = {"resourceVersion": "7", **({"labels": labels} if labels else {})}
    return {"metadata": metadata, **({"spec": spec} if spec else {})}


@pytest.mark.parametrize(
    ("host", "change", "patch"),
    [
        (on_host(), {}, None),
        (on_host(), {"labels": {"mine": "x"}}, expected(labels={"mine": "x"})),
        (on_host(), {"labels": {"zone": "y"}}, expected(labels={"zone": "y"})),
        (on_host(), {"labels": {"zone": None}}, expected(labels={"zone": None})),
        (on_host(), {"unschedulable": True}, expected(unschedulable=True)),
        (on_host(unschedulable=True), {"unschedulable": None}, expected(unschedulable=None)),
        (on_host(taints=[GPU]), {"taints": [GPU, TEAM]}, expected(taints=[GPU, TEAM])),
        (on_host(taints=[GPU]), {"taints": None}, expected(taints=None)),
        (on_host(taints=[GPU]), {"taints": [NO_GPU]}, expected(taints=[NO_GPU])),
        (on_host(), {"taints": [{**TEAM, "timeAdded": "now"}]}, expected(taints=[TEAM])),
        # What follows from conditions, and what a node is known by, is nobody's to change.
        (on_host(), {"taints": [NOT_READY]}, None),
        (on_host(taints=[NOT_READY]), {"taints": None}, None),
        (on_host(), {"labels": {"kubernetes.io/hostname": "other", "vcli.dev/node": None}}, None),
    ],
)  # fmt: skip
def test_what_a_tenant_changes(host: Object, change: Object, patch: Object | None) -> None:
    assert changes_for_host(changed(inside(host), **change), host) == patch


def test_what_the_host_has_changed_too_is_the_hosts() -> None:
    node = changed(inside(on_host(taints=[GPU])), labels={"zone": "y"}, taints=[], unschedulable=True)
    now = on_host(labels={"zone": "x"}, taints=[NO_GPU])
    assert changes_for_host(node, now) == expected(unschedulable=True)
    assert changes_for_host(inside(on_host()), on_host(labels={}, taints=[GPU], unschedulable=True)) is None


def test_a_node_that_remembers_keys_alone_gives_what_it_has_beyond_them() -> None:
    node = changed(inside(on_host(), remember_values=False), labels={"mine": "x"})
    assert changes_for_host(node, on_host(labels={"zone": "other"})) == expected(labels={"mine": "x"})


LABELS = st.dictionaries(st.sampled_from(["a", "b", "c"]), st.sampled_from(["1", "2"]))
TAINTS = st.lists(st.sampled_from([GPU, NO_GPU, TEAM]), unique_by=lambda each: each["key"])


SAID = st.fixed_dictionaries({"labels": LABELS, "taints": TAINTS, "unschedulable": st.booleans()})


@given(SAID, SAID)
def test_both_are_the_same_afterwards_and_stay_so(before: Object, wanted: Object) -> None:
    host = on_host(**before)
    gone = dict.fromkeys(before["labels"])
    node = changed(inside(host), **{**wanted, "labels": gone | wanted["labels"]})
    host = merged(host, changes_for_host(node, host) or {})
    assert host["metadata"]["labels"] == wanted["labels"]
    assert sorted(map(str, host["spec"].get("taints") or [])) == sorted(map(str, wanted["taints"]))
    assert bool(host["spec"].get("unschedulable")) is wanted["unschedulable"]
    followed = patched(node, inside(host))
    assert changes_for_host(followed, host) is None
    assert patched(followed, inside(host)) == followed
