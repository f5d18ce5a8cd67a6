"""Numbers and addresses of a Service that the host has given away, or that somebody inside has written."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from plane import Plane
from polling import eventually
from services import HTTP, answered, on_host, service, web
from space import Object, Space, pod


@contextmanager
def frozen_syncer(space: Space) -> Iterator[None]:
    """Nothing is synced meanwhile."""
    process = Plane(host=space.host, cluster=space.cluster).process("syncer")
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


def taken(space: Space, **spec: object) -> tuple[str, Object]:
    """The name and spec of a Service that somebody else has on the host."""
    name = f"taken-{space.name}"
    space.host.apply(space.cluster.namespace, service(name, selector={"app": "nobody"}, **spec))
    found: Object = space.host.get("service", name, "-n", space.cluster.namespace)["spec"]
    return name, found


def warned(space: Space, name: str) -> str:
    """The messages of all warnings about a Service."""
    about = f"involvedObject.kind=Service,involvedObject.name={name},type=Warning"
    return " ".join(each["message"] for each in space.get("events", "--field-selector", about)["items"])


def test_an_address_that_the_host_has_given_away_moves_the_service(space: Space) -> None:
    with frozen_syncer(space):
        clash = service("web")
        clash["metadata"] |= {"labels": {"kept": "yes"}, "annotations": {"kept": "too"}}
        space.apply(clash, web("web"), pod("client"))
        address = space.get("service", "web")["spec"]["clusterIP"]
        other, _ = taken(space, clusterIP=address)

    moved = eventually(lambda: moved_from(space, "web", address))
    assert moved["spec"]["clusterIP"] == on_host(space, "web")["spec"]["clusterIP"]
    assert moved["metadata"]["labels"] == {"kept": "yes"}
    assert moved["metadata"]["annotations"]["kept"] == "too"
    assert "finalizers" not in moved["metadata"]
    assert address in eventually(lambda: warned(space, "web"))
    space.wait("condition=Ready", "pod/web", "pod/client")
    answered(space, f"http://{moved['spec']['clusterIP']}/", "web")
    answered(space, "http://web/", "web")
    space.kubectl("delete", "service", "web")
    eventually(lambda: space.on_host("services") == [])
    space.host.kubectl("delete", "service", other, "-n", space.cluster.namespace)


def test_an_address_of_a_manifest_is_never_replaced(space: Space) -> None:
    other, spec = taken(space, type="NodePort")
    address, port = spec["clusterIP"], spec["ports"][0]["nodePort"]
    wanted = service("web", clusterIP=address)
    ports = service("ports", type="NodePort", ports=[{**HTTP, "nodePort": port}])
    space.apply(wanted, ports, web("web"), pod("client"))
    uid = space.get("service", "web")["metadata"]["uid"]
    assert address in eventually(lambda: warned(space, "web"))
    assert str(port) in eventually(lambda: warned(space, "ports"))
    space.apply(wanted)  # as GitOps tools do every few minutes
    assert space.get("service", "web")["metadata"]["uid"] == uid
    assert space.host_name("web") not in space.on_host("services")

    space.host.kubectl("delete", "service", other, "-n", space.cluster.namespace)
    eventually(lambda: on_host(space, "web")["spec"]["clusterIP"] == address)
    space.wait("condition=Ready", "pod/web", "pod/client")
    answered(space, "http://web/", "web")


def test_a_load_balancer_of_the_tenants_own_keeps_its_addresses(space: Space) -> None:
    space.apply(
        service("own", type="LoadBalancer", loadBalancerClass="example.org/inside"),
        service("plain", type="LoadBalancer"),
    )
    eventually(lambda: len(space.on_host("services")) == 2)
    status = json.dumps({"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.20"}]}}})

    def found(name: str) -> list[str]:
        ingress = space.get("service", name)["status"]["loadBalancer"].get("ingress") or ()
        return [each["ip"] for each in ingress]

    for name in ("own", "plain"):
        space.kubectl("patch", "service", name, "--subresource=status", "--type=merge", "--patch", status)
    for name in ("own", "plain"):
        space.kubectl("annotate", "service", name, "touched=yes")
        eventually(lambda name=name: on_host(space, name)["metadata"]["annotations"].get("touched"))
    with frozen_syncer(space):
        assert [found("own"), found("plain")] == [["192.0.2.20"]] * 2


def moved_from(space: Space, name: str, address: str) -> Object | None:
    """The Service, once it has another address, is the same as the host's, and nothing more is to come."""
    there = [each for each in space.get("services")["items"] if each["metadata"]["name"] == name]
    if not there or there[0]["spec"]["clusterIP"] == address:  # between the two it is gone
        return None
    [virtual], host = there, on_host(space, name)
    same = host["metadata"]["annotations"]["vcli.dev/uid"] == virtual["metadata"]["uid"]
    waiting = "vcli.dev/successor" in host["metadata"]["annotations"] or virtual["metadata"].get("finalizers")
    return virtual if same and not waiting else None
