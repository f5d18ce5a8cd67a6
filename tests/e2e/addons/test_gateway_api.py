"""Gateways and routes of tenants are answered by the host's Traefik."""

import base64
import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

import pytest
from embedded import Host
from polling import eventually
from space import Object, Space, virtual_cluster
from traffic import external, service, web

from vcli import VirtualCluster, x509

GROUP = "gateway.networking.k8s.io"
EDGE = "edge"
SETS = (
    "sync.toHost.gatewayApi.enabled=true",
    "rbac.clusterRole.enabled=true",
    "sync.fromHost.gateways.enabled=true",
    f"sync.fromHost.gateways.mappings.byName.{EDGE}/main=shared/main",
)
FETCH = """
import http.client, socket, ssl, sys
address, host, *ca = sys.argv[1:]
connection = http.client.HTTPConnection(address, 80, timeout=5)
if ca:
    context = ssl.create_default_context(cadata=ca[0])
    connection.sock = context.wrap_socket(socket.create_connection((address, 443), 5), server_hostname=host)
connection.request("GET", "/", headers={"Host": host})
answer = connection.getresponse()
print(answer.status, answer.read().decode().strip())
"""


@pytest.fixture(scope="module")
def edge(host: Host) -> Iterator[None]:
    """A Gateway of the host's own."""
    host.create_namespace(EDGE)
    host.apply(EDGE, gateway("main", listener("web", hostname="*.edge.test", source="All")))
    yield
    host.end_namespace(EDGE)


@pytest.fixture(scope="module")
def cluster(host: Host, edge: None) -> Iterator[VirtualCluster]:
    """A virtual cluster on it, with all kinds of the Gateway API."""
    with virtual_cluster(host, "web", sets=SETS) as cluster:
        yield cluster


def made(kind: str, name: str, spec: Object, *, version: str = "v1") -> Object:
    return {"apiVersion": f"{GROUP}/{version}", "kind": kind, "metadata": {"name": name}, "spec": spec}


def listener(name: str, *, source: str = "Same", **more: Any) -> Object:
    allowed = {"namespaces": {"from": source}}
    return {"name": name, "port": 80, "protocol": "HTTP", "allowedRoutes": allowed, **more}


def gateway(name: str, *listeners: Object) -> Object:
    return made("Gateway", name, {"gatewayClassName": "traefik", "listeners": list(listeners)})


def route(host: str, backend: Object, parent: Object) -> Object:
    """An HTTPRoute that leads from a host to a Service."""
    rules = [{"backendRefs": [{"port": 80, **backend}]}]
    return made("HTTPRoute", "web", {"parentRefs": [parent], "hostnames": [host], "rules": rules})


def serve(space: Space, name: str) -> None:
    """Have a Service whose pod answers its name."""
    space.apply(web(name), service(name))
    space.wait("condition=Ready", f"pod/{name}")


def fetch(space: Space, host: str, *ca: str) -> str:
    """Status and text that Traefik answers; with a CA by TLS, when the certificate is its."""
    address = external(space.host, "kube-system", "traefik-gateway")
    command = ("python3", "-c", FETCH, address, host, *ca)
    return space.kubectl("exec", "client", "--", *command).strip()


def condition(space: Space, kind: str) -> tuple[str, str]:
    """Status and reason of a condition that the route has of its one parent."""
    parents = (space.get("httproute", "web").get("status") or {}).get("parents") or []
    found = [
        (each["status"], each["reason"]) for x in parents for each in x["conditions"] if each["type"] == kind
    ]
    return found[0] if len(found) == 1 else ("", "")


def test_a_route_leads_through_a_gateway_to_the_service_of_its_namespace(space: Space, client: str) -> None:
    serve(space, "web")
    name = f"{space.name}.test"
    space.apply(gateway("public", listener("web")), route(name, {"name": "web"}, {"name": "public"}))
    eventually(lambda: fetch(space, name) == "200 web")
    assert fetch(space, f"not-{name}").startswith("404")
    eventually(lambda: condition(space, "Accepted") == ("True", "Accepted"))
    assert condition(space, "ResolvedRefs") == ("True", "ResolvedRefs")
    [parent] = space.get("httproute", "web")["status"]["parents"]
    assert parent["parentRef"]["name"] == "public"
    space.wait("condition=Programmed", "gateway/public")
    status = space.get("gateway", "public")["status"]
    assert [each["value"] for each in status["addresses"]] == [
        external(space.host, "kube-system", "traefik-gateway")
    ]
    assert status["listeners"][0]["attachedRoutes"] == 1
    assert space.on_host("httproute") == [space.host_name("web")]

    space.kubectl("delete", "httproute", "web")
    eventually(lambda: fetch(space, name).startswith("404"))
    space.kubectl("delete", "gateway", "public")
    eventually(lambda: space.on_host("gateway") == [])


