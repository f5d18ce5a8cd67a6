"""Ingresses of tenants are answered by the host's Traefik."""

import base64
import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from embedded import Host
from polling import eventually
from space import Object, Space, pod, virtual_cluster
from tenants import tenant
from traffic import external, service

from vcli import VirtualCluster, x509

SWITCH = "sync.toHost.ingresses.enabled"
FETCH = """
import http.client, socket, ssl, sys
address, host, path, *ca = sys.argv[1:]
connection = http.client.HTTPConnection(address, 80, timeout=5)
if ca:
    context = ssl.create_default_context(cadata=ca[0])
    connection.sock = context.wrap_socket(socket.create_connection((address, 443), 5), server_hostname=host)
connection.request("GET", path, headers={"Host": host})
answer = connection.getresponse()
print(answer.status, answer.read().decode().strip())
"""


@pytest.fixture(scope="module")
def cluster(host: Host) -> Iterator[VirtualCluster]:
    """A virtual cluster on it, with the default values."""
    with virtual_cluster(host, "web") as cluster:
        yield cluster


def serve(space: Space, name: str, text: str) -> None:
    """Have a Service whose pod answers a text at ``/``, ``/old`` and ``/new``."""
    script = (
        f"mkdir /www; for f in index.html old new; do echo {text} > /www/$f; done;"
        " exec httpd -f -p 8080 -h /www"
    )
    probe = {"tcpSocket": {"port": 8080}, "periodSeconds": 1}
    ports = [{"name": "web", "containerPort": 8080}]
    grace = {"terminationGracePeriodSeconds": 0}
    made = pod(
        name, script, labels={"app": name}, container={"readinessProbe": probe, "ports": ports}, **grace
    )
    space.apply(made, service(name))
    space.wait("condition=Ready", f"pod/{name}")


def ingress(host: str, paths: dict[str, str], **spec: Any) -> Object:
    """An Ingress that leads from paths to Services."""
    rules = [
        {"path": path, "pathType": "Prefix", "backend": backend(name)} for path, name in sorted(paths.items())
    ]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "web"},
        "spec": {"rules": [{"host": host, "http": {"paths": rules}}], **spec},
    }


def backend(name: str) -> Object:
    return {"service": {"name": name, "port": {"number": 80}}}


def address_of(space: Space) -> str:
    """What the virtual Ingress says."""
    found: str = space.get("ingress", "web")["status"]["loadBalancer"]["ingress"][0]["ip"]
    return found


def fetch(space: Space, host: str, path: str, *ca: str) -> str:
    """Status and text that Traefik answers at the address; with a CA by TLS, when the certificate is its."""
    address = external(space.host, "kube-system", "traefik")
    command = ("python3", "-c", FETCH, address, host, path, *ca)
    return space.kubectl("exec", "client", "--", *command).strip()


def test_hosts_and_paths_lead_to_the_services_of_the_namespace(
    space: Space, elsewhere: Space, client: str
) -> None:
    serve(elsewhere, "web", "elsewhere")
    serve(space, "web", "here")
    serve(space, "other", "other")
    name = f"{space.name}.test"
    space.apply(ingress(name, {"/old": "web", "/": "other"}))
    assert eventually(lambda: address_of(space)) == external(space.host, "kube-system", "traefik")
    eventually(lambda: fetch(space, name, "/old") == "200 here")
    assert fetch(space, name, "/") == "200 other"
    assert fetch(space, f"not-{name}", "/old").startswith("404 ")
    [on_host] = space.on_host("ingress")
    found = space.host.get("ingress", on_host, "--namespace", space.cluster.namespace)
    assert found["spec"]["ingressClassName"] == "traefik", "the host's default"

    space.apply(ingress(name, {"/new": "web"}))
    eventually(lambda: fetch(space, name, "/new") == "200 here")
    eventually(lambda: fetch(space, name, "/old").startswith("404 "))
    after = space.host.get("ingress", on_host, "--namespace", space.cluster.namespace)
    assert after["metadata"]["uid"] == found["metadata"]["uid"]
    assert after["spec"]["ingressClassName"] == "traefik"

    space.kubectl("delete", "ingress", "web")
    eventually(lambda: fetch(space, name, "/new").startswith("404 "))
    assert space.on_host("ingress") == []


def certificate(name: str) -> tuple[str, Object]:
    """A CA, and the Secret of a certificate by it."""
    now = dt.datetime.now(dt.UTC)
    days = {"start": now - dt.timedelta(days=1), "end": now + dt.timedelta(days=1)}
    authority = x509.authority("test", **days)
    files = x509.leaf(name, server=True, sans=[name], authority=authority, **days)
    data = {
        key: base64.b64encode(file).decode() for key, file in zip(("tls.crt", "tls.key"), files, strict=True)
    }
    metadata = {"name": "tls"}
    return authority[0].decode(), {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": metadata,
        "type": "kubernetes.io/tls",
        "data": data,
    }


