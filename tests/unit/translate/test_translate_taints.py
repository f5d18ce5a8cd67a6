"""Nodes that a pod is kept off."""

from typing import Any

import pytest
from translate_builders import unchanged

from vcli.syncer.translate.taints import kept_off, repels

Object = dict[str, Any]
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
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


def made(**spec: Any) -> Object:
    return {"kind": "Pod", "metadata": {"name": "p", "annotations": {"x": "y"}}, "spec": spec}


OFF = {"key": "metadata.name", "operator": "NotIn", "values": ["n"]}


def terms(host: Object) -> list[Object]:
    found: list[Object] = host["spec"]["affinity"]["nodeAffinity"][REQUIRED]["nodeSelectorTerms"]
    return found


def test_a_pod_is_kept_off_by_name_and_remembers() -> None:
    before = made()
    with unchanged(before):
        host = kept_off(before, ["m", "n"])
    assert terms(host) == [{"matchFields": [{**OFF, "values": ["m"]}, OFF]}]
    assert host["metadata"]["annotations"] == {"x": "y", "vcli.dev/kept-off": "m,n"}
    assert kept_off(before, []) is before


def test_every_term_that_could_match_is_narrowed_and_the_rest_stays() -> None:
    own = [
        {"matchExpressions": [{"key": "disk", "operator": "Exists"}]},
        {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["k"]}]},
        {},
    ]
    preferred = [{"weight": 1, "preference": own[0]}]
    of_nodes = {REQUIRED: {"nodeSelectorTerms": own}, "preferredX": preferred}
    before = made(affinity={"nodeAffinity": of_nodes, "podAffinity": {}})
    with unchanged(before):
        host = kept_off(before, ["n"])
    assert terms(host) == [
        {**own[0], "matchFields": [OFF]},
        {"matchFields": [*own[1]["matchFields"], OFF]},
        {},
    ]
    assert host["spec"]["affinity"]["podAffinity"] == {}
    assert host["spec"]["affinity"]["nodeAffinity"]["preferredX"] == preferred
