from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from translate_builders import context, pod

from vcli.syncer.translate.pods import to_host

NAMESPACE_SEARCH = ["default.svc.cluster.local", "svc.cluster.local", "cluster.local"]


def spec_of(virtual: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return to_host(virtual, context(**changes))["spec"]


def test_cluster_first_asks_the_virtual_dns_server():
    spec = spec_of(pod(dnsPolicy="ClusterFirst"))
    assert spec["dnsPolicy"] == "None"
    assert spec["dnsConfig"] == {
        "nameservers": ["10.96.0.77"],
        "searches": NAMESPACE_SEARCH,
        "options": [{"name": "ndots", "value": "5"}],
    }


def test_no_policy_means_cluster_first():
    assert spec_of(pod())["dnsConfig"]["nameservers"] == ["10.96.0.77"]


def test_the_users_own_dns_config_is_merged():
    theirs = {
        "nameservers": ["192.0.2.1", "10.96.0.77"],
        "searches": ["example.com", "cluster.local"],
        "options": [{"name": "ndots", "value": "2"}, {"name": "edns0"}],
    }
    assert spec_of(pod(dnsPolicy="ClusterFirst", dnsConfig=theirs))["dnsConfig"] == {
        "nameservers": ["10.96.0.77", "192.0.2.1"],
        "searches": [*NAMESPACE_SEARCH, "example.com"],
        "options": [{"name": "ndots", "value": "2"}, {"name": "edns0"}],
    }


@pytest.mark.parametrize(
    ("policy", "host_network", "dns_ip", "expected"),
    [
        ("ClusterFirst", False, "10.96.0.77", "None"),
        ("ClusterFirst", True, "10.96.0.77", "Default"),
        ("ClusterFirstWithHostNet", True, "10.96.0.77", "None"),
        ("ClusterFirstWithHostNet", False, "10.96.0.77", "None"),
        ("Default", False, "10.96.0.77", "Default"),
        ("None", False, "10.96.0.77", "None"),
        ("ClusterFirst", False, None, "Default"),
    ],
)
def test_policies(policy: str, *, host_network: bool, dns_ip: str | None, expected: str):
    theirs = {"nameservers": ["192.0.2.1"]}
    spec = spec_of(pod(dnsPolicy=policy, hostNetwork=host_network, dnsConfig=theirs), dns_ip=dns_ip)
    assert spec["dnsPolicy"] == expected
    ours = policy.startswith("ClusterFirst") and expected == "None"
    assert spec["dnsConfig"]["nameservers"] == (["10.96.0.77", "192.0.2.1"] if ours else ["192.0.2.1"])


def test_default_without_config_has_none():
    assert "dnsConfig" not in spec_of(pod(dnsPolicy="Default"))


def test_another_cluster_domain():
    spec = spec_of(pod(namespace="apps"), cluster_domain="corp.example")
    assert spec["dnsConfig"]["searches"] == ["apps.svc.corp.example", "svc.corp.example", "corp.example"]


@given(
    st.lists(st.ip_addresses(v=4).map(str), max_size=3),
    st.lists(st.from_regex(r"[a-z]{1,60}(\.[a-z]{1,60}){0,3}", fullmatch=True), max_size=32),
)
def test_it_always_fits_what_the_api_accepts(nameservers: list[str], searches: list[str]):
    config = spec_of(pod(dnsConfig={"nameservers": nameservers, "searches": searches}))["dnsConfig"]
    assert config["nameservers"][0] == "10.96.0.77"
    assert len(config["nameservers"]) <= 3
    assert config["searches"][:3] == NAMESPACE_SEARCH
    assert len(config["searches"]) <= 32
    assert len(" ".join(config["searches"])) <= 2048
    kept = config["searches"][3:]
    assert kept == [name for name in dict.fromkeys(searches) if name not in NAMESPACE_SEARCH][: len(kept)]


# --- host names

LONG = "a" * 62 + "-" + "b" * 20


@pytest.mark.parametrize(
    ("virtual", "override", "expected"),
    [
        (pod("web"), False, {"hostname": "web"}),
        (pod("web", hostname="db"), False, {"hostname": "db"}),
        (pod("web", hostname="db", subdomain="peers"), True, {"hostname": "db"}),
        (pod(LONG), False, {"hostname": "a" * 62}),
        (pod("web.v1"), False, {"hostname": "web-v1"}),
        (pod("web.v1"), True, {"hostnameOverride": "web.v1"}),
        (
            pod("web", hostname="db", hostnameOverride="db.corp.example"),
            True,
            {"hostnameOverride": "db.corp.example"},
        ),
        (pod("web", subdomain="peers", setHostnameAsFQDN=True), False, {"hostname": "web"}),
        (
            pod("web", subdomain="peers", setHostnameAsFQDN=True),
            True,
            {"hostnameOverride": "web.peers.default.svc.cluster.local"},
        ),
        (pod("web", setHostnameAsFQDN=True), True, {"hostname": "web"}),
        (pod("w" * 40, subdomain="peers", setHostnameAsFQDN=True), True, {"hostname": "w" * 40}),
        (pod("web", hostNetwork=True), True, {}),
    ],
)
def test_hostname(virtual: dict[str, Any], *, override: bool, expected: dict[str, str]):
    spec = spec_of(virtual, hostname_override=override)
    named = ("hostname", "hostnameOverride", "subdomain", "setHostnameAsFQDN")
    assert {key: spec[key] for key in named if key in spec} == expected
