"""Names in the virtual cluster that lead out of it: mapped ones, and those that only the host knows."""

from collections.abc import Iterator

import pytest
import traffic
from direct import make_namespace
from embedded import Host
from polling import eventually
from services import answered, service, web
from space import Space, pod, virtual_cluster

MAPPED = "networking.resolveDNS"
DOMAINS = ("cluster.local", "corp.example")
"""That of the host, and another one."""


@pytest.fixture(params=DOMAINS)
def domain(request: pytest.FixtureRequest) -> str:
    """Of the virtual cluster."""
    name: str = request.param
    return name


@pytest.fixture
def inside(host: Host, namespace: str, domain: str, space: Space) -> Iterator[Space]:
    """In a virtual cluster whose names lead to the host's namespace, and to `space` of another cluster."""
    there = f"{space.cluster.namespace}/{space.cluster.name}/{space.name}/web"
    mappings = [
        {"service": "shop/database", "target.hostService": f"{namespace}/db"},
        {"namespace": "mapped", "target.hostNamespace": namespace},
        {"hostname": "db.example.com", "target.hostService": f"{namespace}/db"},
        {"hostname": "*.apps.example.com", "target.hostService": f"{namespace}/db"},
        {"hostname": "shop.example.com", "target.hostname": f"own.shop.svc.{domain}"},
        {"hostname": "fixed.example.com", "target.ip": "192.0.2.9"},
        {"hostname": "fixed6.example.com", "target.ip": "2001:db8::9"},
        {"hostname": "other.example.com", "target.vClusterService": there},
    ]
    sets = [
        f"{MAPPED}[{number}].{key}={value}"
        for number, mapping in enumerate(mappings)
        for key, value in mapping.items()
    ]
    sets += [f"networking.advanced.clusterDomain={domain}", "networking.advanced.fallbackHostCluster=true"]
    with virtual_cluster(host, "names", sets=sets) as cluster:
        make_namespace(cluster.kubeconfig, "shop")
        yield Space(cluster=cluster, host=host, name="shop")


def lookup(space: Space, name: str, kind: str = "a") -> str:
    return space.run("exec", "client", "--", "nslookup", f"-type={kind}", name).stdout


def test_names_lead_where_they_are_mapped_to(
    inside: Space, space: Space, namespace: str, domain: str
) -> None:
    host = inside.host
    host.apply(namespace, traffic.web("db"), traffic.service("db"))
    space.apply(web("web"), service("web"))
    inside.apply(web("own"), service("own", selector={"app": "web"}), pod("client"))
    traffic.ready(host, namespace, "db")
    space.wait("condition=Ready", "pod/web")
    inside.wait("condition=Ready", "pod/own", "pod/client")

    answered(inside, "http://own", "own")
    answered(inside, "http://database", "db")
    answered(inside, f"http://database.shop.svc.{domain}", "db")
    answered(inside, "http://db.mapped", "db")
    answered(inside, "http://db.example.com", "db")
    answered(inside, "http://one.apps.example.com", "db")
    answered(inside, "http://shop.example.com", "own")
    answered(inside, "http://other.example.com", "web")
    eventually(lambda: "Address: 192.0.2.9" in lookup(inside, "fixed.example.com"))
    assert "2001:db8::9" in lookup(inside, "fixed6.example.com", "aaaa")
    # The name comes back as it was asked for, and nothing else is mapped with it.
    assert namespace not in lookup(inside, "db.example.com")
    for name in ("x.db.example.com", "apps.example.com", "x.fixed.example.com"):
        assert "NXDOMAIN" in lookup(inside, name), name

    # The host's Service is another one.
    host.kubectl("delete", "service", "db", "--namespace", namespace)
    host.apply(namespace, traffic.service("db"))
    answered(inside, "http://db.example.com", "db")

    # What is not known inside is asked of the host, and what is known is not.
    answered(inside, f"http://db.{namespace}", "db")
    answered(inside, f"http://db.{namespace}.svc.{domain}", "db")
    own = inside.get("service", "kubernetes", "--namespace", "default")["spec"]["clusterIP"]
    assert f"Address: {own}" in lookup(inside, f"kubernetes.default.svc.{domain}")
    assert "NXDOMAIN" in lookup(inside, f"missing.{namespace}.svc.{domain}")


def test_without_it_the_host_is_not_asked_for_names_of_the_cluster(space: Space, namespace: str) -> None:
    space.host.apply(namespace, traffic.service("db"))
    space.apply(pod("client"))
    space.wait("condition=Ready", "pod/client")
    eventually(lambda: "NXDOMAIN" in lookup(space, f"db.{namespace}.svc.cluster.local"))
