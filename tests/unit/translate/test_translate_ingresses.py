"""Ingresses on the host: the same rules, with the host's names of what they lead to."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from translate_builders import SCOPE, unchanged

from vcli.syncer.translate.ingresses import (
    class_of,
    configs_of,
    ignored,
    leads_somewhere,
    services_of,
    to_host,
    virtual_status,
)
from vcli.syncer.translate.names import VirtualName, host_name

Object = dict[str, Any]
BUCKET = {"resource": {"apiGroup": "example.com", "kind": "Bucket", "name": "files"}}
ON_HOST = {"name": "web-x-default-x-demo", "port": {"number": 80}}


def to_service(service: str = "web", **port: Any) -> Object:
    return {"service": {"name": service, "port": port or {"number": 80}}}


def rule(*backends: Object, host: str = "example.com") -> Object:
    paths = [
        {"path": f"/{number}", "pathType": "Prefix", "backend": backend}
        for number, backend in enumerate(backends)
    ]
    return {"host": host, "http": {"paths": paths}}


def ingress(
    *, annotations: dict[str, str] | None = None, status: Object | None = None, **spec: Any
) -> Object:
    metadata = {"name": "web", "namespace": "default", "uid": "u", "annotations": annotations or {}}
    return {"metadata": metadata, "spec": spec, "status": status or {}}


def test_rules_default_backend_and_certificates() -> None:
    virtual = ingress(
        ingressClassName="fast",
        defaultBackend=to_service("other"),
        rules=[rule(to_service(), to_service(name="https")), {"host": "bare.example.com"}],
        tls=[{"hosts": ["example.com"], "secretName": "tls"}, {"hosts": ["bare.example.com"]}],
    )
    virtual["metadata"]["labels"] = {"app": "web"}
    with unchanged(virtual):
        host = to_host(virtual, scope=SCOPE)
    assert (host["apiVersion"], host["kind"]) == ("networking.k8s.io/v1", "Ingress")
    assert (host["metadata"]["name"], host["metadata"]["namespace"]) == ("web-x-default-x-demo", "team-a")
    assert host["metadata"]["labels"] == {
        "app": "web",
        "vcli.dev/managed-by": "demo",
        "vcli.dev/namespace": "default",
    }
    assert host["spec"] == {
        "ingressClassName": "fast",
        "defaultBackend": {"service": {"name": "other-x-default-x-demo", "port": {"number": 80}}},
        "rules": [
            {
                "host": "example.com",
                "http": {
                    "paths": [
                        {"path": "/0", "pathType": "Prefix", "backend": {"service": ON_HOST}},
                        {
                            "path": "/1",
                            "pathType": "Prefix",
                            "backend": {"service": {**ON_HOST, "port": {"name": "https"}}},
                        },
                    ]
                },
            },
            {"host": "bare.example.com"},
        ],
        "tls": [
            {"hosts": ["example.com"], "secretName": "tls-x-default-x-demo"},
            {"hosts": ["bare.example.com"]},
        ],
    }
    assert list(configs_of(virtual)) == [("Secret", VirtualName("default", "tls"))]
    assert ignored(virtual, scope=SCOPE) == []


def test_a_class_that_is_not_named_is_left_to_the_host() -> None:
    host = to_host(ingress(defaultBackend=to_service()), scope=SCOPE)
    assert host["spec"].keys() == {"defaultBackend"}


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({}, ""),
        ({"ingressClassName": "a"}, "a"),
        ({"annotations": {"kubernetes.io/ingress.class": "b"}}, "b"),
    ],
)
def test_the_class_by_field_or_annotation(fields: Object, name: str) -> None:
    assert class_of(ingress(**fields)) == name


def test_only_services_are_backends_on_the_host() -> None:
    virtual = ingress(rules=[rule(BUCKET, to_service()), rule(BUCKET, host="other.example.com")])
    host = to_host(virtual, scope=SCOPE)
    [kept] = host["spec"]["rules"]
    assert [each["path"] for each in kept["http"]["paths"]] == ["/1"]
    assert len(ignored(virtual, scope=SCOPE)) == 2
    assert "Bucket files" in ignored(virtual, scope=SCOPE)[0]


@pytest.mark.parametrize(
    ("spec", "leads"),
    [
        ({"defaultBackend": to_service()}, True),
        ({"defaultBackend": BUCKET}, False),
        ({"rules": [rule(BUCKET)]}, False),
        ({"rules": [rule(BUCKET), rule(to_service())]}, True),
        ({"rules": [{"host": "example.com"}]}, True),
        ({}, False),
    ],
)
def test_one_that_leads_nowhere_is_no_valid_ingress(spec: Object, leads: Any) -> None:
    virtual = ingress(**spec)
    assert leads_somewhere(virtual) is leads
    assert bool(to_host(virtual, scope=SCOPE)["spec"].keys() & {"rules", "defaultBackend"}) is leads


def test_a_field_of_a_later_kubernetes_is_left_out_and_named() -> None:
    virtual = ingress(defaultBackend=to_service(), later={"secretName": "x"})
    assert to_host(virtual, scope=SCOPE)["spec"].keys() == {"defaultBackend"}
    assert ignored(virtual, scope=SCOPE) == [
        "spec.later left out on the host: this version of vcli does not know it"
    ]


def test_a_backend_that_is_an_action_is_no_service() -> None:
    action = to_service("forward", name="use-annotation")
    group = '{"targetGroups": [{"ServiceName": "%s"}]}'
    virtual = ingress(
        annotations={
            "alb.ingress.kubernetes.io/actions.forward": group % "blue",
            "alb.ingress.kubernetes.io/conditions.forward": "[]",
            "alb.ingress.kubernetes.io/conditions.web": "[]",
        },
        rules=[rule(action, to_service())],
    )
    host = to_host(virtual, scope=SCOPE)
    first, second = host["spec"]["rules"][0]["http"]["paths"]
    assert (first["backend"], second["backend"]) == (action, {"service": ON_HOST})
    theirs = {key: value for key, value in host["metadata"]["annotations"].items() if key.startswith("alb.")}
    assert theirs == {
        "alb.ingress.kubernetes.io/actions.forward": group % "blue-x-default-x-demo",
        "alb.ingress.kubernetes.io/conditions.forward": "[]",
        "alb.ingress.kubernetes.io/conditions.web-x-default-x-demo": "[]",
    }
    assert set(services_of(virtual)) == {VirtualName("default", "web"), VirtualName("default", "blue")}


def test_what_the_host_must_have_by_annotations() -> None:
    virtual = ingress(
        annotations={
            "nginx.ingress.kubernetes.io/auth-secret": "users",
            "nginx.ingress.kubernetes.io/custom-headers": "default/headers",
            "nginx.ingress.kubernetes.io/default-backend": "errors",
            "nginx.ingress.kubernetes.io/proxy-ssl-secret": "other/client",
        },
        defaultBackend=to_service(),
    )
    assert set(configs_of(virtual)) == {
        ("Secret", VirtualName("default", "users")),
        ("ConfigMap", VirtualName("default", "headers")),
    }
    assert VirtualName("default", "errors") in set(services_of(virtual))
    [sentence] = ignored(virtual, scope=SCOPE)
    assert "Secret client of namespace other" in sentence


def test_addresses_come_back_and_what_a_controller_inside_wrote_stays() -> None:
    addresses = {"ingress": [{"ip": "192.0.2.1", "ports": [{"port": 80, "protocol": "TCP"}]}]}
    host = {"status": {"loadBalancer": addresses}}
    assert virtual_status(host, ingress()) == {"loadBalancer": addresses}
    inside = ingress(status={"loadBalancer": {"ingress": [{"ip": "192.0.2.9"}]}})
    assert virtual_status(host, inside) == {"loadBalancer": addresses}
    for nothing in ({}, {"status": {"loadBalancer": {}}}):
        assert virtual_status(nothing, inside) == inside["status"]


NAMES = st.text("ax-", min_size=1, max_size=63)
BACKENDS = st.one_of(st.builds(to_service, NAMES), st.just(BUCKET))
RULES = st.lists(st.lists(BACKENDS, min_size=1, max_size=3).map(lambda each: rule(*each)), max_size=3)


@given(RULES, st.lists(NAMES, max_size=2))
def test_no_name_of_the_virtual_cluster_is_taken_for_one_of_the_host(
    rules: list[Object], secrets: list[str]
) -> None:
    virtual = ingress(rules=rules, tls=[{"secretName": name} for name in secrets])
    spec = to_host(virtual, scope=SCOPE)["spec"]
    paths = [path for each in spec.get("rules", ()) for path in each["http"]["paths"]]
    wanted = [
        path["backend"]["service"]["name"]
        for each in rules
        for path in each["http"]["paths"]
        if "service" in path["backend"]
    ]
    found = [path["backend"]["service"]["name"] for path in paths]
    assert found == [host_name(VirtualName("default", name), "demo") for name in wanted]
    assert [each["secretName"] for each in spec.get("tls", ())] == [
        host_name(VirtualName("default", name), "demo") for name in secrets
    ]
