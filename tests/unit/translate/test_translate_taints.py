"""Nodes that a pod is kept off."""

from typing import Any

import pytest

from vcli.syncer.translate.taints import repels, says_something

Object = dict[str, Any]
CORDON = "node.kubernetes.io/unschedulable"


def node(*taints: Object, **spec: Any) -> Object:
    return {"metadata": {"name": "n"}, "spec": {"taints": list(taints), **spec}}


def taint(key: str = "a", value: str = "1", effect: str = "NoSchedule") -> Object:
    return {"key": key, "value": value, "effect": effect}


def pod(*tolerations: Object) -> Object:
    return {"spec": {"tolerations": list(tolerations)}}


@pytest.mark.parametrize(
    ("where", "tolerations", "expected"),
    [
        (node(), [], False),
        ({"metadata": {"name": "n"}}, [], False),
        (node(taint()), [], True),
        (node(taint(effect="NoExecute")), [], True),
        (node(taint(effect="PreferNoSchedule")), [], False),
        (node(unschedulable=True), [], True),
        (node(unschedulable=True), [{"key": CORDON, "operator": "Exists"}], False),
        # What the control plane puts on a new Node says nothing of the host's.
        (node(taint("node.kubernetes.io/not-ready")), [], False),
        (node(taint("node.kubernetes.io/unreachable", effect="NoExecute")), [], False),
        (node(taint()), [{"operator": "Exists"}], False),
        (node(taint()), [{"key": "a", "operator": "Exists"}], False),
        (node(taint()), [{"key": "a", "value": "1"}], False),
        (node(taint()), [{"key": "a", "operator": "Equal", "value": "1", "effect": "NoSchedule"}], False),
        (node(taint()), [{"key": "a", "value": "2"}], True),
        (node(taint()), [{"key": "b", "operator": "Exists"}], True),
        (node(taint()), [{"key": "a", "operator": "Exists", "effect": "NoExecute"}], True),
        (node(taint()), [{"value": "1"}], True),
        (node(taint(), taint("b")), [{"key": "a", "operator": "Exists"}], True),
    ],
)
def test_repelled_as_by_a_scheduler(*, where: Object, tolerations: list[Object], expected: bool) -> None:
    assert repels(where, pod(*tolerations)) is expected


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (node(), False),
        ({"metadata": {"name": "n"}}, False),
        (node(unschedulable=True), True),
        (node(taint()), True),
        (node(taint(effect="PreferNoSchedule")), True),
        (node(taint("node.kubernetes.io/not-ready")), False),
        (node(taint("node.kubernetes.io/unreachable", effect="NoExecute")), False),
    ],
)
def test_what_a_tenant_says_of_a_node(where: Object, *, expected: bool):
    assert says_something(where) is expected


@pytest.mark.parametrize(
    ("labels", "expected"),
    [({}, False), ({"zone": "a"}, True), ({"kubernetes.io/hostname": "n"}, False)],
)
@pytest.mark.parametrize("kind", ["synthetic", "mirrored"])
def test_labels_of_a_tenants_own(labels: dict[str, str], kind: str, *, expected: bool):
    found = {"metadata": {"name": "n", "labels": {**labels, "vcli.dev/node": kind}}, "spec": {}}
    assert says_something(found) is (expected and kind == "synthetic")
