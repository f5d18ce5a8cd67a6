"""What changes of a Node: the host's follows the host, the tenant's stays."""

from typing import Any

import pytest

from vcli.syncer.translate.mirrored_nodes import mirrored_node
from vcli.syncer.translate.node_patch import patch_of_node
from vcli.syncer.translate.nodes import KIND_OF_NODE, is_ours, synthetic_node, tenant_labels

Object = dict[str, Any]
NOT_READY = {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}
GPU = {"key": "gpu", "effect": "NoSchedule", "value": "yes"}
TENANTS = {"key": "team", "effect": "NoExecute", "value": "a"}


def on_host(**spec: Any) -> Object:
    labels = spec.pop("labels", {"zone": "z"})
    return {"metadata": {"name": "node-1", "labels": labels}, "spec": spec, "status": {}}


def mirrored(**spec: Any) -> Object:
    return mirrored_node(on_host(**spec), kubelet_host="h", kubelet_port=1)


def patched(node: Object, fresh: Object) -> Object:
    """As the API server merges it."""
    patch = patch_of_node(node, fresh)
    return node if patch is None else merged(node, patch)


def merged(value: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return patch
    found = dict(value) if isinstance(value, dict) else {}
    for key, below in patch.items():
        if below is None:
            found.pop(key, None)
        else:
            found[key] = merged(found.get(key), below)
    return found


def synthetic() -> Object:
    return synthetic_node(
        "node-1",
        internal_ips=(),
        kubelet_host="h",
        kubelet_port=1,
        kubernetes_version="v1.36.3",
        now="",
        architecture="amd64",
    )


@pytest.mark.parametrize("fresh", [mirrored(taints=[GPU], unschedulable=True), synthetic()])
def test_nothing_changes_where_nothing_has_changed(fresh: Object) -> None:
    assert patch_of_node(fresh, fresh) is None


def test_the_taint_of_new_nodes_is_lifted_unless_the_host_has_it() -> None:
    node = synthetic()
    node["spec"]["taints"] = [NOT_READY]
    assert patched(node, synthetic())["spec"] == {}
    kept = mirrored(taints=[NOT_READY])
    assert patch_of_node(kept, kept) is None
    node["spec"]["taints"] = [{**NOT_READY, "effect": "NoExecute"}]
    assert patch_of_node(node, synthetic()) is None


def test_what_the_tenant_says_stays_and_the_hosts_follows() -> None:
    node = mirrored(taints=[GPU], labels={"zone": "z", "pool": "a"})
    node["metadata"]["labels"]["mine"] = "x"
    node["spec"] |= {"taints": [GPU, TENANTS], "unschedulable": True}
    assert tenant_labels(node) == {"mine": "x"}
    after = patched(node, mirrored(labels={"zone": "y"}, unschedulable=True))
    assert after["metadata"]["labels"] == {"zone": "y", "mine": "x", KIND_OF_NODE: "mirrored"}
    assert after["spec"] == {"taints": [TENANTS], "unschedulable": True}


@pytest.mark.parametrize(
    ("host_before", "inside", "host_after", "expected"),
    [
        (False, True, False, True),  # cordoned by the tenant
        (False, False, True, True),  # by the host
        (True, True, False, False),
        (True, False, True, True),  # the tenant can't lift the host's
        (False, False, False, False),
    ],
)
def test_a_cordon(*, host_before: bool, inside: bool, host_after: bool, expected: bool) -> None:
    node = mirrored(unschedulable=host_before)
    node["spec"]["unschedulable"] = inside
    after = patched(node, mirrored(unschedulable=host_after))
    assert bool(after["spec"].get("unschedulable")) == expected


def test_from_made_up_to_real_and_back() -> None:
    node = synthetic()
    node["metadata"]["labels"]["mine"] = "x"
    real = patched(node, mirrored(taints=[GPU], labels={"zone": "z"}))
    assert real["metadata"]["labels"]["zone"] == "z"
    assert real["spec"]["taints"] == [GPU]
    again = patched(real, synthetic())
    assert again["metadata"]["labels"] == {**synthetic()["metadata"]["labels"], "mine": "x"}
    assert not again["metadata"].get("annotations")
    assert again["spec"] == {}


def test_an_unreadable_memory_is_none() -> None:
    node = mirrored()
    node["metadata"]["annotations"]["vcli.dev/of-host-node"] = "{"
    assert patched(node, mirrored()) == mirrored()


def test_a_node_that_another_tool_made_up_becomes_ours() -> None:
    fresh = synthetic_node(
        "node-1",
        internal_ips=["192.0.2.7"],
        kubelet_host="h",
        kubelet_port=1,
        kubernetes_version="v1.36.3",
        now="2026-01-01T00:00:00Z",
        architecture="amd64",
    )
    theirs = {"vcluster.loft.sh/fake-node": "true", "kubernetes.io/hostname": "node-1", "team": "a"}
    node = {"metadata": {"name": "node-1", "labels": theirs}, "spec": {}}
    assert is_ours(node)
    assert tenant_labels(node) == {"team": "a"}
    adopted = patched(node, fresh)
    assert adopted["metadata"]["labels"] == {**fresh["metadata"]["labels"], "team": "a"}
    assert not is_ours({"metadata": {"name": "node-1", "labels": {"team": "a"}}, "spec": {}})
