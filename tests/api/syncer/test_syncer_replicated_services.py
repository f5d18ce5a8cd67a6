"""Services that the other cluster has by a name of its own, and the rights to those of other namespaces.

No controllers run here: the tests make the Endpoints of headless Services.
"""

import contextlib
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import pytest
from testbed import Lab, readiness, warnings

from vcli.kube.client import Client
from vcli.kube.errors import Forbidden, NotFound
from vcli.kube.resources import (
    CLUSTERROLES,
    ENDPOINTS,
    ENDPOINTSLICES,
    EVENTS,
    NAMESPACES,
    SERVICES,
    Resource,
)

Object = dict[str, Any]
KEY = "networking.replicateServices"
PORT = {"name": "http", "port": 80, "protocol": "TCP", "targetPort": 8080}


@pytest.fixture
def place() -> str:
    """A virtual namespace that nobody has made, and another one of the host: one name for both."""
    return f"across-{uuid.uuid4().hex[:6]}"


@pytest.fixture
def sets(place: str) -> Sequence[str]:
    return (
        f"{KEY}.toHost[0].from={place}/web",
        f"{KEY}.toHost[0].to=front",
        f"{KEY}.fromHost[0].from=own",
        f"{KEY}.fromHost[0].to={place}/own",
        f"{KEY}.fromHost[1].from={place}/db",
        f"{KEY}.fromHost[1].to={place}/db",
    )


@pytest.fixture(autouse=True)
async def elsewhere(idle_lab: Lab, place: str) -> AsyncIterator[None]:
    """The other namespace of the host; what is left in the virtual one is removed."""
    await idle_lab.host.create(NAMESPACES, {"metadata": {"name": place}})
    yield
    await idle_lab.stop()
    for resource in (SERVICES, ENDPOINTSLICES):
        for each in (await idle_lab.virtual.list(resource, namespace=place))["items"]:
            await idle_lab.virtual.delete(resource, each["metadata"]["name"], namespace=place)


def service(name: str, **spec: Any) -> Object:
    return {"metadata": {"name": name}, "spec": {"ports": [PORT], "selector": {"app": name}, **spec}}


async def becomes(
    lab: Lab, client: Client, namespace: str, name: str, when: Callable[[Object], Any] = bool
) -> Object:
    """Wait for a Service that is as wanted."""

    async def check() -> Object | None:
        with contextlib.suppress(NotFound):
            found = await client.get(SERVICES, name, namespace=namespace)
            return found if when(found) else None
        return None

    found = await lab.eventually(check)
    assert found is not None
    return found


async def gone(lab: Lab, client: Client, namespace: str, name: str) -> None:
    async def check() -> bool:
        listed = await client.list(SERVICES, namespace=namespace)
        return name not in {each["metadata"]["name"] for each in listed["items"]}

    await lab.eventually(check)


async def leads_to(lab: Lab, place: str, name: str, *addresses: str) -> None:
    """Wait until a virtual Service has these endpoints, and no others."""

    async def check() -> bool:
        selector = f"kubernetes.io/service-name={name}"
        listed = await lab.virtual.list(ENDPOINTSLICES, namespace=place, label_selector=selector)
        found = [a for each in listed["items"] for e in each["endpoints"] for a in e["addresses"]]
        return sorted(found) == sorted(addresses)

    await lab.eventually(check)


async def said(lab: Lab, client: Client, namespace: str, name: str) -> list[str]:
    """The messages of events about an object."""
    selector = f"involvedObject.name={name}"
    found = await client.list(EVENTS, namespace=namespace, field_selector=selector)
    return [each["message"] for each in found["items"]]


