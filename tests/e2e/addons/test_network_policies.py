"""NetworkPolicies of tenants, by traffic, on a host that enforces them; a neighbour has the same labels."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from embedded import Host
from kubernetes_versions import VIRTUAL
from polling import eventually
from space import PYTHON, Object, Space, virtual_cluster, virtual_namespace
from traffic import pod, policy, service, web

from vcli import VirtualCluster
from vcli.host.versions import KUBERNETES

VERSION = """
import ssl, sys, urllib.request
trust = ssl.create_default_context(cafile="/var/run/secrets/kubernetes.io/serviceaccount/ca.crt")
with urllib.request.urlopen("https://kubernetes.default.svc/version", context=trust, timeout=5) as answer:
    print(answer.status)
"""

SYNCED = "sync.toHost.networkPolicies.enabled=true"


@pytest.fixture(scope="module")
def cluster(host: Host) -> Iterator[VirtualCluster]:
    """A virtual cluster that syncs them."""
    with virtual_cluster(host, "policies", sets=(SYNCED,)) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def neighbour(host: Host, cluster: VirtualCluster) -> Iterator[VirtualCluster]:
    """Another tenant's, in the same namespace of the host."""
    version = () if VIRTUAL == KUBERNETES else (f"controlPlane.distro.k8s.version={VIRTUAL}",)
    with VirtualCluster.create(
        "neighbour", namespace=cluster.namespace, kubeconfig=host.kubeconfig, sets=(*version, SYNCED)
    ) as other:
        yield other


@pytest.fixture
def friends(cluster: VirtualCluster, host: Host) -> Iterator[Space]:
    """Another namespace of the virtual cluster, with the label ``team: friends``."""
    with virtual_namespace(cluster, host) as space:
        space.kubectl("label", "namespace", space.name, "team=friends")
        yield space


def fetch(space: Space, client: str, url: str) -> str:
    """What a pod reads there; nothing when it can't."""
    return space.run("exec", client, "--", "timeout", "3", "wget", "-q", "-O", "-", url).stdout.strip()


def address(space: Space, name: str, port: int = 8080) -> str:
    return f"http://{space.get('pod', name)['status']['podIP']}:{port}"


def ready(space: Space, *names: str) -> None:
    space.wait("condition=Ready", *(f"pod/{each}" for each in names))


def resolves(space: Space, client: str, name: str) -> bool:
    said = space.run("exec", client, "--", "timeout", "5", "nslookup", "-type=a", name).stdout
    return f"Name:\t{name}" in said


def asks_api(space: Space, client: str) -> bool:
    """Whether a pod gets an answer of its API server."""
    return space.run("exec", client, "--", "python", "-c", VERSION).stdout.strip() == "200"


def apps(*names: str) -> Object:
    return {"matchExpressions": [{"key": "app", "operator": "In", "values": list(names)}]}


def block(url: str, *without: str) -> Object:
    """A peer: the address of a URL and its neighbourhood, but for these."""
    one = [f"{each.removeprefix('http://').partition(':')[0]}/32" for each in (url, *without)]
    cidr = f"{one[0].rpartition('.')[0]}.0/24"
    return {"ipBlock": {"cidr": cidr, **({"except": one[1:]} if without else {})}}


DENY = policy("deny", podSelector={}, policyTypes=["Ingress"])


def test_pods_are_denied_and_admitted_by_their_labels(space: Space) -> None:
    space.apply(web("web"), service("web"), pod("near"), pod("far"))
    ready(space, "web", "near", "far")

    def answers() -> list[bool]:
        return [fetch(space, each, "http://web") == "web" for each in ("near", "far")]

    eventually(lambda: answers() == [True, True])
    space.apply(DENY)
    eventually(lambda: answers() == [False, False])
    near = {"from": [{"podSelector": apps("near")}]}
    space.apply(policy("allow", podSelector=apps("web"), ingress=[near]))
    eventually(lambda: answers() == [True, False])
    # What is no pod passes: the kubelet's probes, and what the syncer does for the virtual API server.
    ready(space, "web")
    assert space.sh("web", "echo here") == "here"
    space.kubectl("delete", "networkpolicy", "--all")
    eventually(lambda: answers() == [True, True])
    assert not space.on_host("networkpolicy")


