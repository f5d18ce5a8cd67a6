"""A virtual API with a node port: reached without a tunnel where it answers, by one where it does not."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from embedded import Host
from inside_node import InsideNode
from lending import Lender
from polling import eventually
from test_create import on_host
from upgrading import POD_ONLY, pod

from vcli.host.instance import NODE_IP

TYPE = "controlPlane.service.spec.type"
KUBECTL = ("--", "kubectl", "get", "namespace", "default", "-o", "name")


@pytest.fixture(scope="module")
def lender(host: Host) -> Iterator[Lender]:
    lender = Lender(host, *POD_ONLY, "--expose", "nodeport")
    yield lender
    lender.end()


@pytest.fixture
def namespace(lender: Lender, request: pytest.FixtureRequest) -> Iterator[str]:
    """That of a virtual cluster with a node port."""
    with lender.lent(request.node) as namespace:
        yield namespace


@pytest.fixture
def inside(desk: Host, tmp_path: Path) -> Iterator[InsideNode]:
    inside = InsideNode(desk, tmp_path)
    yield inside
    inside.vcli("disconnect", "--all", check=False)


def node_port(host: Host, namespace: str) -> int:
    return int(on_host(host, "service", "demo", "-n", namespace)["spec"]["ports"][0]["nodePort"])


def test_a_node_port_that_answers_takes_no_tunnel(desk: Host, namespace: str, inside: InsideNode):
    server = f"https://{NODE_IP}:{node_port(desk, namespace)}"

    def cluster() -> Any:
        printed = inside.vcli("connect", "demo", "-n", namespace, "--print").stdout
        return yaml.safe_load(printed)["clusters"][0]["cluster"]

    # By another name of the certificate, until that has the address itself.
    eventually(lambda: cluster()["server"] == server and "tls-server-name" not in cluster())
    done = inside.vcli("connect", "demo", "-n", namespace)
    assert f"connected to virtual cluster demo at {server}, without a tunnel" in done.stderr
    assert json.loads(inside.vcli("tunnels", "-o", "json").stdout) == []
    assert inside.run(*KUBECTL[1:]).stdout == "namespace/default\n"
    child = inside.vcli("connect", "demo", "-n", namespace, *KUBECTL)
    assert (child.stdout, child.stderr) == ("namespace/default\n", "")


def test_where_it_does_not_answer_a_tunnel_is_taken(desk: Host, namespace: str, inside: InsideNode):
    port = node_port(desk, namespace)
    with inside.blocked(port):
        done = inside.vcli("connect", "demo", "-n", namespace, *KUBECTL)
        assert done.stdout == "namespace/default\n"
        assert f"does not answer at https://{NODE_IP}:{port}: taking a tunnel" in done.stderr
        given = ("--server", f"https://{NODE_IP}:{port}")
        printed = inside.vcli("connect", "demo", "-n", namespace, "--print", *given)
        assert f"server: {given[1]}" in printed.stdout
        assert "tunnel" not in printed.stderr
    # Nothing leads to the node from outside its network.
    assert desk.vcli("connect", "demo", "-n", namespace, *KUBECTL).stdout == "namespace/default\n"


def test_lists_say_how_it_is_reached(desk: Host, namespace: str):
    shown = f"nodePort {node_port(desk, namespace)}"
    [listed] = json.loads(desk.vcli("list", "-n", namespace, "-o", "json").stdout)
    assert listed["exposed"] == shown
    assert shown in desk.vcli("list", "-n", namespace, "-o", "wide").stdout
    described = json.loads(desk.vcli("describe", "demo", "-n", namespace, "-o", "json").stdout)
    assert described["service"]["exposed"] == shown


def test_it_is_switched_off_and_on_without_a_restart(desk: Host, namespace: str):
    before = pod(desk, namespace)["metadata"]["uid"]
    desk.vcli("upgrade", "demo", "-n", namespace, "--set", f"{TYPE}=ClusterIP")
    spec = on_host(desk, "service", "demo", "-n", namespace)["spec"]
    assert (spec["type"], "nodePort" in spec["ports"][0]) == ("ClusterIP", False)
    desk.vcli("upgrade", "demo", "-n", namespace, "--expose", "nodeport")
    assert node_port(desk, namespace)
    assert pod(desk, namespace)["metadata"]["uid"] == before


def test_a_load_balancer_without_an_address_is_given_up(desk: Host, namespace: str):
    done = desk.vcli("upgrade", "demo", "-n", namespace, "--expose", "--timeout", "10", check=False)
    assert done.returncode == 4, done.stderr
    assert f"Service 'demo' in namespace '{namespace}' has no address after" in done.stderr
    assert "--expose nodeport takes none" in done.stderr
    spec = on_host(desk, "service", "demo", "-n", namespace)["spec"]
    assert spec["type"] == "NodePort", "as before"


def test_an_ingress_takes_a_host_and_a_controller(desk: Host, namespace: str):
    upgrade = ("upgrade", "demo", "-n", namespace, "--expose", "ingress")
    nameless = desk.vcli(*upgrade, check=False)
    assert (nameless.returncode, "controlPlane.ingress.host: must be given" in nameless.stderr) == (2, True)
    named = (*upgrade, "--set", "controlPlane.ingress.host=demo.example.com")
    classless = desk.vcli(*named, "--set", "controlPlane.ingress.spec.ingressClassName=none", check=False)
    assert classless.returncode == 6
    assert "IngressClass" in classless.stderr