async def test_a_service_of_the_host_comes_changes_and_goes(lab: Lab, place: str) -> None:
    made = await lab.host.create(SERVICES, service("own"), namespace=lab.namespace)
    virtual = await becomes(lab, lab.virtual, place, "own")
    assert virtual["spec"]["clusterIP"] == "None"
    await leads_to(lab, place, "own", made["spec"]["clusterIP"])

    ports = [PORT, {"name": "admin", "port": 81, "protocol": "TCP", "targetPort": 81}]
    await lab.host.patch(SERVICES, "own", {"spec": {"ports": ports}}, namespace=lab.namespace)
    await becomes(lab, lab.virtual, place, "own", lambda s: len(s["spec"]["ports"]) == 2)

    single = {"ipFamilyPolicy": "SingleStack", "ipFamilies": ["IPv4"]}
    change = {"spec": {"selector": {"app": "mine"}, "ports": [PORT], **single}}
    await lab.virtual.patch(SERVICES, "own", change, namespace=place)
    restored = await becomes(
        lab, lab.virtual, place, "own", lambda s: len(s["spec"]["ports"]) == 2 and "selector" not in s["spec"]
    )
    await lab.virtual.delete(SERVICES, "own", namespace=place)
    await becomes(
        lab, lab.virtual, place, "own", lambda s: s["metadata"]["uid"] != restored["metadata"]["uid"]
    )
    await lab.virtual.delete(ENDPOINTSLICES, "own-host-ipv4-0", namespace=place)
    await leads_to(lab, place, "own", made["spec"]["clusterIP"])

    listed = await lab.host.list(SERVICES, namespace=lab.namespace)
    assert {each["metadata"]["name"] for each in listed["items"]} == {"demo", "own"}, "not synced back"
    await lab.stop()
    await lab.host.delete(SERVICES, "own", namespace=lab.namespace)
    await lab.start()
    await gone(lab, lab.virtual, place, "own")
    await leads_to(lab, place, "own")


async def test_a_headless_one_of_another_namespace(lab: Lab, place: str) -> None:
    await lab.host.create(SERVICES, service("db", clusterIP="None"), namespace=place)
    subset = {
        "addresses": [{"ip": "10.244.0.5", "hostname": "db-0"}],
        "ports": [{"name": "http", "port": 8080}],
    }
    await lab.host.create(ENDPOINTS, {"metadata": {"name": "db"}, "subsets": [subset]}, namespace=place)
    await leads_to(lab, place, "db", "10.244.0.5")
    subset["addresses"] += [{"ip": "10.244.0.6"}]  # type: ignore[operator]
    await lab.host.patch(ENDPOINTS, "db", {"subsets": [subset]}, namespace=place)
    await leads_to(lab, place, "db", "10.244.0.5", "10.244.0.6")
    # It becomes a name, and then a Service with an address.
    change: Object = {"spec": {"type": "ExternalName", "externalName": "db.example.com", "clusterIP": None}}
    change["spec"]["clusterIPs"] = None
    await lab.host.patch(SERVICES, "db", change, namespace=place)
    await becomes(lab, lab.virtual, place, "db", lambda s: s["spec"]["type"] == "ExternalName")
    await leads_to(lab, place, "db")
    change = {"spec": {"type": "ClusterIP", "externalName": None}}
    made = await lab.host.patch(SERVICES, "db", change, namespace=place)
    await becomes(lab, lab.virtual, place, "db", lambda s: s["spec"].get("clusterIP") == "None")
    await leads_to(lab, place, "db", made["spec"]["clusterIP"])


async def test_a_tenants_own_service_of_that_name_stays(lab: Lab, place: str) -> None:
    await lab.virtual.create(NAMESPACES, {"metadata": {"name": place}})
    mine = await lab.virtual.create(SERVICES, service("own"), namespace=place)
    await lab.host.create(SERVICES, service("own"), namespace=lab.namespace)

    async def is_told() -> bool:
        found = await said(lab, lab.virtual, place, "own")
        return any(f"{KEY}.fromHost has this name" in each for each in found)

    await lab.eventually(is_told)
    assert lab.namespace not in str(await said(lab, lab.virtual, place, "own"))
    found = await lab.virtual.get(SERVICES, "own", namespace=place)
    assert found["metadata"]["uid"] == mine["metadata"]["uid"]
    assert found["spec"]["selector"] == {"app": "own"}
    await lab.virtual.delete(SERVICES, "own", namespace=place)
    await becomes(lab, lab.virtual, place, "own", lambda s: s["spec"]["clusterIP"] == "None")