def test_namespaces_are_admitted_by_their_labels_as_they_change(space: Space, friends: Space) -> None:
    space.apply(web("web"), pod("near"))
    friends.apply(pod("near"), pod("far"))
    ready(space, "web", "near")
    ready(friends, "near", "far")
    url = address(space, "web")

    def answers() -> list[bool]:
        clients = ((space, "near"), (friends, "near"), (friends, "far"))
        return [fetch(where, client, url) == "web" for where, client in clients]

    eventually(lambda: answers() == [True, True, True])
    team = {"namespaceSelector": {"matchLabels": {"team": "friends"}}}
    space.apply(policy("team", podSelector={}, ingress=[{"from": [team]}]))
    eventually(lambda: answers() == [False, True, True])
    space.apply(policy("team", podSelector={}, ingress=[{"from": [{**team, "podSelector": apps("near")}]}]))
    eventually(lambda: answers() == [False, True, False])
    space.kubectl("label", "namespace", friends.name, "team-")
    eventually(lambda: answers() == [False, False, False])
    space.kubectl("label", "namespace", friends.name, "team=friends")
    eventually(lambda: answers() == [False, True, False])
    named = {"matchLabels": {"kubernetes.io/metadata.name": space.name}}
    space.apply(policy("team", podSelector={}, ingress=[{"from": [{"namespaceSelector": named}]}]))
    eventually(lambda: answers() == [True, False, False])


def test_addresses_and_ports(space: Space) -> None:
    server = web("web")
    command = server["spec"]["containers"][0]["command"]
    command[-1] = command[-1].replace("exec httpd", "httpd -p 9005 -h /w; exec httpd")
    space.apply(server, pod("near"), pod("far"))
    ready(space, "web", "near", "far")
    near, far = address(space, "near"), address(space, "far")

    def answers() -> list[bool]:
        """Of each client: by the port with a name, by the other one."""
        urls = [address(space, "web", port) for port in (8080, 9005)]
        return [fetch(space, client, url) == "web" for client in ("near", "far") for url in urls]

    def admit(**rule: Any) -> None:
        space.apply(policy("some", podSelector=apps("web"), ingress=[rule]))

    eventually(lambda: answers() == [True, True, True, True])
    admit(**{"from": [block(near, far)]})
    eventually(lambda: answers() == [True, True, False, False])
    admit(**{"from": [block(near, far)], "ports": [{"port": "web"}]})
    eventually(lambda: answers() == [True, False, False, False])
    admit(ports=[{"port": 9000, "endPort": 9010}])
    eventually(lambda: answers() == [False, True, False, True])
    admit(**{"from": []})
    eventually(lambda: answers() == [True, True, True, True])


def test_dns_and_the_api_stay_reachable_whatever_is_denied(space: Space) -> None:
    client = pod("client")
    api_client = pod("api-client", container={"image": PYTHON})
    space.apply(web("web"), web("api"), client, api_client, service("web"), service("api"))
    ready(space, "web", "api", "client", "api-client")

    def answers() -> list[bool]:
        return [fetch(space, "client", address(space, each)) == each for each in ("web", "api")]

    eventually(lambda: answers() == [True, True])
    space.apply(policy("deny-all", podSelector={}, policyTypes=["Ingress", "Egress"]))
    eventually(lambda: answers() == [False, False])
    assert resolves(space, "client", f"web.{space.name}.svc.cluster.local")
    assert asks_api(space, "api-client")
    space.apply(
        policy(
            "out",
            podSelector=apps("client"),
            policyTypes=["Egress"],
            egress=[{"to": [{"podSelector": apps("web")}]}],
        ),
        policy("in", podSelector=apps("web"), ingress=[{"from": [{"podSelector": apps("client")}]}]),
    )
    eventually(lambda: answers() == [True, False])
    eventually(lambda: fetch(space, "client", "http://web") == "web")

    system = policy("deny-all", podSelector={}, policyTypes=["Ingress", "Egress"])
    system["metadata"]["namespace"] = "kube-system"
    document = json.dumps(system)
    space.kubectl("apply", "--namespace=kube-system", "--filename", "-", stdin=document)
    try:
        eventually(lambda: _is_told(space, "deny-all"))
        space.apply(service("later", selector={"app": "web"}))  # CoreDNS has to learn it from the API
        eventually(lambda: resolves(space, "client", f"later.{space.name}.svc.cluster.local"))
        assert asks_api(space, "api-client")
    finally:
        space.kubectl("delete", "--namespace=kube-system", "networkpolicy", "deny-all")


