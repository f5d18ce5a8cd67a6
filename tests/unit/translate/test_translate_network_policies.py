"""NetworkPolicies on the host: the pods that they select and admit are those of the virtual cluster's."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from translate_builders import OWNER, SCOPE, unchanged

from vcli.contract import ports
from vcli.contract.labels import of_control_plane
from vcli.controlplane import manifests
from vcli.syncer.translate.labels import host_labels, host_namespace_labels, matches
from vcli.syncer.translate.networkpolicies import policy_types, sentences, to_host
from vcli.syncer.translate.scope import Scope

Object = dict[str, Any]

NEIGHBOUR = Scope(cluster="other", host_namespace="team-a", owner=OWNER)
NAMESPACES = {
    "default": {"kubernetes.io/metadata.name": "default", "team": "a"},
    "prod": {"kubernetes.io/metadata.name": "prod", "team": "b", "env": "prod"},
    "kube-system": {"kubernetes.io/metadata.name": "kube-system"},
}
OURS = {"vcli.dev/managed-by": "demo"}
IN_DEFAULT = {**OURS, "vcli.dev/namespace": "default"}
DNS = {**OURS, "vcli.dev/namespace": "kube-system", "label.vcli.dev/k8s-app": "kube-dns"}
TO_DNS = {
    "to": [{"podSelector": {"matchLabels": DNS}}],
    "ports": [{"port": port, "protocol": protocol} for port in (53, 1053) for protocol in ("UDP", "TCP")],
}
TO_API = {
    "to": [{"podSelector": {"matchLabels": {"app": "vcluster", "release": "demo"}}}],
    "ports": [{"port": 8443, "protocol": "TCP"}],
}


def policy(*, namespace: str = "default", **spec: Any) -> Object:
    return {
        "metadata": {"name": "deny", "namespace": namespace, "uid": "u"},
        "spec": {"podSelector": {}, **spec},
    }


def host_spec(*, namespace: str = "default", **spec: Any) -> Object:
    virtual = policy(namespace=namespace, **spec)
    with unchanged(virtual):
        host = to_host(virtual, scope=SCOPE)
    assert (host["apiVersion"], host["kind"]) == ("networking.k8s.io/v1", "NetworkPolicy")
    found: Object = host["spec"]
    return found


def peer_on_host(peer: Object) -> Object:
    [rule] = host_spec(ingress=[{"from": [peer]}])["ingress"]
    [found] = rule["from"]
    return dict(found)


def test_an_empty_selector_is_for_all_pods_of_the_namespace_and_of_no_other() -> None:
    assert host_spec(policyTypes=["Ingress"]) == {
        "podSelector": {"matchLabels": IN_DEFAULT},
        "policyTypes": ["Ingress"],
        "ingress": [],
    }


@pytest.mark.parametrize("rule", [{}, {"from": []}, {"from": None}])
def test_a_rule_without_peers_is_for_everybody_and_one_with_peers_never_becomes_one(rule: Object) -> None:
    assert host_spec(ingress=[rule])["ingress"] == [{}]
    assert host_spec(ingress=[{**rule, "ports": [{"port": 80}]}])["ingress"] == [{"ports": [{"port": 80}]}]
    assert len(host_spec(ingress=[{"from": [{"podSelector": {}}]}])["ingress"][0]["from"]) == 1


def test_no_rules_are_no_rules() -> None:
    assert host_spec(policyTypes=["Ingress", "Egress"], ingress=None)["ingress"] == []


def test_peers() -> None:
    app = {"matchLabels": {"app": "web"}}
    team = {"matchLabels": {"team": "a"}}
    assert peer_on_host({"podSelector": app}) == {
        "podSelector": {"matchLabels": {"app": "web", **IN_DEFAULT}}
    }
    assert peer_on_host({"namespaceSelector": {}}) == {"podSelector": {"matchLabels": OURS}}
    assert peer_on_host({"namespaceSelector": {}, "podSelector": app}) == {
        "podSelector": {"matchLabels": {"app": "web", **OURS}}
    }
    [requirement] = peer_on_host({"namespaceSelector": team})["podSelector"]["matchExpressions"]
    assert requirement["key"].startswith("vcli.dev/ns-")
    assert requirement["values"] == ["a"]
    named = {"matchLabels": {"kubernetes.io/metadata.name": "prod"}}
    [requirement] = peer_on_host({"namespaceSelector": named})["podSelector"]["matchExpressions"]
    assert requirement == {"key": "vcli.dev/namespace", "operator": "In", "values": ["prod"]}


def test_addresses_and_ports_stay_as_they_are() -> None:
    block = {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}
    assert peer_on_host(block) == block
    numbers = [{"port": "web", "protocol": "TCP"}, {"port": 8000, "endPort": 8010}, {"protocol": "UDP"}]
    assert host_spec(ingress=[{"ports": numbers}])["ingress"] == [{"ports": numbers}]


@pytest.mark.parametrize(
    ("spec", "types"),
    [
        ({}, ["Ingress"]),
        ({"egress": []}, ["Ingress"]),
        ({"egress": [{}]}, ["Ingress", "Egress"]),
        ({"policyTypes": ["Egress"], "ingress": [{}]}, ["Egress"]),
    ],
)
def test_directions_are_as_the_api_has_them_by_default(spec: Object, types: list[str]) -> None:
    assert policy_types(spec) == types
    found = host_spec(**spec)
    assert found["policyTypes"] == types
    assert [each for each in ("Ingress", "Egress") if each.lower() in found] == types


def test_what_is_denied_on_the_way_out_never_includes_dns_and_the_api() -> None:
    assert host_spec(policyTypes=["Egress"])["egress"] == [TO_DNS, TO_API]
    only_web = {"to": [{"podSelector": {"matchLabels": {"app": "web"}}}]}
    allowed = host_spec(policyTypes=["Egress"], egress=[only_web])["egress"]
    assert allowed[1:] == [TO_DNS, TO_API]


def test_the_port_of_dns_is_that_of_the_addon() -> None:
    [config] = [each for each in manifests.load("addons/coredns.yaml") if each["kind"] == "ConfigMap"]
    assert config["data"]["Corefile"].startswith(f".:{ports.DNS} {{")
    assert ports.DNS in {each["port"] for each in TO_DNS["ports"]}


@pytest.mark.parametrize(
    ("selector", "said"),
    [
        ({}, True),
        ({"matchLabels": {"k8s-app": "kube-dns"}}, True),
        ({"matchLabels": {"app": "x"}}, True),
        ({"matchExpressions": [{"key": "k8s-app", "operator": "Exists"}]}, True),
        ({"matchLabels": {"k8s-app": "metrics-server"}}, False),
        ({"matchExpressions": [{"key": "k8s-app", "operator": "NotIn", "values": ["kube-dns"]}]}, False),
        ({"matchExpressions": [{"key": "k8s-app", "operator": "DoesNotExist"}]}, False),
    ],
)
def test_a_policy_that_would_select_dns_is_told_that_it_does_not(selector: Object, said: Any) -> None:
    found = sentences(policy(namespace="kube-system", podSelector=selector))
    assert bool(found) is said
    assert all("k8s-app=kube-dns" in each for each in found)
    assert not sentences(policy(podSelector=selector))


@pytest.mark.parametrize(
    "rule",
    [
        {"later": {}},
        {"from": [{"later": {}}]},
        {"from": [{"podSelector": {}, "later": {}}]},
        {"from": [{"ipBlock": {"cidr": "10.0.0.0/8", "later": []}}]},
        {"ports": [{"port": 80, "later": 1}]},
    ],
)
def test_a_rule_that_a_later_version_narrows_admits_nobody(rule: Object) -> None:
    virtual = policy(ingress=[{"ports": [{"port": 80}]}, rule], later=1)
    assert to_host(virtual, scope=SCOPE)["spec"]["ingress"] == [{"ports": [{"port": 80}]}]
    field, left_out = sentences(virtual)
    assert "spec.later left out" in field
    assert left_out.startswith("spec.ingress[1] left out")


KEYS = st.sampled_from(["app", "release", "k8s-app", "vcli.dev/managed-by", "vcli.dev/namespace"])
VALUES = st.sampled_from(["vcluster", "demo", "other", "kube-dns", "prod"])
LABELS = st.dictionaries(KEYS, VALUES, max_size=3)


def selectors(keys: st.SearchStrategy[str], values: st.SearchStrategy[str]) -> st.SearchStrategy[Object]:
    listed = st.builds(
        lambda key, operator, values: {"key": key, "operator": operator, "values": values},
        keys,
        st.sampled_from(["In", "NotIn"]),
        st.lists(values, min_size=1, max_size=2),
    )
    there = st.builds(
        lambda key, operator: {"key": key, "operator": operator},
        keys,
        st.sampled_from(["Exists", "DoesNotExist"]),
    )
    return st.fixed_dictionaries(
        {},
        optional={
            "matchLabels": st.dictionaries(keys, values, max_size=2),
            "matchExpressions": st.lists(listed | there, max_size=2),
        },
    )


POD_SELECTORS = selectors(KEYS, VALUES)
NAMESPACE_SELECTORS = selectors(
    st.sampled_from(["team", "env", "kubernetes.io/metadata.name"]), st.sampled_from(["a", "b", "prod"])
)
PEERS = st.fixed_dictionaries({"podSelector": POD_SELECTORS}) | st.fixed_dictionaries(
    {"namespaceSelector": NAMESPACE_SELECTORS}, optional={"podSelector": POD_SELECTORS}
)
WHERE = st.sampled_from(sorted(NAMESPACES))


def labels_on_host(labels: Mapping[str, str], namespace: str, scope: Scope = SCOPE) -> dict[str, str]:
    return {**host_labels(labels, namespace, scope), **host_namespace_labels(NAMESPACES[namespace])}


def admits(peer: Object, labels: Mapping[str, str], namespace: str, *, of: str) -> bool:
    """What a plain cluster decides of a policy in the namespace ``of``."""
    namespaces = peer.get("namespaceSelector")
    is_there = namespace == of if namespaces is None else matches(namespaces, NAMESPACES[namespace])
    return is_there and matches(peer.get("podSelector") or {}, labels)


@given(PEERS, LABELS, WHERE, WHERE)
def test_it_admits_whom_it_admits_on_a_plain_cluster(
    peer: Object, labels: dict[str, str], namespace: str, of: str
) -> None:
    for direction, field in (("ingress", "from"), ("egress", "to")):
        rules = host_spec(namespace=of, policyTypes=[direction.title()], **{direction: [{field: [peer]}]})
        [host] = rules[direction][0][field]
        expected = admits(peer, labels, namespace, of=of)
        assert matches(host["podSelector"], labels_on_host(labels, namespace)) is expected


@given(POD_SELECTORS, LABELS, WHERE, WHERE)
def test_it_selects_what_it_selects_on_a_plain_cluster_but_never_dns(
    selector: Object, labels: dict[str, str], namespace: str, of: str
) -> None:
    host = host_spec(namespace=of, podSelector=selector)["podSelector"]
    is_dns = of == "kube-system" and labels.get("k8s-app") == "kube-dns"
    expected = namespace == of and matches(selector, labels) and not is_dns
    assert matches(host, labels_on_host(labels, namespace)) is expected


@given(PEERS, LABELS, WHERE, WHERE)
def test_it_selects_and_admits_nobody_elses_pods(
    peer: Object, labels: dict[str, str], namespace: str, of: str
) -> None:
    spec = host_spec(
        namespace=of,
        podSelector=peer.get("podSelector", {}),
        policyTypes=["Ingress", "Egress"],
        ingress=[{"from": [peer]}],
        egress=[{"to": [peer]}],
    )
    given_by_tenant = [spec["ingress"][0]["from"][0], spec["egress"][0]["to"][0]]
    to_dns, to_api = (rule["to"][0] for rule in spec["egress"][1:])
    neighbour = labels_on_host(labels, namespace, NEIGHBOUR)
    for foreign in (neighbour, of_control_plane("demo"), of_control_plane("other")):
        assert not matches(spec["podSelector"], foreign)
        assert not any(matches(each["podSelector"], foreign) for each in given_by_tenant)
        assert not matches(to_dns["podSelector"], foreign)
    assert matches(to_api["podSelector"], of_control_plane("demo"))
    for other in (neighbour, labels_on_host(labels, namespace), of_control_plane("other")):
        assert not matches(to_api["podSelector"], other)