async def test_rights_that_are_missing_are_said_and_hold_up_nothing(idle_lab: Lab, place: str) -> None:
    lab = idle_lab
    name = f"vcli:{lab.namespace}:demo"
    role = await lab.host.get(CLUSTERROLES, name)
    await lab.host.patch(CLUSTERROLES, name, {"rules": []})
    await lab.host.create(SERVICES, service("db"), namespace=place)
    await lab.host.create(SERVICES, service("own"), namespace=lab.namespace)
    await lab.start()
    await becomes(lab, lab.virtual, place, "own")

    async def is_said() -> bool:
        return any(f"services {place}/db" in each["message"] for each in await warnings(lab))

    await lab.eventually(is_said)
    assert f"services {place}/db" in await readiness(lab)
    await lab.host.patch(CLUSTERROLES, name, {"rules": role["rules"]})
    await becomes(lab, lab.virtual, place, "db")


async def test_the_rights_are_to_these_names_alone(lab: Lab, place: str) -> None:
    async with Client(lab.as_syncer) as syncer:
        await syncer.list(SERVICES, namespace=place, field_selector="metadata.name=db")
        for resource, selector in ((SERVICES, "metadata.name=other"), (SERVICES, None), (ENDPOINTS, None)):
            await is_refused(syncer, resource, place, selector)


async def is_refused(client: Client, resource: Resource, namespace: str, selector: str | None) -> None:
    with pytest.raises(Forbidden):
        await client.list(resource, namespace=namespace, field_selector=selector)


async def test_a_virtual_service_comes_changes_and_goes(lab: Lab, place: str) -> None:
    await lab.virtual.create(NAMESPACES, {"metadata": {"name": place}})
    await lab.virtual.create(SERVICES, service("web"), namespace=place)
    front = await becomes(lab, lab.host, lab.namespace, "front")
    assert front["spec"]["selector"] == {
        "app": "web",
        "vcli.dev/managed-by": "demo",
        "vcli.dev/namespace": place,
    }
    change = {"spec": {"selector": {"app": "other"}}}
    await lab.virtual.patch(SERVICES, "web", change, namespace=place)
    await becomes(lab, lab.host, lab.namespace, "front", lambda s: s["spec"]["selector"]["app"] == "other")
    await lab.host.delete(SERVICES, "front", namespace=lab.namespace)
    await becomes(
        lab, lab.host, lab.namespace, "front", lambda s: s["metadata"]["uid"] != front["metadata"]["uid"]
    )
    await lab.virtual.patch(SERVICES, "web", {"spec": {"selector": None}}, namespace=place)
    await gone(lab, lab.host, lab.namespace, "front")

    async def is_told() -> bool:
        return any("it has no selector" in each for each in await said(lab, lab.virtual, place, "web"))

    await lab.eventually(is_told)
    await lab.virtual.delete(SERVICES, "web", namespace=place)
    headless = await lab.virtual.create(SERVICES, service("web", clusterIP="None"), namespace=place)
    await becomes(lab, lab.host, lab.namespace, "front", lambda s: s["spec"]["clusterIP"] == "None")
    await lab.virtual.delete(SERVICES, headless["metadata"]["name"], namespace=place)
    await gone(lab, lab.host, lab.namespace, "front")


async def test_another_service_of_the_host_is_left_alone(lab: Lab, place: str) -> None:
    theirs = await lab.host.create(SERVICES, service("front"), namespace=lab.namespace)
    await lab.virtual.create(NAMESPACES, {"metadata": {"name": place}})
    await lab.virtual.create(SERVICES, service("web"), namespace=place)

    async def is_told() -> bool:
        found = await said(lab, lab.virtual, place, "web")
        return any("not on the host as front: another Service has that name" in each for each in found)

    await lab.eventually(is_told)
    found = await lab.host.get(SERVICES, "front", namespace=lab.namespace)
    assert found["metadata"]["uid"] == theirs["metadata"]["uid"]
    assert found["spec"] == theirs["spec"]


async def test_what_is_no_longer_replicated_is_removed_at_the_next_start(lab: Lab, place: str) -> None:
    await lab.host.create(SERVICES, service("own"), namespace=lab.namespace)
    await becomes(lab, lab.virtual, place, "own")
    await lab.virtual.create(SERVICES, service("web"), namespace=place)
    await becomes(lab, lab.host, lab.namespace, "front")
    lab.settings.networking.clear()
    await lab.restart()
    await gone(lab, lab.virtual, place, "own")
    await gone(lab, lab.host, lab.namespace, "front")
    await leads_to(lab, place, "own")
