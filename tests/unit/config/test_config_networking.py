"""Services and names across the border: each mistake with its entry."""

from typing import Any

import pytest

from vcli.config import from_mapping
from vcli.config.networking import check_host_namespace, networking, services_elsewhere
from vcli.config.schema import Values
from vcli.errors import UsageError

Object = dict[str, Any]
TO_DB = {"hostService": "data/db"}


def values(chosen: Object, **others: Any) -> Values:
    return from_mapping({"networking": chosen, **others}, name="values.yaml")


def mapped(*mappings: Object, **others: Any) -> Values:
    return values({"resolveDNS": list(mappings)}, **others)


def complaint(chosen: Object, **others: Any) -> str:
    with pytest.raises(UsageError) as caught:
        values(chosen, **others)
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_the_syncer_is_told_what_is_given_and_nothing_else():
    assert networking(values({})) == {}
    chosen = {
        "replicateServices": {"toHost": [{"from": "shop/web", "to": "web"}], "fromHost": []},
        "resolveDNS": [{"hostname": "db.example.com", "service": "", "target": TO_DB}],
        "advanced": {"fallbackHostCluster": True, "clusterDomain": "corp.example"},
    }
    assert networking(values(chosen)) == {
        "replicateServices": {"toHost": [{"from": "shop/web", "to": "web"}]},
        "resolveDNS": [{"hostname": "db.example.com", "target": TO_DB}],
        "fallbackHostCluster": True,
    }


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"from": "web", "to": "web"}, "toHost[0].from: 'web' is not a Service as NAMESPACE/NAME"),
        ({"from": "shop/web"}, "toHost[0].to: must be given"),
        ({"from": "shop/web", "to": "a/b/c"}, "toHost[0].to"),
        ({"from": "shop/web", "to": "Web"}, "toHost[0].to"),
        ({"from": "shop/web", "to": "web", "port": "80"}, "toHost[0].port: unknown key"),
    ],
)
def test_services_that_are_none(entry: Object, said: str):
    assert said in complaint({"replicateServices": {"toHost": [entry]}})


@pytest.mark.parametrize("second", ["web", "team-a/web"])
def test_a_name_on_the_host_is_given_once(second: str):
    entries = [{"from": "shop/web", "to": "web"}, {"from": "shop/other", "to": second}]
    found = complaint({"replicateServices": {"toHost": entries}})
    assert f"toHost[1].to: {second} is taken by entry [0]" in found


def test_a_virtual_name_is_given_once():
    entries = [{"from": "data/a", "to": "shop/db"}, {"from": "data/b", "to": "shop/db"}]
    assert "fromHost[1].to: shop/db is taken" in complaint({"replicateServices": {"fromHost": entries}})


def test_another_namespace_of_the_host():
    entries = [{"from": "shop/web", "to": "team-a/web"}, {"from": "shop/web", "to": "other/front"}]
    chosen = values({"replicateServices": {"toHost": entries}})
    with pytest.raises(UsageError) as caught:
        check_host_namespace(chosen, "team-a")
    assert "toHost[1].to: other/front is not in namespace 'team-a'" in str(caught.value)
    assert "externalName: front.team-a.svc.cluster.local" in (caught.value.hint or "")
    check_host_namespace(values({"replicateServices": {"toHost": entries[:1]}}), "team-a")


def test_which_services_are_outside_the_namespace():
    froms = ["web", "team-a/own", "data/db", "more/db", "data/cache"]
    entries = [{"from": each, "to": f"shop/s{number}"} for number, each in enumerate(froms)]
    chosen = values({"replicateServices": {"fromHost": entries}})
    assert services_elsewhere(chosen, "team-a") == ["cache", "db"]


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ({"target": TO_DB}, "resolveDNS[0]: one of hostname, service, namespace: none is given"),
        ({"hostname": "a.example", "service": "b/c", "target": TO_DB}, "hostname and service are given"),
        ({"hostname": "a.example"}, "resolveDNS[0].target: one of hostname, ip, hostService"),
        ({"hostname": "a.example", "target": {**TO_DB, "ip": "192.0.2.1"}}, "ip and hostService are given"),
        ({"hostname": "a.example", "target": {"ip": "300.0.2.1"}}, "resolveDNS[0].target.ip"),
        ({"hostname": "a.example", "target": {"ip": "nowhere"}}, "resolveDNS[0].target.ip"),
        ({"hostname": "a_b.example", "target": TO_DB}, "resolveDNS[0].hostname"),
        ({"hostname": "a.*.example", "target": TO_DB}, "resolveDNS[0].hostname"),
        ({"service": "db", "target": TO_DB}, "resolveDNS[0].service"),
        ({"namespace": "shop", "target": TO_DB}, "a namespace leads to a hostNamespace"),
        ({"service": "a/b", "target": {"hostNamespace": "data"}}, "a namespace leads to a hostNamespace"),
        ({"hostname": "a.b.svc.cluster.local", "target": TO_DB}, "is in the cluster domain"),
        ({"hostname": "*.local", "target": TO_DB}, "no Service would be found"),
        ({"hostname": "a.example", "target": {"hostname": "a.example"}}, "a.example is mapped itself"),
        ({"hostname": "*.example", "target": {"hostname": "a.example"}}, "a.example is mapped itself"),
        (
            {"service": "a/b", "target": {"hostname": "x.b.a.svc.cluster.local"}},
            "is mapped itself",
        ),
        ({"hostname": "a.example", "target": {"vClusterService": "a/b/c"}}, "target.vClusterService"),
    ],
)
def test_mappings_that_lead_nowhere(mapping: Object, said: str):
    found = complaint({"resolveDNS": [mapping]})
    assert said in found
    assert "values.yaml" in found


def test_a_name_is_mapped_once():
    mapping = {"hostname": "a.example", "target": TO_DB}
    assert "resolveDNS[1]: a.example is mapped by entry [0] already" in complaint(
        {"resolveDNS": [mapping, mapping]}
    )


@pytest.mark.parametrize(
    "chosen",
    [
        {"resolveDNS": [{"hostname": "a.example", "target": TO_DB}]},
        {"advanced": {"fallbackHostCluster": True}},
    ],
)
def test_without_our_corefile_they_have_no_effect(chosen: Object):
    for coredns, said in (
        ({"enabled": False}, "enabled is false"),
        ({"overwriteConfig": "x"}, "overwriteConfig"),
    ):
        assert said in complaint(chosen, controlPlane={"coredns": coredns})


def test_what_goes_together():
    mapped(
        {"hostname": "example.com", "target": {"hostname": "www.example.com"}},
        {"hostname": "*.apps.example.com", "target": {"ip": "2001:db8::1"}},
        {"service": "shop/db", "target": {"vClusterService": "team-b/other/shop/db"}},
        {"namespace": "shop", "target": {"hostNamespace": "shop"}},
    )


def test_the_keys_of_2023():
    old = {
        "mapServices": {
            "fromVirtual": [{"from": "shop/web", "to": "web"}],
            "fromHost": [{"from": "data/db", "to": "shop/db"}],
        },
        "fallbackHostDns": True,
    }
    chosen = from_mapping(old, name="values.yaml")
    assert networking(chosen) == {
        "replicateServices": {
            "toHost": [{"from": "shop/web", "to": "web"}],
            "fromHost": [{"from": "data/db", "to": "shop/db"}],
        },
        "fallbackHostCluster": True,
    }
    assert "mapServices.fromVirtual is now networking.replicateServices.toHost" in " ".join(chosen.warnings)
