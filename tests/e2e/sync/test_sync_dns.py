"""DNS of the virtual cluster: what a plain one answers, nothing of the host, and the tenant may change it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from plane import Plane
from polling import eventually
from space import IDLE, Object, Space, pod, template

SYSTEM = "kube-system"
DNS_PODS = ("pods", "-n", SYSTEM, "-l", "k8s-app=kube-dns")


def system(space: Space, *args: str) -> str:
    return space.kubectl("-n", SYSTEM, *args)


def answer(space: Space, name: str, kind: str = "a", *, client: str = "client") -> str:
    """What nslookup prints of a question; it fails where there is no answer, and prints all the same."""
    return space.run("exec", client, "--", "nslookup", f"-type={kind}", name).stdout


def asks(space: Space, name: str, kind: str, expected: str) -> None:
    """Ask until the answer is the expected one: CoreDNS watches, and caches for some seconds."""
    eventually(lambda: expected in answer(space, name, kind), seconds=60)


def service(name: str, **spec: object) -> Object:
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def reverse(address: str) -> str:
    return ".".join(reversed(address.split("."))) + ".in-addr.arpa"


@pytest.mark.skew
def test_everything_that_a_plain_cluster_answers(space: Space) -> None:
    ports = [{"name": "http", "port": 80, "targetPort": 8080}]
    domain = f"{space.name}.svc.cluster.local"
    workload = {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "db"},
        "spec": {"replicas": 1, "serviceName": "db", **template(IDLE, app="db")},
    }
    space.apply(
        service("web", selector={"app": "db"}, ports=ports),
        service("db", clusterIP="None", selector={"app": "db"}, ports=ports),
        service("alias", type="ExternalName", externalName=f"web.{domain}"),
        service("away", type="ExternalName", externalName="www.example.com"),
        service("plain", clusterIP="None", ports=ports),
        workload,
        pod("named", labels={"app": "db"}, hostname="box", subdomain="db"),
        pod("client"),
    )
    space.rollout("statefulset/db")
    space.wait("condition=Ready", "pod/client", "pod/named")
    ip = space.get("service", "web")["spec"]["clusterIP"]
    addresses = {name: space.get("pod", name)["status"]["podIP"] for name in ("db-0", "named", "client")}

    asks(space, f"web.{domain}", "a", f"Address: {ip}")
    asks(space, f"db.{domain}", "a", addresses["named"])
    asks(space, f"db-0.db.{domain}", "a", f"Address: {addresses['db-0']}")
    asks(space, f"box.db.{domain}", "a", f"Address: {addresses['named']}")
    # Its own names are in /etc/hosts before they are in DNS, and nobody sees how they came there.
    assert space.sh("named", "hostname; hostname -f").split() == ["box", f"box.db.{domain}"]
    assert f"{addresses['named']}\tbox.db.{domain}\tbox" in space.sh("named", "cat /etc/hosts")
    assert "initContainerStatuses" not in space.get("pod", "named")["status"]
    asks(space, f"_http._tcp.web.{domain}", "srv", f"80 web.{domain}")
    asks(space, f"_http._tcp.db.{domain}", "srv", f"8080 db-0.db.{domain}")
    asks(space, f"alias.{domain}", "a", f"Address: {ip}")
    asks(space, f"away.{domain}", "cname", "canonical name = www.example.com")
    asks(space, reverse(ip), "ptr", f"name = web.{domain}")
    asks(space, reverse(addresses["db-0"]), "ptr", f"name = db-0.db.{domain}")
    dashed = addresses["client"].replace(".", "-")
    asks(space, f"{dashed}.{space.name}.pod.cluster.local", "a", f"Address: {addresses['client']}")

    # Endpoints of the tenant's own, for a Service without selector.
    endpoints = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": "plain-1", "labels": {"kubernetes.io/service-name": "plain"}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": ["192.0.2.9"], "hostname": "far"}],
        "ports": [{"name": "http", "port": 80}],
    }
    space.apply(endpoints)
    asks(space, f"far.plain.{domain}", "a", "Address: 192.0.2.9")

    # Short names, by the search list; from another namespace with its own.
    for name in ("web", f"web.{space.name}", f"web.{space.name}.svc"):
        pinged = f"PING {name} ({ip})"
        eventually(
            lambda ping=f"ping -c 1 -W 1 {name}", said=pinged: said in space.sh("client", f"{ping} || true")
        )
    asks(space, "web.default.svc.cluster.local", "a", "can't find")


def test_nothing_of_the_host_is_told(space: Space) -> None:
    space.apply(pod("client"))
    space.wait("condition=Ready", "pod/client")
    host = space.host.get("service", "kube-dns", "-n", SYSTEM)["spec"]["clusterIP"]
    plane = space.host.get("service", space.cluster.name, "-n", space.cluster.namespace)["spec"]["clusterIP"]
    asks(space, reverse(plane), "ptr", "name = kubernetes.default.svc.cluster.local")
    # Of another name on the host: there it has the virtual cluster's own, or none.
    own = space.get("service", "kube-dns", "-n", SYSTEM)["spec"]["clusterIP"]
    assert own != host
    asks(space, reverse(host), "ptr", "NXDOMAIN")
    hidden = f"{space.cluster.name}.{space.cluster.namespace}.svc.cluster.local"
    asks(space, hidden, "a", "NXDOMAIN")
    # What is not of the cluster is asked of the host, which knows no name beyond its own here.
    asks(space, "www.example.com", "a", "NXDOMAIN")
    assert f"forward . {host}" in space.get("configmap", "coredns", "-n", SYSTEM)["data"]["Corefile"]


def test_its_pods_are_kube_dns_inside_and_not_on_the_host(space: Space) -> None:
    inside = space.get(*DNS_PODS)["items"]
    assert inside
    selector = f"vcli.dev/namespace={SYSTEM}"
    on_host = space.host.get("pods", "-n", space.cluster.namespace, "-l", selector)["items"]
    assert {each["metadata"]["annotations"]["vcli.dev/name"] for each in on_host} >= {
        each["metadata"]["name"] for each in inside
    }
    assert not [each for each in on_host if each["metadata"]["labels"].get("k8s-app") == "kube-dns"]

    def is_served_by_them() -> bool:
        addresses = {each["status"]["podIP"] for each in space.get(*DNS_PODS)["items"]}
        of_dns = ("-n", SYSTEM, "-l", "kubernetes.io/service-name=kube-dns")
        slices = space.get("endpointslices", *of_dns)["items"]
        return {a for each in slices for e in each["endpoints"] for a in e["addresses"]} == addresses

    eventually(is_served_by_them)
    # The pod itself is told its label, wherever that is on the host.
    field = {"fieldRef": {"fieldPath": "metadata.labels['k8s-app']"}}
    env = [{"name": "APP", "valueFrom": field}]
    space.apply(pod("told", "echo $APP", labels={"k8s-app": "kube-dns"}, container={"env": env}))
    space.wait("jsonpath={.status.phase}=Succeeded", "pod/told")
    assert space.kubectl("logs", "told").strip() == "kube-dns"


@contextmanager
def corefile(space: Space, change: str) -> Iterator[None]:
    """Edit the Corefile as a tenant does; put back afterwards, by deletion, as the syncer would make it."""
    before = space.get("configmap", "coredns", "-n", SYSTEM)["data"]["Corefile"]
    _write(space, before + change)
    try:
        yield
    finally:
        _write(space, before)
        system(space, "scale", "deployment/coredns", "--replicas=1")


def _write(space: Space, text: str) -> None:
    patch = json.dumps({"data": {"Corefile": text}})
    system(space, "patch", "configmap", "coredns", "--type=merge", "-p", patch)


def test_a_tenant_may_change_scale_and_restart_it(space: Space) -> None:
    stub = "\nexample.test:1053 {\n    hosts {\n        192.0.2.77 box.example.test\n    }\n}\n"
    space.apply(pod("client"))
    space.wait("condition=Ready", "pod/client")
    with corefile(space, stub):
        system(space, "rollout", "restart", "deployment/coredns")
        system(space, "rollout", "status", "deployment/coredns", "--timeout=110s")
        asks(space, "box.example.test", "a", "192.0.2.77")
        system(space, "scale", "deployment/coredns", "--replicas=2")
        system(space, "rollout", "status", "deployment/coredns", "--timeout=110s")
        plane = Plane(host=space.host, cluster=space.cluster)
        restarts = plane.status("syncer")["restartCount"]
        plane.kill("syncer")
        eventually(lambda: plane.status("syncer")["restartCount"] > restarts)
        eventually(lambda: plane.status("syncer")["ready"])

        # A syncer that has just started has undone nothing, and pods that come and go are answered for.
        assert space.get("deployment", "coredns", "-n", SYSTEM)["spec"]["replicas"] == 2
        assert space.get("configmap", "coredns", "-n", SYSTEM)["data"]["Corefile"].endswith(stub)
        for each in space.get(*DNS_PODS)["items"]:
            system(space, "delete", "pod", each["metadata"]["name"], "--ignore-not-found")
            asks(space, "box.example.test", "a", "192.0.2.77")
        system(space, "rollout", "status", "deployment/coredns", "--timeout=110s")
        asks(space, "kubernetes.default.svc.cluster.local", "a", "Address:")
