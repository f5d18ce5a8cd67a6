"""Custom resources on a real host: objects of a tenant go there, and what the host says of them comes back.

The host has no cert-manager: a definition of the same shape, and kubectl in place of its controller.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from embedded import Host
from polling import eventually
from space import Object, Space, virtual_cluster, virtual_namespace
from tenants import tenant

GROUP = "certs.e2e.example.com"
NAME = f"certificates.{GROUP}"
KEY = f"sync.toHost.customResources.{NAME}.enabled"
SECTION = "sync.toHost.customResources.{}".format(NAME.replace(".", r"\."))
TEXT = {"type": "string"}
ANY = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
DEFINITION: Object = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": NAME},
    "spec": {
        "group": GROUP,
        "scope": "Namespaced",
        "names": {"plural": "certificates", "singular": "certificate", "kind": "Certificate"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "subresources": {"status": {}},
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {
                            "spec": {"type": "object", "properties": {"secretName": TEXT, "issuerRef": ANY}},
                            "status": ANY,
                        },
                    }
                },
            }
        ],
    },
}
CERTIFICATE: Object = {
    "apiVersion": f"{GROUP}/v1",
    "kind": "Certificate",
    "metadata": {"name": "web", "finalizers": ["example.com/mine"]},
    "spec": {"secretName": "tls", "issuerRef": {"name": "ca", "kind": "Issuer"}},
}
SECRET: Object = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "tls"},
    "stringData": {"key": "value"},
}
PATCHES = [
    {"path": "spec.secretName", "reference": {"apiVersion": "v1", "kind": "Secret"}},
    {
        "path": "spec.issuerRef",
        "reference": {"apiVersion": f"{GROUP}/v1", "kind": "Issuer", "kindPath": "kind", "namePath": "name"},
    },
]


@pytest.fixture
def space(host: Host) -> Iterator[Space]:
    """In a virtual cluster that has them synced, on a host that has none yet."""
    sets: Any = (("--set-json", f"{SECTION}={json.dumps({'enabled': True, 'patches': PATCHES})}"),)
    with (
        virtual_cluster(host, "custom", sets=sets, dns=False) as cluster,
        virtual_namespace(cluster, host) as space,
    ):
        yield space
    host.kubectl("delete", "crd", NAME, "--ignore-not-found")


def described(space: Space) -> Object:
    """The row of `vcli describe`."""
    cluster = space.cluster
    shown = space.host.vcli("describe", cluster.name, "--namespace", cluster.namespace, "-o", "json").stdout
    data = json.loads(shown)
    [found] = [each for each in data["kinds"] if each["key"] == KEY]
    return {**found, "warnings": " ".join(each["message"] for each in data["warnings"])}


def status(space: Space, name: str, value: Object) -> None:
    """Be the controller on the host."""
    patch = json.dumps({"status": value})
    where = ("--namespace", space.cluster.namespace)
    space.host.kubectl("patch", NAME, name, *where, "--subresource=status", "--type=merge", "--patch", patch)


def test_one_of_a_tenant_on_the_host(space: Space) -> None:
    host, cluster = space.host, space.cluster
    eventually(lambda: f"the host has no {NAME}" in described(space)["warnings"])
    host.apply("default", DEFINITION)
    eventually(lambda: NAME in space.kubectl("get", "crd", "--output", "name"))
    space.wait("condition=Established", f"crd/{NAME}")
    eventually(lambda: space.run("apply", "-f", "-", stdin=json.dumps(CERTIFICATE)).returncode == 0)
    space.apply(SECRET)
    name = space.host_name("web")
    eventually(lambda: space.on_host(NAME) == [name])
    on_host = host.get(NAME, name, "--namespace", cluster.namespace)
    assert on_host["spec"] == {
        "secretName": space.host_name("tls"),
        "issuerRef": {"name": space.host_name("ca"), "kind": "Issuer"},
    }
    assert "finalizers" not in on_host["metadata"]
    eventually(lambda: space.on_host("secret") == [space.host_name("tls")])
    assert described(space)["objects"] == 1
    assert described(space)["state"] == "synced"

    message = f"secret {space.host_name('tls')} is issued"
    condition = {"type": "Ready", "status": "True", "reason": "Issued", "message": message}
    status(space, name, {"observedGeneration": 1, "conditions": [condition]})
    space.wait("condition=Ready", f"{NAME}/web")
    shown = space.get(NAME, "web")["status"]
    assert shown["observedGeneration"] == 1
    assert shown["conditions"][0]["message"] == "secret tls is issued"

    space.kubectl("delete", NAME, "web", "--wait=false")
    eventually(lambda: "deletionTimestamp" in space.get(NAME, "web")["metadata"])
    assert space.on_host(NAME) == [name], "a finalizer of the tenant keeps it"
    space.kubectl("patch", NAME, "web", "--type=merge", "--patch", '{"metadata":{"finalizers":null}}')
    eventually(lambda: space.on_host(NAME) == [])
    eventually(lambda: space.on_host("secret") == [])


def test_what_is_turned_off_is_taken_away(space: Space) -> None:
    host, cluster = space.host, space.cluster
    host.apply("default", DEFINITION)
    eventually(lambda: space.run("apply", "-f", "-", stdin=json.dumps(CERTIFICATE)).returncode == 0)
    eventually(lambda: space.on_host(NAME) == [space.host_name("web")])
    host.vcli("upgrade", cluster.name, "-n", cluster.namespace, "--set", f"{SECTION}.enabled=false")
    assert space.on_host(NAME) == []
    assert space.get(NAME, "web")["spec"]["secretName"] == "tls"
    space.kubectl("patch", NAME, "web", "--type=merge", "--patch", '{"metadata":{"finalizers":null}}')


def test_who_may_not_give_the_rights_is_told(host: Host, tmp_path: Path) -> None:
    namespace = "custom-rights"
    host.create_namespace(namespace)
    user = tenant(host, namespace, tmp_path)
    done = user.vcli("create", "mine", "-n", namespace, "--set", f"{SECTION}.enabled=true", check=False)
    assert done.returncode == 6
    assert f"certificates.{GROUP}" in done.stderr
    assert "customresourcedefinitions.apiextensions.k8s.io" in done.stderr
    host.end_namespace(namespace)
