"""What a tenant says of its Nodes, as node affinities for the host's scheduler."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from translate_builders import pod, unchanged

from vcli.syncer.translate.nodes import KIND_OF_NODE
from vcli.syncer.translate.placement import placed, placement, remembered

Object = dict[str, Any]
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


def node(name: str = "n", *, kind: str = "synthetic", cordoned: bool = False, **labels: str) -> Object:
    standard = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", KIND_OF_NODE: kind}
    return {"metadata": {"name": name, "labels": {**standard, **labels}}, "spec": {"unschedulable": cordoned}}


def wants(key: str, operator: str, *values: str) -> Object:
    return {"key": key, "operator": operator, **({"values": list(values)} if values else {})}


def on(name: str) -> Object:
    return wants("metadata.name", "In", name)


def off(name: str) -> Object:
    return wants("metadata.name", "NotIn", name)


def affinity(*terms: Object, preferred: list[Object] | None = None) -> Object:
    found: Object = {REQUIRED: {"nodeSelectorTerms": list(terms)}} if terms else {}
    return {"nodeAffinity": {**found, **({PREFERRED: preferred} if preferred else {})}}


def terms(where: Object | None) -> list[Object]:
    assert where is not None
    found: list[Object] = where["nodeAffinity"][REQUIRED]["nodeSelectorTerms"]
    return found


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"nodeSelector": {"disk": "ssd", "kubernetes.io/hostname": "n"}},
        {"affinity": affinity({"matchExpressions": [wants("disk", "Exists")]})},
        {"affinity": affinity({})},
        {"schedulingGates": [{"name": "g"}], "nodeSelector": {"color": "blue"}},
    ],
)
def test_what_no_tenant_said_is_for_the_host(spec: Object) -> None:
    assert placement(pod(**spec), [node(color="blue"), node("m", kind="mirrored", disk="ssd")]) is None


def test_a_pod_is_kept_off_a_cordoned_node_by_name() -> None:
    nodes = [node("n", cordoned=True), node("m", cordoned=True), node("k")]
    assert terms(placement(pod(), nodes)) == [{"matchExpressions": [], "matchFields": [off("m"), off("n")]}]
    # Kubelets check affinities too.
    assert placement(pod(nodeName="n"), nodes) is None


def test_pods_stay_on_the_nodes_that_the_cluster_has() -> None:
    only = {"pool": "tenants"}
    demand = wants("pool", "In", "tenants")
    assert terms(placement(pod(), [], only=only)) == [{"matchExpressions": [demand]}]
    # One that asks for something else goes nowhere, as the cluster has no such node.
    where = placement(pod(nodeSelector={"pool": "other"}), [], only=only)
    assert where is not None
    assert where["nodeSelector"] == {"pool": "other"}
    assert terms(where) == [{"matchExpressions": [demand]}]


def test_every_term_that_could_match_is_narrowed_and_the_rest_stays() -> None:
    own = [
        {"matchExpressions": [wants("disk", "Exists")]},
        {"matchFields": [on("k")]},
        {},
    ]
    preferred = [{"weight": 1, "preference": own[0]}]
    where = placement(pod(affinity=affinity(*own, preferred=preferred)), [node(cordoned=True)])
    assert terms(where) == [{**own[0], "matchFields": [off("n")]}, {"matchFields": [on("k"), off("n")]}, {}]
    assert where is not None
    assert where["nodeAffinity"][PREFERRED] == preferred


def test_a_label_of_the_tenants_becomes_the_names_that_have_it() -> None:
    nodes = [node("n", color="blue"), node("m", color="blue"), node("k", color="red"), node("j")]
    where = placement(pod(nodeSelector={"color": "blue", "disk": "ssd"}), nodes)
    assert terms(where) == [{"matchExpressions": [], "matchFields": [on(name)]} for name in ("m", "n")]
    assert where is not None
    assert where["nodeSelector"] == {"disk": "ssd"}
    unmet = terms(placement(pod(nodeSelector={"color": "green"}), nodes))
    assert unmet == [{"matchExpressions": [wants("color", "In", "green")]}]
    without = affinity({"matchExpressions": [wants("color", "NotIn", "blue")]})
    assert terms(placement(pod(affinity=without), nodes)) == [
        {"matchExpressions": [], "matchFields": [off("m"), off("n")]}
    ]


def test_a_pod_that_names_its_node_passes_the_kubelets_check_as_well() -> None:
    where = placement(pod(nodeName="n", nodeSelector={"color": "blue"}), [node(color="blue", cordoned=True)])
    assert terms(where) == [{"matchExpressions": [], "matchFields": [on("n")]}]


def test_what_is_preferred_is_translated_as_well() -> None:
    item = {"weight": 7, "preference": {"matchExpressions": [wants("color", "Exists")]}}
    where = placement(pod(affinity=affinity(preferred=[item])), [node(color="blue"), node("m", color="")])
    assert where is not None
    assert where["nodeAffinity"] == {
        PREFERRED: [
            {"weight": 7, "preference": {"matchExpressions": [], "matchFields": [on(name)]}}
            for name in ("m", "n")
        ]
    }


def test_the_host_pod_remembers_and_the_order_of_nodes_does_not_matter() -> None:
    nodes = [node("n", color="blue"), node("m", color="blue")]
    virtual = pod(nodeSelector={"color": "blue"}, affinity={"podAffinity": {}})
    where = placement(virtual, nodes)
    assert where == placement(virtual, nodes[::-1])
    host = {"kind": "Pod", "metadata": {"name": "p", "annotations": {"x": "y"}}, "spec": virtual["spec"]}
    with unchanged(host):
        made = placed(host, where)
    assert made["metadata"]["annotations"] == {"x": "y", "vcli.dev/placement": remembered(where)}
    assert made["spec"]["affinity"]["podAffinity"] == {}
    assert remembered(where) != remembered(placement(virtual, nodes[:1]))
    assert placed(host, None) is host
    assert remembered(None) == ""


# --- as a scheduler would have it that knows both clusters

HOSTS = ("disk", "size")
TENANTS = ("color", "rank")
VALUES = st.sampled_from(["a", "b", "3", "10"])


@st.composite
def requirements(draw: st.DrawFn) -> Object:
    key = draw(st.sampled_from([*HOSTS, *TENANTS]))
    operator = draw(st.sampled_from(["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"]))
    if operator in ("Exists", "DoesNotExist"):
        return wants(key, operator)
    if operator in ("Gt", "Lt"):
        return wants(key, operator, draw(st.sampled_from(["2", "5"])))
    return wants(key, operator, *draw(st.lists(VALUES, min_size=1, max_size=2)))


def term() -> st.SearchStrategy[Object]:
    fields = st.lists(st.builds(lambda name, side: side(name), NAMES, st.sampled_from([on, off])), max_size=1)
    return st.builds(
        lambda expressions, fields: {
            **({"matchExpressions": expressions} if expressions else {}),
            **({"matchFields": fields} if fields else {}),
        },
        st.lists(requirements(), max_size=3),
        fields,
    )


NAMES = st.sampled_from(["n1", "n2", "n3"])
LABELS = st.fixed_dictionaries({}, optional=dict.fromkeys(HOSTS, VALUES))
TOLD = st.fixed_dictionaries({}, optional=dict.fromkeys(TENANTS, VALUES))


def may_go(spec: Mapping[str, Any], name: str, labels: Mapping[str, str]) -> bool:
    """Whether a scheduler lets a pod go to a node."""
    of_nodes = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    selected = all(labels.get(key) == value for key, value in (spec.get("nodeSelector") or {}).items())
    if REQUIRED not in of_nodes:
        return selected
    return selected and any(
        (each.get("matchExpressions") or each.get("matchFields"))
        and all(holds(labels.get(x["key"]), x) for x in each.get("matchExpressions") or ())
        and all(holds(name, x) for x in each.get("matchFields") or ())
        for each in of_nodes[REQUIRED]["nodeSelectorTerms"]
    )


def holds(value: str | None, requirement: Object) -> bool:
    values, operator = requirement.get("values") or [], requirement["operator"]
    if operator in ("NotIn", "DoesNotExist"):
        opposite = {"NotIn": "In", "DoesNotExist": "Exists"}[operator]
        return not holds(value, {**requirement, "operator": opposite})
    if value is None:
        return False
    if operator == "Exists":
        return True
    if operator == "In":
        return value in values
    number = int(value) if value.isdigit() else None
    return number is not None and (number > int(values[0]) if operator == "Gt" else number < int(values[0]))


@given(
    hosts=st.lists(LABELS, min_size=3, max_size=3),
    told=st.lists(TOLD, min_size=2, max_size=2),
    selector=st.fixed_dictionaries({}, optional=dict.fromkeys([*HOSTS, *TENANTS], VALUES)),
    required=st.lists(term(), max_size=2),
)
def test_a_pod_may_go_where_both_clusters_labels_let_it(
    hosts: list[Object], told: list[Object], selector: Object, required: list[Object]
) -> None:
    names = ["n1", "n2", "n3"]
    nodes = [node(name, **labels) for name, labels in zip(names, told, strict=False)]  # n3 is not shown
    virtual = pod(nodeSelector=selector, affinity=affinity(*required))
    host = placed(
        {"metadata": {"annotations": {}}, "spec": virtual["spec"]}, where := placement(virtual, nodes)
    )
    for each in terms(where) if where and REQUIRED in where["nodeAffinity"] else []:
        assert all(len(x["values"]) == 1 for x in each.get("matchFields") or ()), "the API takes one name"
    for name, labels, own in zip(names, hosts, [*told, {}], strict=True):
        assert may_go(host["spec"], name, labels) == may_go(virtual["spec"], name, {**labels, **own})
