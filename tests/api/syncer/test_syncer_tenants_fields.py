"""What a tenant, or a controller inside, has written into a Service: it stays, or an event says why not."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from testbed import Lab

from vcli.kube.client import Client
from vcli.kube.resources import SERVICES
from vcli.syncer.engine.recorder import COMPONENT

Object = dict[str, Any]
PORT = {"name": "http", "port": 80, "protocol": "TCP"}


@pytest.fixture
async def tenant(lab: Lab) -> AsyncIterator[Client]:
    """A client that is not the syncer's: API servers tell managers of fields apart by their programs."""
    async with Client(lab.virtual.access, user_agent="kubectl/v1.36") as client:
        yield client


def service(name: str, **spec: Any) -> Object:
    return {"metadata": {"name": name}, "spec": {"ports": [PORT], "selector": {"app": name}, **spec}}


async def has_address(lab: Lab, client: Client, name: str, address: str) -> None:
    """Be a load balancer."""
    status = {"status": {"loadBalancer": {"ingress": [{"ip": address}]}}}
    on_host = client is lab.host
    namespace, found = (lab.namespace, lab.on_host(name)) if on_host else (lab.space, name)
    await client.patch(SERVICES, found, status, namespace=namespace, subresource="status")


def addresses(found: Object) -> list[str]:
    ingress = (found.get("status") or {}).get("loadBalancer", {}).get("ingress") or ()
    return [each["ip"] for each in ingress]


async def touch(lab: Lab, tenant: Client, name: str, value: str) -> None:
    """Change a Service, and wait until the syncer has seen it."""
    change = {"metadata": {"annotations": {"touched": value}}}
    await tenant.patch(SERVICES, name, change, namespace=lab.space)
    await lab.host_becomes(
        SERVICES, name, lambda host: host["metadata"]["annotations"].get("touched") == value
    )
    await lab.quiet()


@pytest.mark.parametrize("spec", [{}, {"loadBalancerClass": "example.com/inside"}], ids=["plain", "class"])
async def test_the_address_of_a_load_balancer_inside_stays(lab: Lab, tenant: Client, spec: Object) -> None:
    await tenant.create(SERVICES, service("web", type="LoadBalancer", **spec), namespace=lab.space)
    await lab.appears(SERVICES, "web")
    await has_address(lab, tenant, "web", "192.0.2.20")
    await touch(lab, tenant, "web", "one")
    await lab.restart()
    await touch(lab, tenant, "web", "two")
    found = await lab.virtual.get(SERVICES, "web", namespace=lab.space)
    assert addresses(found) == ["192.0.2.20"]


async def test_the_hosts_load_balancer_gives_and_takes(lab: Lab, tenant: Client) -> None:
    await tenant.create(SERVICES, service("web", type="LoadBalancer"), namespace=lab.space)
    await lab.appears(SERVICES, "web")
    await has_address(lab, tenant, "web", "192.0.2.20")
    await has_address(lab, lab.host, "web", "203.0.113.1")
    await lab.virtual_becomes(SERVICES, "web", lambda found: addresses(found) == ["203.0.113.1"])
    await lab.restart()
    gone = {"status": {"loadBalancer": None}}
    await lab.host.patch(SERVICES, lab.on_host("web"), gone, namespace=lab.namespace, subresource="status")
    await lab.virtual_becomes(SERVICES, "web", lambda found: addresses(found) == [])


async def said(lab: Lab, name: str, text: str) -> Object:
    async def found() -> list[Object]:
        ours = [each for each in await lab.events(name) if each["reportingComponent"] == COMPONENT]
        return [each for each in ours if text in each["message"]]

    [event] = await lab.eventually(found)
    assert event["type"] == "Warning"
    assert lab.on_host(name) not in event["message"]
    return event


async def test_an_address_that_a_tenant_has_named_is_waited_for(lab: Lab, tenant: Client) -> None:
    taken = await lab.host.create(SERVICES, service("taken"), namespace=lab.namespace)
    address = taken["spec"]["clusterIP"]
    wanted = service("web", clusterIP=address)
    made = await tenant.create(SERVICES, wanted, namespace=lab.space)
    event = await said(lab, "web", address)
    assert event["reason"] == "SyncFailed"
    assert await lab.host_object(SERVICES, "web") is None
    # The same manifest once more is no conflict: the Service is the one that was made of it.
    again = await tenant.apply(SERVICES, wanted, namespace=lab.space, field_manager="gitops")
    assert again["metadata"]["uid"] == made["metadata"]["uid"]
    await lab.host.delete(SERVICES, "taken", namespace=lab.namespace)
    # It is tried again by backoff, and with each change.
    await tenant.patch(SERVICES, "web", {"metadata": {"labels": {"a": "b"}}}, namespace=lab.space)
    host = await lab.appears(SERVICES, "web")
    assert host["spec"]["clusterIP"] == address


async def test_an_address_that_nobody_has_named_is_another_one_and_said(idle_lab: Lab) -> None:
    lab = idle_lab
    async with Client(lab.virtual.access, user_agent="kubectl/v1.36") as tenant:
        made = await tenant.create(SERVICES, service("web"), namespace=lab.space)
    address = made["spec"]["clusterIP"]
    await lab.host.create(SERVICES, service("taken", clusterIP=address), namespace=lab.namespace)
    await lab.start()
    moved = await lab.virtual_becomes(SERVICES, "web", lambda found: found["spec"]["clusterIP"] != address)
    event = await said(lab, "web", address)
    assert event["involvedObject"]["uid"] == moved["metadata"]["uid"]
    assert moved["spec"]["clusterIP"] in event["message"]


async def test_a_node_port_that_a_tenant_has_named_and_does_not_get_is_said(lab: Lab, tenant: Client) -> None:
    taken = await lab.host.create(SERVICES, service("taken", type="NodePort"), namespace=lab.namespace)
    port = taken["spec"]["ports"][0]["nodePort"]
    wanted = service("web", type="NodePort", ports=[{**PORT, "nodePort": port}])
    await tenant.create(SERVICES, wanted, namespace=lab.space)
    found = await lab.virtual_becomes(
        SERVICES, "web", lambda found: found["spec"]["ports"][0]["nodePort"] != port
    )
    event = await said(lab, "web", "spec.ports[0].nodePort")
    assert event["reason"] == "Ignored"
    assert {str(port), str(found["spec"]["ports"][0]["nodePort"])} <= set(
        event["message"].replace(",", "").split()
    )