def _is_told(space: Space, name: str) -> bool:
    about = f"involvedObject.kind=NetworkPolicy,involvedObject.name={name}"
    events = space.get("events", "--namespace=kube-system", "--field-selector", about)["items"]
    return any(each["reason"] == "Ignored" and "DNS stays reachable" in each["message"] for each in events)


def test_a_neighbour_of_the_same_labels_is_not_admitted_nor_denied(
    space: Space, host: Host, neighbour: VirtualCluster
) -> None:
    other = Space(cluster=neighbour, host=host, name=space.name)
    other.kubectl("create", "namespace", other.name)
    other.wait("create", "serviceaccount/default")
    space.apply(web("web"), pod("near"))
    other.apply(web("web"), pod("near"))
    host.apply(space.cluster.namespace, pod("near"))
    ready(space, "web", "near")
    ready(other, "web", "near")
    of_host = ("--namespace", space.cluster.namespace)
    host.kubectl("wait", *of_host, "--for=condition=Ready", "pod/near", "--timeout=110s")
    url = address(space, "web")
    fetched = ("timeout", "3", "wget", "-q", "-O", "-", url)

    def answers() -> list[bool]:
        """Our own pod, the neighbour's, one of the host; and whether ours gets to the neighbour."""
        return [
            fetch(space, "near", url) == "web",
            fetch(other, "near", url) == "web",
            host.kubectl("exec", *of_host, "near", "--", *fetched, check=False).strip() == "web",
            fetch(space, "near", address(other, "web")) == "web",
        ]

    eventually(lambda: answers() == [True, True, True, True])
    near = {"from": [{"podSelector": apps("near")}]}
    anywhere = {"from": [{"namespaceSelector": {}, "podSelector": apps("near")}]}
    for rule in (near, anywhere):
        space.apply(policy("near", podSelector={}, ingress=[rule]))
        eventually(lambda: answers() == [True, False, False, True])
    to_web = {"to": [{"namespaceSelector": {}, "podSelector": apps("web")}]}
    space.apply(policy("near", podSelector={}, policyTypes=["Egress"], egress=[to_web]))
    eventually(lambda: answers() == [True, True, True, False])
    host.kubectl("delete", "pod", "near", *of_host)


def test_a_right_that_was_taken_away_is_shown(host: Host, neighbour: VirtualCluster) -> None:
    where = ("--namespace", neighbour.namespace)

    def state() -> str:
        done = host.vcli("describe", neighbour.name, *where, "--output", "json")
        [kind] = [each for each in json.loads(done.stdout)["kinds"] if each["kind"] == "NetworkPolicy"]
        return str(kind["state"])

    assert state() == "synced"
    role = ("role", f"vc-{neighbour.name}", *where)
    rules = [each for each in host.get(*role)["rules"] if each["resources"] != ["networkpolicies"]]
    host.kubectl("patch", *role, "--type=merge", "--patch", json.dumps({"rules": rules}))
    assert state() == "rights missing"


ISOLATED = ("policies.networkPolicy.enabled=true", "policies.podSecurityStandard=baseline")


