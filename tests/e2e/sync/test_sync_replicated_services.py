"""Services that the other cluster has by a name of its own, with traffic both ways."""

from collections.abc import Iterator

import pytest
import traffic
from direct import make_namespace
from embedded import Host
from polling import eventually
from services import answered, service, web
from space import Object, Space, pod, virtual_cluster

KEY = "networking.replicateServices"
TWO_PORTS: list[Object] = [
    {"name": "http", "port": 80, "targetPort": "web"},
    {"name": "other", "port": 8081, "targetPort": "web"},
]


@pytest.fixture
def space(host: Host, namespace: str) -> Iterator[Space]:
    """In a virtual cluster that replicates Services of another namespace of the host, and one to the host."""
    sets = (
        f"{KEY}.toHost[0].from=shop/web",
        f"{KEY}.toHost[0].to=front",
        f"{KEY}.fromHost[0].from={namespace}/db",
        f"{KEY}.fromHost[0].to=shop/database",
        f"{KEY}.fromHost[1].from={namespace}/cache",
        f"{KEY}.fromHost[1].to=imported/cache",
    )
    with virtual_cluster(host, "across", sets=sets) as cluster:
        make_namespace(cluster.kubeconfig, "shop")
        yield Space(cluster=cluster, host=host, name="shop")


def test_pods_of_each_cluster_reach_the_others_service(space: Space, namespace: str) -> None:
    host = space.host
    database = traffic.service("db", ports=TWO_PORTS)
    host.apply(
        namespace,
        traffic.web("db"),
        traffic.web("cache"),
        traffic.pod("asker"),
        database,
        traffic.service("cache", clusterIP="None"),
    )
    space.apply(web("web"), service("web"), pod("client"))
    space.wait("condition=Ready", "pod/web", "pod/client")
    traffic.ready(host, namespace, "db", "cache", "asker")

    url = f"http://front.{space.cluster.namespace}.svc.cluster.local"
    eventually(lambda: traffic.fetch(host, namespace, "asker", url) == "web\n")
    answered(space, "http://database", "db")
    answered(space, "http://database.shop.svc.cluster.local:8081", "db")
    answered(space, "http://cache.imported.svc.cluster.local:8080", "cache")
    assert not [name for name in space.on_host("services") if name.startswith("database")]

    # What changes on the host, changes here: another address, and nothing at all.
    host.kubectl("delete", "service", "db", "--namespace", namespace)
    eventually(lambda: "database" not in space.kubectl("get", "services", "--output", "name"))
    host.apply(namespace, database)
    answered(space, "http://database", "db")
    host.kubectl("delete", "pod", "cache", "--namespace", namespace, "--now")
    host.apply(namespace, traffic.web("cache"))
    traffic.ready(host, namespace, "cache")
    answered(space, "http://cache.imported.svc.cluster.local:8080", "cache")

    # And the other way round.
    other = web("other", app="other")
    space.apply(other, service("web", selector={"app": "other"}))
    space.wait("condition=Ready", "pod/other")
    eventually(lambda: traffic.fetch(host, namespace, "asker", url) == "other\n")
    space.kubectl("delete", "service", "web")
    eventually(
        lambda: "front" not in host.kubectl("get", "services", "-n", space.cluster.namespace, "-o", "name")
    )


def test_without_rights_it_is_said_where_administrators_look(host: Host, namespace: str) -> None:
    sets = (
        f"{KEY}.fromHost[0].from={namespace}/db",
        f"{KEY}.fromHost[0].to=shop/database",
        "rbac.clusterRole.enabled=false",
    )
    host.apply(namespace, traffic.service("db"))
    with virtual_cluster(host, "narrow", sets=sets, dns=False) as cluster:

        def said() -> bool:
            described = host.vcli("describe", cluster.name, "--namespace", cluster.namespace).stdout
            return f"services {namespace}/db unavailable" in described and "is forbidden" in described

        eventually(said)


def test_another_namespace_of_the_host_is_refused_before_anything_is_made(host: Host, namespace: str) -> None:
    sets = ("--set", f"{KEY}.toHost[0].from=shop/web", "--set", f"{KEY}.toHost[0].to=other/web")
    done = host.vcli("create", "refused", "--namespace", namespace, *sets, check=False)
    assert done.returncode == 2
    assert f"other/web is not in namespace '{namespace}'" in done.stderr
    assert host.get("services", "--namespace", namespace)["items"] == []
