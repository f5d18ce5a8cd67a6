"""The embedded host's add-ons, each seen by what it does, on a host of their own that has all of them."""

import json
import re
from collections.abc import Iterator
from typing import Any

import embedded
import pytest
from embedded import Host, own_host, vcli_host
from polling import eventually
from traffic import external, fetch, pod, policy, ready, service, web

NAME = f"{embedded.NAME}-addons"
RANGE = re.compile(r"10\.201\.0\.(12[89]|1[3-9]\d|2\d\d)")


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """Booted with one add-on; the others are added while it runs."""
    with own_host(NAME, tmp_path_factory.mktemp("addons"), "--with", "network-policy") as host:
        more = ["up", "--name", NAME, "--with", "ingress,load-balancer", "--with", "metrics", "-o", "json"]
        assert json.loads(vcli_host(*more, env=host.env, timeout=3600))["created"] is False
        yield host


@pytest.fixture
def other(host: Host, namespace: str) -> Iterator[str]:
    """A second namespace, with the label ``team: friends``."""
    name = f"{namespace}-b"
    host.create_namespace(name)
    host.kubectl("label", "namespace", name, "team=friends")
    yield name
    host.kubectl("delete", "namespace", name, "--wait=false")


def test_status_shows_them(host: Host) -> None:
    found = json.loads(host.vcli("host", "status", "--name", NAME, "-o", "json").stdout)
    assert {x["name"]: x["ready"] for x in found["addons"]} == dict.fromkeys(
        ("network-policy", "load-balancer", "ingress", "metrics"), True
    )
    assert {"kube-router", "load-balancer"} <= {x["name"] for x in found["components"]}
    assert (
        "with network-policy, load-balancer, ingress, metrics"
        in host.vcli("host", "status", "--name", NAME).stdout
    )


def test_unknown_addon_is_an_error_that_lists_them(host: Host) -> None:
    done = host.vcli("host", "up", "--name", NAME, "--with", "metrics,nothing", check=False)
    assert done.returncode == 2
    assert "there is no add-on 'nothing'" in done.stderr
    assert "gateway-api, ingress, kine, load-balancer, metrics, network-policy" in done.stderr


def test_policies_are_enforced(host: Host, namespace: str, other: str) -> None:
    host.apply(namespace, web("web"), pod("near"))
    host.apply(other, pod("far"))
    ready(host, namespace, "web", "near")
    ready(host, other, "far")
    url = f"http://{host.get('pod', 'web', '-n', namespace)['status']['podIP']}:8080"

    def answers() -> tuple[bool, bool]:
        return (
            fetch(host, namespace, "near", url) == "web\n",
            fetch(host, other, "far", url) == "web\n",
        )

    eventually(lambda: answers() == (True, True))
    host.apply(namespace, policy("deny", podSelector={}, policyTypes=["Ingress"]))
    eventually(lambda: answers() == (False, False))
    friends = {
        "from": [{"namespaceSelector": {"matchLabels": {"team": "friends"}}}],
        "ports": [{"port": "web"}],
    }
    host.apply(namespace, policy("friends", podSelector={"matchLabels": {"app": "web"}}, ingress=[friends]))
    eventually(lambda: answers() == (False, True))
    host.kubectl("label", "namespace", other, "team-")
    eventually(lambda: answers() == (False, False))
    # The kubelet is no pod: its probes pass.
    ready(host, namespace, "web")


def test_policies_count_behind_services_and_on_the_way_out(host: Host, namespace: str) -> None:
    host.apply(namespace, web("web"), web("api"), service("web"), service("api"), pod("client"))
    ready(host, namespace, "web", "api", "client")

    def answers() -> tuple[bool, bool]:
        return (
            fetch(host, namespace, "client", "http://web") == "web\n",
            fetch(host, namespace, "client", "http://api") == "api\n",
        )

    eventually(lambda: answers() == (True, True))
    dns = {"ports": [{"port": 53, "protocol": "UDP"}]}
    to_web = {"to": [{"podSelector": {"matchLabels": {"app": "web"}}}]}
    client = {"matchLabels": {"app": "client"}}
    host.apply(namespace, policy("out", podSelector=client, policyTypes=["Egress"], egress=[dns, to_web]))
    eventually(lambda: answers() == (True, False))