def test_the_certificate_of_a_virtual_secret_is_served(space: Space, client: str) -> None:
    name = f"{space.name}.test"
    ca, secret = certificate(name)
    serve(space, "web", "here")
    space.apply(secret, ingress(name, {"/": "web"}, tls=[{"hosts": [name], "secretName": "tls"}]))
    eventually(lambda: fetch(space, name, "/", ca) == "200 here")
    second, renewed = certificate(name)
    space.apply(renewed)
    eventually(lambda: fetch(space, name, "/", second) == "200 here")
    space.kubectl("delete", "ingress", "web")
    eventually(lambda: space.host_name("tls") not in space.on_host("secret"))


def test_the_default_backend_answers_for_all_other_hosts(space: Space, client: str) -> None:
    serve(space, "web", "here")
    default = ingress("", {})
    default["spec"] = {"defaultBackend": backend("web")}
    space.apply(default)
    eventually(lambda: fetch(space, f"any-{space.name}.test", "/") == "200 here")
    space.kubectl("delete", "ingress", "web")
    eventually(lambda: fetch(space, f"any-{space.name}.test", "/").startswith("404 "))


def test_the_class_decides_who_answers(space: Space, client: str) -> None:
    serve(space, "web", "here")
    name = f"{space.name}.test"
    space.apply(ingress(name, {"/": "web"}, ingressClassName="nobody"))
    eventually(lambda: space.on_host("ingress"))
    assert fetch(space, name, "/").startswith("404 ")
    space.kubectl("patch", "ingress", "web", "--patch", '{"spec":{"ingressClassName":"traefik"}}')
    eventually(lambda: fetch(space, name, "/") == "200 here")
    space.kubectl("patch", "ingress", "web", "--patch", '{"spec":{"ingressClassName":"nobody"}}')
    eventually(lambda: fetch(space, name, "/").startswith("404 "))


def limited(host: Host, namespace: str, folder: Path) -> Host:
    """A user with the ClusterRole admin in a namespace, but for Ingresses."""
    rules = host.get("clusterrole", "admin")["rules"]
    for rule in rules:
        rule["resources"] = [each for each in rule["resources"] if not each.startswith("ingresses")]
    role = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role",
        "metadata": {"name": "limited"},
        "rules": [rule for rule in rules if rule["resources"]],
    }
    host.apply(namespace, role)
    return tenant(host, namespace, folder, role="--role=limited")


def test_who_lacks_the_rights_gets_all_else_and_is_told(desk: Host, namespace: str, tmp_path: Path) -> None:
    user = limited(desk, namespace, tmp_path)
    done = user.vcli("create", "mine", "--no-connect", "--set", f"{SWITCH}=true", check=False)
    assert done.returncode != 0
    assert "watch ingresses.networking.k8s.io" in done.stderr
    done = user.vcli("create", "mine", "--no-connect")
    assert "you lack the rights to make these work" in done.stderr
    assert "Ingress objects" in done.stderr

    def inside(*args: str, stdin: str | None = None) -> str:
        return user.vcli("connect", "mine", "--", "kubectl", *args, stdin=stdin).stdout

    inside("apply", "-f", "-", stdin=json.dumps(ingress("mine.test", {"/": "web"})))

    def said() -> list[str]:
        events = json.loads(inside("get", "events", "-o", "json"))["items"]
        return [each["message"] for each in events if each["reason"] == "Unavailable"]

    assert "no right to list ingresses.networking.k8s.io" in eventually(said)[0]
    described = json.loads(user.vcli("describe", "mine", "-o", "json").stdout)
    assert SWITCH in described["notEnabled"]
    assert any("ingresses" in each["message"] for each in described["warnings"])
    assert described["status"] == "Running"

    desk.vcli("upgrade", "mine", "-n", namespace)
    eventually(lambda: desk.get("ingress", "-n", namespace)["items"])
    described = json.loads(desk.vcli("describe", "mine", "-n", namespace, "-o", "json").stdout)
    assert SWITCH not in described["notEnabled"]
    assert described["synced"]["ingresses"] == 1

    desk.vcli("upgrade", "mine", "-n", namespace, "--set", f"{SWITCH}=false")
    assert desk.get("ingress", "-n", namespace)["items"] == []
    assert json.loads(inside("get", "ingress", "-o", "json"))["items"]
