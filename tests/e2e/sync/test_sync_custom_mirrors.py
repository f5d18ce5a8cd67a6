"""Custom resources of a real host, shown in a virtual cluster for as long as its values say so."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from embedded import Host
from polling import eventually
from space import Object, Space, virtual_cluster, virtual_namespace

GROUP = "shown.e2e.example.com"
NAME = f"gateways.{GROUP}"
INFRA = "custom-infra"
SECTION = "sync.fromHost.customResources.{}".format(NAME.replace(".", r"\."))
ANY = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
DEFINITION: Object = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": NAME},
    "spec": {
        "group": GROUP,
        "scope": "Namespaced",
        "names": {"plural": "gateways", "singular": "gateway", "kind": "Gateway"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "subresources": {"status": {}},
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": ANY, "status": ANY}}},
            }
        ],
    },
}


def gateway(name: str) -> Object:
    metadata = {"name": name, "namespace": INFRA, "labels": {"for": "tenants"}}
    return {"apiVersion": f"{GROUP}/v1", "kind": "Gateway", "metadata": metadata, "spec": {"port": 80}}


@pytest.fixture
def space(host: Host) -> Iterator[Space]:
    """In a virtual cluster that shows one of a namespace of the host."""
    host.create_namespace(INFRA)
    host.apply(INFRA, DEFINITION)
    host.kubectl("wait", "--for=condition=Established", f"crd/{NAME}")
    host.apply(INFRA, gateway("public"), gateway("other"))
    custom = {
        "enabled": True,
        "scope": "Namespaced",
        "mappings": {"byName": {f"{INFRA}/public": "edge/main"}},
    }
    sets: Any = (("--set-json", f"{SECTION}={json.dumps(custom)}"),)
    with (
        virtual_cluster(host, "shown", sets=sets, dns=False) as cluster,
        virtual_namespace(cluster, host) as space,
    ):
        yield space
    host.kubectl("delete", "crd", NAME)
    host.end_namespace(INFRA)


def test_one_of_the_host_is_shown_until_it_is_turned_off(space: Space) -> None:
    host, cluster = space.host, space.cluster

    def shown() -> dict[str, Object]:
        found = space.get(NAME, "--all-namespaces")["items"]
        return {f"{each['metadata']['namespace']}/{each['metadata']['name']}": each for each in found}

    [main] = eventually(shown).values()
    assert main["spec"] == {"port": 80}
    assert main["metadata"]["labels"]["for"] == "tenants"
    assert INFRA not in json.dumps(main)

    status = json.dumps({"status": {"addresses": ["192.0.2.1"]}})
    where = ("--namespace", INFRA, "--subresource=status", "--type=merge", "--patch", status)
    host.kubectl("patch", NAME, "public", *where)
    eventually(lambda: shown()["edge/main"].get("status") == {"addresses": ["192.0.2.1"]})
    edge = ("--namespace", "edge")
    space.kubectl("patch", NAME, "main", *edge, "--type=merge", "--patch", '{"spec":{"port":81}}')
    eventually(lambda: shown()["edge/main"]["spec"]["port"] == 80)
    space.kubectl("delete", NAME, "main", *edge)
    eventually(lambda: list(shown()) == ["edge/main"])
    data = json.loads(host.vcli("describe", cluster.name, "-n", cluster.namespace, "-o", "json").stdout)
    [kind] = [each for each in data["kinds"] if each["kind"] == NAME]
    assert (kind["direction"], kind["state"]) == ("fromHost", "synced")

    host.vcli("upgrade", cluster.name, "-n", cluster.namespace, "--set", f"{SECTION}.enabled=false")
    eventually(lambda: shown() == {})
    assert len(host.get(NAME, "--namespace", INFRA)["items"]) == 2