@pytest.fixture(scope="module")
def isolated(host: Host) -> Iterator[VirtualCluster]:
    """A virtual cluster that is isolated."""
    with virtual_cluster(host, "apart", sets=ISOLATED) as cluster:
        yield cluster


@pytest.fixture
def apart(isolated: VirtualCluster, host: Host) -> Iterator[Space]:
    """A namespace in it."""
    with virtual_namespace(isolated, host) as space:
        yield space


def test_an_isolated_cluster_is_alone(apart: Space, host: Host) -> None:
    elsewhere = f"{apart.cluster.namespace}-else"
    host.create_namespace(elsewhere)
    host.apply(elsewhere, web("web"), pod("client"))
    apart.apply(web("web"), service("web"), pod("near"), pod("api-client", container={"image": PYTHON}))
    ready(apart, "web", "near", "api-client")
    host.kubectl(
        *("wait", "--namespace", elsewhere, "--for=condition=Ready", "--timeout=110s"),
        *("pod/web", "pod/client"),
    )
    plane = host.get("pod", f"{apart.cluster.name}-0", "--namespace", apart.cluster.namespace)["status"]
    other = host.get("pod", "web", "--namespace", elsewhere)["status"]["podIP"]
    api = host.get("service", "kubernetes", "--namespace", "default")["spec"]["clusterIP"]
    own = apart.get("pod", "web")["status"]["podIP"]

    def opens(run: Any, client: str, where: str) -> bool:
        script = f"nc -w 3 {where} </dev/null && echo open"
        return "open" in str(run("exec", client, "--", "timeout", "4", "sh", "-c", script, check=False))

    def of_host(*args: str, check: bool) -> str:
        return host.kubectl("--namespace", elsewhere, *args, check=check)

    # What anybody else reaches: another namespace, the node, the host's API.
    hosts_own = [f"{other} 8080", f"{plane['hostIP']} 10250", f"{api} 443"]
    of_cluster = [
        f"{own} 8080",
        f"{plane['podIP']} 8443",
        f"{plane['podIP']} 10250",
        f"{plane['podIP']} 8080",
    ]
    eventually(lambda: all(opens(of_host, "client", each) for each in hosts_own))
    eventually(lambda: fetch(apart, "near", "http://web") == "web")
    eventually(lambda: asks_api(apart, "api-client"))
    eventually(lambda: not any(opens(apart.kubectl, "near", each) for each in hosts_own))
    eventually(lambda: not any(opens(of_host, "client", each) for each in of_cluster))
    assert opens(apart.kubectl, "near", f"{own} 8080")
    assert apart.sh("near", "echo here") == "here"

    # The API server is a way out too: its proxy takes any address that a tenant writes.
    slice_of_other = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": "else", "labels": {"kubernetes.io/service-name": "else"}},
        "addressType": "IPv4",
        "ports": [{"port": 8080, "name": ""}],
        "endpoints": [{"addresses": [other]}],
    }
    to_else = service("else")
    del to_else["spec"]["selector"]
    to_else["spec"]["ports"] = [{"port": 80, "targetPort": 8080}]
    apart.apply(slice_of_other, to_else)
    proxy = f"/api/v1/namespaces/{apart.name}/services"
    assert apart.kubectl("get", "--raw", f"{proxy}/web:80/proxy/").strip() == "web"
    asked = apart.run("get", "--raw", f"{proxy}/else:80/proxy/", "--request-timeout=8s")
    assert asked.returncode != 0
    assert "web" not in asked.stdout


def test_an_isolated_cluster_says_that_policies_inside_have_no_effect(apart: Space) -> None:
    apart.apply(DENY)

    def told() -> bool:
        about = "involvedObject.kind=NetworkPolicy,involvedObject.name=deny"
        return [each["reason"] for each in apart.get("events", "--field-selector", about)["items"]] == [
            "NotSynced"
        ]

    eventually(told)
