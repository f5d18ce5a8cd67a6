"""A virtual API behind a load balancer and an Ingress, on a host that has both."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from embedded import Host
from inside_node import InsideNode
from polling import eventually
from traffic import external

PLACE = ("demo", "-n", "exposed")
INGRESS = "demo.example.com"
KUBECTL = ("--", "kubectl", "get", "namespace", "default", "-o", "name")


@pytest.fixture(scope="module", autouse=True)
def _exposed(host: Host) -> Iterator[None]:
    """A virtual cluster that is reached by both."""
    options = ("--expose", "--set", "controlPlane.ingress.enabled=true", "--no-connect")
    name = ("--set", f"controlPlane.ingress.host={INGRESS}")
    host.create_namespace("exposed")
    host.vcli("create", *PLACE, *options, *name, "--set", "controlPlane.coredns.enabled=false")
    yield
    host.end_namespace("exposed")


@pytest.fixture
def inside(host: Host, tmp_path: Path) -> InsideNode:
    return InsideNode(host, tmp_path)


def test_the_load_balancer_is_taken_without_a_tunnel(host: Host, inside: InsideNode):
    server = f"https://{external(host, 'exposed', 'demo')}"

    def cluster() -> Any:
        printed = inside.vcli("connect", *PLACE, "--print").stdout
        return yaml.safe_load(printed)["clusters"][0]["cluster"]

    # The address came after the certificate, which gets it while everything runs.
    eventually(lambda: "tls-server-name" not in cluster())
    assert cluster()["server"] == server
    assert inside.vcli("connect", *PLACE, *KUBECTL).stdout == "namespace/default\n"
    found = host.get("pod", "demo-0", "-n", "exposed")["status"]["containerStatuses"]
    assert {x["name"]: x["restartCount"] for x in found}["syncer"] == 0
    [listed] = json.loads(host.vcli("list", "-n", "exposed", "-o", "json").stdout)
    assert listed["exposed"] == f"{server}, https://{INGRESS}"


def test_the_certificate_and_the_kubeconfig_have_the_name_of_the_ingress(host: Host, inside: InsideNode):
    # As a client whose TLS an Ingress passes on: by that name, to the API server.
    named = (*KUBECTL, "--tls-server-name", INGRESS)
    assert inside.vcli("connect", *PLACE, *named).stdout == "namespace/default\n"
    other = inside.vcli("connect", *PLACE, *KUBECTL, "--tls-server-name", f"no-{INGRESS}", check=False)
    assert (other.returncode, "certificate is valid for" in other.stderr) == (1, True)
    exported = host.get("secret", "vc-demo", "-n", "exposed")["data"]["config"]
    assert f"server: https://{INGRESS}:443\n" in base64.b64decode(exported).decode()


def test_the_ingress_is_there_until_it_is_switched_off(host: Host):
    found = host.get("ingress", "demo", "-n", "exposed")
    assert found["spec"]["ingressClassName"] == "traefik", "the host's default"
    assert [rule["host"] for rule in found["spec"]["rules"]] == [INGRESS]
    eventually(lambda: host.get("ingress", "demo", "-n", "exposed")["status"]["loadBalancer"]["ingress"])
    host.vcli("upgrade", *PLACE, "--set", "controlPlane.ingress.enabled=false")
    assert host.kubectl("get", "ingress", "-n", "exposed", "-o", "name") == ""
    [listed] = json.loads(host.vcli("list", "-n", "exposed", "-o", "json").stdout)
    assert INGRESS not in listed["exposed"]
