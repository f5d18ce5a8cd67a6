"""Routes on the host: what they refer to, what is permitted, and what is not sent."""

from typing import Any

import pytest
from gateway_builders import grant, referrer, route
from translate_builders import unchanged

from vcli.syncer.translate.gateway_refs import Referrer, Target, sentence
from vcli.syncer.translate.names import VirtualName
from vcli.syncer.translate.routes import targets, to_host, unknown

Object = dict[str, Any]
V1 = "gateway.networking.k8s.io/v1"


def on_host(made: Object, own: Referrer, parents: list[Object] | None = None) -> Object:
    with unchanged(made):
        return to_host(made, parents or [], own, version=V1, kind="HTTPRoute")


def backends(own: Referrer, *refs: Object) -> list[Object]:
    found: list[Object] = on_host(route({"backendRefs": list(refs)}), own)["spec"]["rules"][0]["backendRefs"]
    return found


def test_it_is_the_same_under_the_hosts_names() -> None:
    rule = {
        "matches": [{"path": {"type": "PathPrefix", "value": "/old"}}],
        "backendRefs": [{"name": "web", "port": 80, "weight": 9}],
        "timeouts": {"request": "5s"},
    }
    made = on_host(
        route(rule, spec={"hostnames": ["a.example"]}), referrer(), [{"name": "public-x-infra-x-demo"}]
    )
    assert (made["apiVersion"], made["kind"]) == (V1, "HTTPRoute")
    assert made["metadata"]["name"] == "web-x-shop-x-demo"
    assert made["metadata"]["annotations"]["vcli.dev/generation"] == "3"
    assert made["spec"] == {
        "parentRefs": [{"name": "public-x-infra-x-demo"}],
        "hostnames": ["a.example"],
        "rules": [{**rule, "backendRefs": [{"name": "web-x-shop-x-demo", "port": 80, "weight": 9}]}],
    }


def test_all_that_filters_name_is_translated() -> None:
    filters = [
        {
            "type": "RequestMirror",
            "requestMirror": {"backendRef": {"name": "copy", "port": 80}, "percent": 5},
        },
        {"type": "ExternalAuth", "externalAuth": {"protocol": "HTTP", "backendRef": {"name": "auth"}}},
        {"type": "ExtensionRef", "extensionRef": {"group": "x.example", "kind": "Limit", "name": "slow"}},
        {"type": "URLRewrite", "urlRewrite": {"hostname": "b.example"}},
    ]
    rule = {"filters": filters, "backendRefs": [{"name": "web", "filters": filters}]}
    [made] = on_host(route(rule), referrer())["spec"]["rules"]
    for found in (made["filters"], made["backendRefs"][0]["filters"]):
        assert found[0]["requestMirror"] == {
            "backendRef": {"name": "copy-x-shop-x-demo", "port": 80},
            "percent": 5,
        }
        assert found[1]["externalAuth"]["backendRef"] == {"name": "auth-x-shop-x-demo"}
        assert found[2]["extensionRef"]["name"] == "slow-x-shop-x-demo"
        assert found[3] == filters[3]


def test_another_namespace_takes_a_grant_there() -> None:
    ref = {"name": "db", "namespace": "data", "port": 80}
    [refused] = backends(referrer(), ref)
    assert refused["name"].startswith("db-x-data-x-demo-"), "a name that no Service has"
    assert "namespace" not in refused
    assert refused["port"] == 80
    [permitted] = backends(referrer(grant("data")), ref)
    assert permitted == {"name": "db-x-data-x-demo", "port": 80}


@pytest.mark.parametrize(
    "other",
    [
        grant("other"),
        grant("data", source="elsewhere"),
        grant("data", kind="GRPCRoute"),
        grant("data", to={"group": "", "kind": "Secret"}),
        grant("data", to={"group": "x.example", "kind": "Service"}),
        grant("data", to={"group": "", "kind": "Service", "name": "web"}),
    ],
)
def test_a_grant_of_something_else_permits_nothing(other: Object) -> None:
    target = Target("", "Service", VirtualName("data", "db"))
    assert not referrer(other).may_refer_to(target)
    named = grant("data", to={"group": "", "kind": "Service", "name": "db"})
    assert referrer(other, named).may_refer_to(target)


def test_what_is_refused_is_said_once_each() -> None:
    rule = {"backendRefs": [{"name": "db", "namespace": "data"}, {"name": "web"}]}
    own = referrer()
    refused = [each for each in targets(route(rule, rule), own) if not own.may_refer_to(each)]
    assert sentence(refused) == (
        "not permitted to refer to Service data/db: no ReferenceGrant there allows it"
    )


def test_a_kind_that_is_no_service_is_never_one_of_the_hosts_own() -> None:
    ref = {"group": "traefik.io", "kind": "TraefikService", "name": "api"}
    assert backends(referrer(), ref) == [{**ref, "name": "api-x-shop-x-demo"}]


@pytest.mark.parametrize(
    ("made", "path"),
    [
        (route(spec={"useDefaultGateways": "All"}), "spec.useDefaultGateways"),
        (route({"newer": 1}), "spec.rules.newer"),
        (route({"filters": [{"type": "New", "new": {}}]}), "spec.rules.filters.new"),
        (route({"backendRefs": [{"name": "a", "via": "b"}]}), "spec.rules.backendRefs.via"),
        (
            route({"backendRefs": [{"name": "a", "filters": [{"type": "New", "new": {}}]}]}),
            "spec.rules.backendRefs.filters.new",
        ),
    ],
)
def test_a_field_that_is_not_known_is_named(made: Object, path: str) -> None:
    assert unknown(made) == [path]
    assert unknown(route({"backendRefs": [{"name": "a"}], "matches": []})) == []
