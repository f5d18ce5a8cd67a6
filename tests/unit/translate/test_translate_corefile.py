"""The Corefile where names lead out of the virtual cluster; what CoreDNS makes of it, e2e tests show."""

import re
from typing import Any

import pytest

from vcli.config import load
from vcli.controlplane import addons
from vcli.syncer.translate.corefile import host_domain_of, with_names

DOMAIN = "cluster.local"


def rendered(*, fallback: bool = False, domain: str = DOMAIN) -> str:
    """The Corefile as the CLI hands it over."""
    below = "networking.advanced"
    sets = [f"{below}.fallbackHostCluster={str(fallback).lower()}", f"{below}.clusterDomain={domain}"]
    [found] = [each["data"] for each in addons.render(load([], sets)) if each["kind"] == "ConfigMap"]
    return str(found["Corefile"])


MAIN = rendered()


def extended(
    *mappings: dict[str, Any], domain: str = DOMAIN, host: str = DOMAIN, fallback: bool = False
) -> str:
    networking: dict[str, Any] = {"resolveDNS": list(mappings)}
    if fallback:
        networking["fallbackHostCluster"] = True
    corefile = rendered(fallback=fallback, domain=domain)
    return with_names(corefile, networking, domain=domain, host_domain=host)


def blocks(corefile: str) -> dict[str, str]:
    """Server blocks by their zone and port."""
    found = re.findall(r"^(\S+) \{\n(.*?)^\}\n", corefile, re.MULTILINE | re.DOTALL)
    assert "".join(f"{head} {{\n{body}}}\n" for head, body in found) == corefile
    assert len({head for head, _ in found}) == len(found)
    return dict(found)


def test_without_any_it_stays_as_it_is() -> None:
    assert with_names(MAIN, {}, domain=DOMAIN, host_domain=DOMAIN) == MAIN


def test_a_service_and_all_below_it() -> None:
    mapping = {"service": "shop/db", "target": {"hostService": "data/postgres"}}
    found = blocks(extended(mapping, domain="corp.example", host="host.local"))
    own = found["db.shop.svc.corp.example:1053"]
    assert "rewrite name suffix db.shop.svc.corp.example. postgres.data.svc.host.local. answer auto" in own
    assert "forward . HOST_DNS" in own
    assert "view" not in own


def test_a_namespace() -> None:
    found = blocks(extended({"namespace": "shop", "target": {"hostNamespace": "data"}}))
    rewrite = "rewrite name suffix shop.svc.cluster.local. data.svc.cluster.local. answer auto"
    assert rewrite in found["shop.svc.cluster.local:1053"]


@pytest.mark.parametrize(
    ("hostname", "zone", "condition"),
    [
        ("db.example.com", "db.example.com", "expr name() == 'db.example.com.'"),
        ("*.example.com", "example.com", "expr name() != 'example.com.'"),
    ],
)
def test_a_hostname_alone_or_all_below_it(hostname: str, zone: str, condition: str) -> None:
    own = blocks(extended({"hostname": hostname, "target": {"hostService": "data/postgres"}}))[f"{zone}:1053"]
    assert condition in own
    assert "rewrite name regex .* postgres.data.svc.cluster.local. answer auto" in own


def test_a_name_and_those_below_it_beside_each_other() -> None:
    corefile = extended(
        {"hostname": "example.com", "target": {"hostService": "data/a"}},
        {"hostname": "*.example.com", "target": {"hostService": "data/b"}},
    )
    assert corefile.count("example.com:1053 {") == 2
    assert len(set(re.findall(r"view (\S+)", corefile))) == 2


def test_a_service_of_another_virtual_cluster() -> None:
    target = {"vClusterService": "team-b/other/shop/db"}
    own = blocks(extended({"hostname": "db.example.com", "target": target}))["db.example.com:1053"]
    assert "db-x-shop-x-other.team-b.svc.cluster.local." in own


@pytest.mark.parametrize(
    ("target", "kind", "answer"),
    [
        ({"ip": "192.0.2.9"}, "A", "IN A 192.0.2.9"),
        ({"ip": "2001:db8::9"}, "AAAA", "IN AAAA 2001:db8::9"),
        ({"hostname": "www.example.org"}, "ANY", "IN CNAME www.example.org."),
    ],
)
def test_addresses_and_other_names(target: dict[str, str], kind: str, answer: str) -> None:
    own = blocks(extended({"hostname": "db.example.com", "target": target}))["db.example.com:1053"]
    assert f"template IN {kind} {{" in own
    assert answer in own
    assert "forward" not in own


def test_a_service_that_is_an_address_leaves_the_names_below_it_alone() -> None:
    own = blocks(extended({"service": "shop/db", "target": {"ip": "192.0.2.9"}}))[
        "db.shop.svc.cluster.local:1053"
    ]
    assert "expr name() == 'db.shop.svc.cluster.local.'" in own


def test_what_is_not_found_is_asked_of_the_host() -> None:
    main = blocks(extended(fallback=True))[".:1053"]
    opened = main.index("kubernetes cluster.local ")
    assert main.index("fallthrough cluster.local\n") < main.index("}", opened)
    assert "127.0.0.1" not in main


def test_with_another_domain_it_is_asked_by_the_hosts_names() -> None:
    found = blocks(extended(fallback=True, domain="corp.example", host="host.local"))
    main, second = found[".:1053"], found["corp.example:1054"]
    assert main.index("forward corp.example 127.0.0.1:1054") < main.index("forward . HOST_DNS")
    assert "fallthrough corp.example" in main
    assert "bind 127.0.0.1" in second
    assert "rewrite name suffix corp.example. host.local. answer auto" in second


@pytest.mark.parametrize(
    ("search", "domain"),
    [
        (["team-a.svc.host.local", "svc.host.local", "host.local", "example.com"], "host.local"),
        (["example.com"], "cluster.local"),
        ([], "cluster.local"),
    ],
)
def test_the_hosts_domain_is_in_the_search_list(search: list[str], domain: str) -> None:
    assert host_domain_of(search) == domain