def test_a_route_of_another_namespace_is_let_in_by_the_listener(
    space: Space, elsewhere: Space, client: str
) -> None:
    serve(elsewhere, "web")
    name = f"{space.name}.test"
    space.apply(gateway("public", listener("web")))
    elsewhere.apply(route(name, {"name": "web"}, {"name": "public", "namespace": space.name}))
    assert eventually(lambda: condition(elsewhere, "Accepted")[1]) == "NotAllowedByListeners"
    assert elsewhere.on_host("httproute") == []
    assert fetch(space, name).startswith("404")
    space.apply(gateway("public", listener("web", source="All")))
    eventually(lambda: fetch(space, name) == "200 web")
    eventually(lambda: condition(elsewhere, "Accepted") == ("True", "Accepted"))


def test_a_service_of_another_namespace_takes_a_reference_grant(
    space: Space, elsewhere: Space, client: str
) -> None:
    serve(elsewhere, "web")
    name = f"{space.name}.test"
    backend = {"name": "web", "namespace": elsewhere.name}
    space.apply(gateway("public", listener("web")), route(name, backend, {"name": "public"}))
    eventually(lambda: condition(space, "ResolvedRefs")[1] == "RefNotPermitted")
    eventually(lambda: re.match(r"50[0-9]", fetch(space, name)))
    reasons = {each["reason"] for each in space.get("events")["items"]}
    assert "RefNotPermitted" in reasons
    spec = {
        "from": [{"group": GROUP, "kind": "HTTPRoute", "namespace": space.name}],
        "to": [{"group": "", "kind": "Service"}],
    }
    elsewhere.apply(made("ReferenceGrant", "web", spec, version="v1beta1"))
    eventually(lambda: fetch(space, name) == "200 web")
    eventually(lambda: condition(space, "ResolvedRefs") == ("True", "ResolvedRefs"))
    elsewhere.kubectl("delete", "referencegrant", "web")
    eventually(lambda: re.match(r"50[0-9]", fetch(space, name)))


def test_the_certificate_of_a_virtual_secret_is_served(space: Space, client: str) -> None:
    name = f"{space.name}.test"
    now = dt.datetime.now(dt.UTC)
    start, end = now - dt.timedelta(days=1), now + dt.timedelta(days=1)
    authority = x509.authority("test", start=start, end=end)
    files = x509.leaf(name, server=True, sans=[name], authority=authority, start=start, end=end)
    data = {
        key: base64.b64encode(file).decode() for key, file in zip(("tls.crt", "tls.key"), files, strict=True)
    }
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "tls"},
        "type": "kubernetes.io/tls",
        "data": data,
    }
    serve(space, "web")
    tls: Object = {"tls": {"certificateRefs": [{"name": "tls"}]}, "protocol": "HTTPS", "port": 443}
    space.apply(
        secret,
        gateway("public", listener("web", hostname=name, **tls)),
        route(name, {"name": "web"}, {"name": "public"}),
    )
    eventually(lambda: fetch(space, name, authority[0].decode()) == "200 web")
    space.kubectl("delete", "gateway", "public")
    eventually(lambda: space.host_name("tls") not in space.on_host("secret"))


def test_classes_and_a_gateway_of_the_host_are_shown_and_routes_attach(space: Space, client: str) -> None:
    shown = eventually(lambda: space.get("gatewayclass", "traefik"))
    assert shown["spec"]["controllerName"] == "traefik.io/gateway-controller"
    space.wait("condition=Accepted", "gatewayclass/traefik")
    space.wait("condition=Programmed", "gateway/main", "--namespace", "shared")
    serve(space, "web")
    name = f"{space.name}.edge.test"
    space.apply(route(name, {"name": "web"}, {"name": "main", "namespace": "shared"}))
    eventually(lambda: fetch(space, name) == "200 web")
    [parent] = eventually(lambda: space.get("httproute", "web")["status"]["parents"])
    assert (parent["parentRef"]["namespace"], parent["parentRef"]["name"]) == ("shared", "main")