def test_load_balancer_is_answered_at_its_address(host: Host, namespace: str) -> None:
    host.apply(
        namespace,
        *(web("web"), service("web", type="LoadBalancer"), pod("client"), pod("node", hostNetwork=True)),
    )
    ready(host, namespace, "web", "client", "node")
    address = eventually(lambda: external(host, namespace, "web"))
    assert RANGE.fullmatch(address)
    for client in ("client", "node"):
        eventually(lambda x=client: fetch(host, namespace, x, f"http://{address}") == "web\n")
    host.kubectl(
        "patch", "service", "web", "-n", namespace, "-p", '{"spec":{"externalTrafficPolicy":"Local"}}'
    )
    eventually(lambda: fetch(host, namespace, "client", f"http://{address}") == "web\n")
    assert external(host, namespace, "web") == address
    host.kubectl("delete", "service", "web", "-n", namespace)
    eventually(lambda: fetch(host, namespace, "client", f"http://{address}") == "")
    again = service("again", type="LoadBalancer", loadBalancerIP=address)
    host.apply(namespace, again)
    eventually(lambda: external(host, namespace, "again") == address)


def test_load_balancers_that_are_not_ours_or_can_not_be(host: Host, namespace: str) -> None:
    host.apply(
        namespace,
        service("others", type="LoadBalancer", loadBalancerClass="example.test/other"),
        service("outside", type="LoadBalancer", loadBalancerIP="192.0.2.1"),
        service("ours", type="LoadBalancer", loadBalancerClass="vcli.dev/load-balancer"),
    )
    eventually(lambda: external(host, namespace, "ours"))
    assert external(host, namespace, "others") == external(host, namespace, "outside") == ""
    said = eventually(
        lambda: host.kubectl("get", "events", "-n", namespace, "-o", "jsonpath={.items[*].message}")
    )
    assert "loadBalancerIP 192.0.2.1 is none of the host's addresses" in said
    host.kubectl(
        "patch",
        "service",
        "ours",
        "-n",
        namespace,
        "-p",
        '{"spec":{"loadBalancerClass":null,"type":"ClusterIP"}}',
    )
    eventually(lambda: external(host, namespace, "ours") == "")


def test_ingress_is_answered_through_the_controllers_address(host: Host, namespace: str) -> None:
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    path = {"path": "/", "pathType": "Prefix", "backend": backend}
    name = f"{namespace}.test"
    ingress = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "web"},
        "spec": {"rules": [{"host": name, "http": {"paths": [path]}}]},
    }
    host.apply(namespace, web("web"), service("web"), ingress, pod("client"))
    ready(host, namespace, "web", "client")

    def status() -> Any:
        return host.get("ingress", "web", "-n", namespace)["status"]["loadBalancer"]["ingress"][0]["ip"]

    address = eventually(status)
    assert address == external(host, "kube-system", "traefik")
    assert host.get("ingress", "web", "-n", namespace)["spec"]["ingressClassName"] == "traefik"
    url = f"http://{address}/"
    eventually(lambda: fetch(host, namespace, "client", url, "--header", f"Host: {name}") == "web\n")
    assert fetch(host, namespace, "client", url, "--header", "Host: other.test") == ""


def test_kubectl_top(host: Host, namespace: str) -> None:
    host.apply(namespace, pod("busy", "while :; do :; done"))
    ready(host, namespace, "busy")
    assert re.search(rf"^{NAME} +\d+m ", host.kubectl("top", "nodes"), re.MULTILINE)
    eventually(
        lambda: re.search(
            r"^busy +[1-9]\d*m ", host.kubectl("top", "pods", "-n", namespace, check=False), re.MULTILINE
        )
    )
