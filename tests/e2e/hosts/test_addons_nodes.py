"""The embedded host's add-ons on several nodes: each enforces policies, and answers for load balancers."""

import json
import os
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import embedded
import pytest
from embedded import Host, booted, down, own_host, vcli_host
from polling import eventually
from traffic import external, fetch, pod, policy, ready, service, web

NAME = f"{embedded.NAME}-addons-n"
LATER = f"{embedded.NAME}-later"


def nodes_of(name: str) -> list[str]:
    return [name, f"{name}-2", f"{name}-3"]


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A host of three nodes with add-ons from its start."""
    wanted = ["--nodes", "3", "--with", "network-policy,load-balancer"]
    with own_host(NAME, tmp_path_factory.mktemp("addons"), *wanted) as host:
        yield host


def on(node: str, body: dict[str, Any]) -> dict[str, Any]:
    """The pod on this node."""
    return body | {"spec": body["spec"] | {"nodeSelector": {"kubernetes.io/hostname": node}}}


def is_in(*apps: str) -> dict[str, Any]:
    return {"matchExpressions": [{"key": "app", "operator": "In", "values": apps}]}


def with_router(host: Host) -> set[str]:
    """The nodes on which policies are enforced."""
    said = host.vcli("host", "status", "--name", host.name, "-o", "json", check=False).stdout
    return {x["node"] for x in json.loads(said)["components"] if x["name"] == "kube-router" and x["pid"]}


class Traffic:
    """A server and two clients on each of some nodes; a policy for the servers lets in one client of each."""

    def __init__(self, host: Host, namespace: str, nodes: list[str]) -> None:
        self._host, self._namespace = host, namespace
        self.servers = {f"web-{x}" for x in nodes}
        self.friends = {f"friend-{x}" for x in nodes}
        self.strangers = {f"stranger-{x}" for x in nodes}
        pods = [on(x, y) for x in nodes for y in (web(f"web-{x}"), pod(f"friend-{x}"), pod(f"stranger-{x}"))]
        host.apply(namespace, *pods)
        ready(host, namespace, *(x["metadata"]["name"] for x in pods))
        found = host.get("pods", "-n", namespace)["items"]
        addresses = {x["metadata"]["name"]: x["status"]["podIP"] for x in found}
        self._urls = [f"http://{addresses[x]}:8080" for x in self.servers]

    def allow_friends(self) -> None:
        peers = {"from": [{"podSelector": is_in(*self.friends)}]}
        only = policy("friends", podSelector=is_in(*self.servers), ingress=[peers])
        self._host.apply(self._namespace, only)

    def heard(self) -> set[tuple[str, str]]:
        """Each client with each server that answers it."""
        script = "; ".join(f"timeout 3 wget -q -O - {x}" for x in self._urls)
        ask = ["--", "sh", "-c", script]
        return {
            (client, server)
            for client in self.friends | self.strangers
            for server in self._host.kubectl("exec", "-n", self._namespace, client, *ask, check=False).split()
        }


def test_what_is_added_later_is_on_all_nodes_also_on_one_that_was_stopped(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("the embedded host takes root")
    # Before any test that uses the other host: so there is one at a time.
    *running, stopped = nodes_of(LATER)
    down(LATER)
    try:
        host = booted(LATER, tmp_path, "--nodes", "3")
        vcli_host("node", "stop", stopped, "--name", LATER, env=host.env)
        vcli_host("up", "--name", LATER, "--with", "network-policy", env=host.env, timeout=3600)
        assert with_router(host) == set(running)
        vcli_host("node", "start", stopped, "--name", LATER, env=host.env)
        assert with_router(host) == {*running, stopped}
        status = json.loads(vcli_host("status", "--name", LATER, "-o", "json", env=host.env))
        assert status["addons"] == [{"name": "network-policy", "ready": True}]
    finally:
        down(LATER)


def test_policies_are_enforced_on_each_node_against_pods_of_all(host: Host, namespace: str) -> None:
    assert with_router(host) == set(nodes_of(NAME))
    traffic = Traffic(host, namespace, nodes_of(NAME))
    everybody = set(product(traffic.friends | traffic.strangers, traffic.servers))
    eventually(lambda: traffic.heard() == everybody)
    traffic.allow_friends()
    eventually(lambda: traffic.heard() == set(product(traffic.friends, traffic.servers)))
    # Its own kubelet is no pod: probes pass.
    ready(host, namespace, *traffic.servers)


def test_load_balancer_is_answered_on_each_node(host: Host, namespace: str) -> None:
    first, *further = nodes_of(NAME)
    clients = {f"client-{x}": pod(f"client-{x}") for x in nodes_of(NAME)}
    clients |= {f"node-{x}": pod(f"node-{x}", hostNetwork=True) for x in (first, further[0])}
    placed = [on(name.partition("-")[2], body) for name, body in clients.items()]
    host.apply(namespace, on(further[1], web("web")), service("web", type="LoadBalancer"), *placed)
    ready(host, namespace, "web", *clients)
    address = eventually(lambda: external(host, namespace, "web"))
    for client in clients:
        eventually(lambda x=client: fetch(host, namespace, x, f"http://{address}") == "web\n")


def test_node_that_was_stopped_enforces_policies_again(host: Host, namespace: str) -> None:
    node = nodes_of(NAME)[2]
    vcli_host("node", "stop", node, "--name", NAME, env=host.env)
    assert node not in with_router(host)
    vcli_host("node", "start", node, "--name", NAME, env=host.env)
    assert node in with_router(host)
    traffic = Traffic(host, namespace, nodes_of(NAME)[1:])
    traffic.allow_friends()
    eventually(lambda: traffic.heard() == set(product(traffic.friends, traffic.servers)))
