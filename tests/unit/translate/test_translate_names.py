import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vcli.syncer.translate.names import VirtualName, derived_name, host_cluster_name, host_name

DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
DNS_SUBDOMAIN = re.compile(rf"{DNS_LABEL.pattern}(\.{DNS_LABEL.pattern})*")

# Few letters, so that separators in odd places and near misses are common.
odd_label = st.from_regex(r"[ax]([-xa]{0,8}[ax])?", fullmatch=True)
label = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", fullmatch=True) | odd_label
subdomain = st.lists(label, min_size=1, max_size=4).map(".".join).filter(lambda name: len(name) <= 253)
names = st.builds(VirtualName, label, subdomain)
clusters = label.filter(lambda name: len(name) <= 40)


def test_short_name_reads_as_its_parts():
    assert host_name(VirtualName("default", "web"), "demo") == "web-x-default-x-demo"


def test_dots_stay():
    assert (
        host_name(VirtualName("default", "kube-root-ca.crt"), "demo") == "kube-root-ca.crt-x-default-x-demo"
    )


@pytest.mark.parametrize(
    ("name", "namespace", "cluster"),
    [
        ("a-x-b", "c", "demo"),
        ("a", "b-x-c", "demo"),
        ("a-x", "b", "demo"),
        ("a", "x-b", "demo"),
        ("a", "x", "demo"),
        ("a", "b", "x-demo"),
        ("a" * 40, "b" * 20, "demo"),
    ],
)
def test_ambiguous_or_long_names_are_hashed(name: str, namespace: str, cluster: str):
    assert re.fullmatch(r".{1,52}-[0-9a-f]{10}", host_name(VirtualName(namespace, name), cluster))


def test_exactly_63_characters_are_still_plain():
    name = "n" * (63 - len("-x-default-x-demo"))
    assert host_name(VirtualName("default", name), "demo") == f"{name}-x-default-x-demo"
    assert host_name(VirtualName("default", name + "n"), "demo") != f"{name}n-x-default-x-demo"


def test_a_cut_at_a_dot_leaves_a_valid_name():
    name = host_name(VirtualName("default", "a" * 51 + "." + "b" * 30), "demo")
    assert DNS_SUBDOMAIN.fullmatch(name)
    assert name.startswith("a" * 51 + "-")


def test_a_plain_name_never_looks_like_a_hashed_one():
    assert host_name(VirtualName("b", "a"), "demo-0123456789") != "a-x-b-x-demo-0123456789"


@given(names, clusters)
def test_host_names_are_dns_names(name: VirtualName, cluster: str):
    translated = host_name(name, cluster)
    assert len(translated) <= 63
    assert DNS_SUBDOMAIN.fullmatch(translated)


@given(st.builds(VirtualName, label, label.filter(lambda name: name[0].isalpha())), clusters)
def test_a_service_name_stays_one(name: VirtualName, cluster: str):
    assert re.fullmatch(r"[a-z]([-a-z0-9]*[a-z0-9])?", host_name(name, cluster))


@given(names, names, clusters, clusters)
def test_no_two_virtual_names_meet(one: VirtualName, other: VirtualName, cluster: str, neighbour: str):
    if (one, cluster) != (other, neighbour):
        assert host_name(one, cluster) != host_name(other, neighbour)


def test_no_two_of_all_short_odd_names_meet():
    parts = ["a", "x", "a-x", "x-a", "x-x", "a-x-a", "x-x-x", "a-x-x", "x-x-a"]
    triples = [(name, namespace, vc) for name in parts for namespace in parts for vc in parts]
    assert len({host_name(VirtualName(ns, name), vc) for name, ns, vc in triples}) == len(triples)


@given(names, names, clusters)
def test_derived_names_never_meet_plain_ones(one: VirtualName, other: VirtualName, cluster: str):
    derived = derived_name(one, cluster, role="tokens")
    assert DNS_SUBDOMAIN.fullmatch(derived)
    assert len(derived) <= 63
    assert derived != host_name(other, cluster)


def test_cluster_scoped_names():
    assert host_cluster_name("fast", "team-a", "demo") == "vcli-fast-x-team-a-x-demo"
    assert host_cluster_name("fast", "team-a", "demo") != host_cluster_name("fast", "team-b", "demo")
    assert len(host_cluster_name("f" * 253, "team-a", "demo")) <= 63
