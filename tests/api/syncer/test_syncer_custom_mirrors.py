"""Custom resources from the host, between two API servers: mirrors, for reading."""

import uuid
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
from customresources import custom_values, define, definition, definition_becomes, resource, version
from testbed import Lab

from vcli.kube.client import Client
from vcli.kube.errors import NotFound
from vcli.kube.resources import CRDS, NAMESPACES, Resource

Object = dict[str, Any]


@pytest.fixture
def group() -> str:
    """An API group of the test's own: definitions belong to whole clusters."""
    return f"t{uuid.uuid4().hex[:8]}.example.com"


@pytest.fixture
def name(group: str) -> str:
    return f"certificates.{group}"


@pytest.fixture
def inside() -> str:
    """A virtual namespace."""
    return f"web-{uuid.uuid4().hex[:6]}"


@pytest.fixture(autouse=True)
async def clean(idle_lab: Lab, name: str) -> AsyncIterator[None]:
    yield
    await idle_lab.stop()
    for client in (idle_lab.virtual, idle_lab.host):
        with suppress(NotFound):
            await client.delete(CRDS, name)


def certificate(name: str, issues: str = "tls", **labels: str) -> Object:
    spec = {"secretName": issues, "issuerRef": {"name": "ca"}}
    return {"metadata": {"name": name, "labels": labels}, "spec": spec}


async def shown(lab: Lab, kind: Resource, namespace: str) -> dict[str, Object]:
    """What the virtual cluster has, by name."""
    with suppress(NotFound):
        found = (await lab.virtual.list(kind, namespace=namespace))["items"]
        return {each["metadata"]["name"]: each for each in found}
    return {}


async def becomes(lab: Lab, kind: Resource, namespace: str, secrets: dict[str, str]) -> dict[str, Object]:
    """Wait until it has objects of these names, with these Secrets."""

    async def check() -> dict[str, Object] | None:
        found = await shown(lab, kind, namespace)
        has = {name: each["spec"]["secretName"] for name, each in found.items()}
        return found or {"": {}} if has == secrets else None

    made = await lab.eventually(check)
    assert made is not None
    return made


class TestOfTheOwnNamespace:
    """Those of the host namespace, without rights to others."""

    @pytest.fixture
    def sets(self, name: str, inside: str) -> Any:
        by_name = {"": f"{inside}/*", "/special": f"{inside}-own/mine"}
        selector = {"matchLabels": {"for": "tenants"}}
        return (
            custom_values(
                name,
                direction="fromHost",
                scope="Namespaced",
                mappings={"byName": by_name},
                selector=selector,
            ),
        )

    async def test_they_are_shown_and_restored(self, lab: Lab, group: str, name: str, inside: str) -> None:
        kind = resource(group)
        await define(lab, lab.host, kind, definition(group))
        await definition_becomes(lab, lab.virtual, name)
        where = {"namespace": lab.namespace}
        await lab.host.create(kind, certificate("web", **{"for": "tenants", "a": "b"}), **where)
        await lab.host.create(kind, certificate("other"), **where)
        await lab.host.create(kind, certificate("special", "own", **{"for": "tenants"}), **where)
        found = await becomes(lab, kind, inside, {"web": "tls"})
        assert found["web"]["metadata"]["labels"] == {"for": "tenants", "a": "b", "vcli.dev/mirror": "true"}
        await becomes(lab, kind, f"{inside}-own", {"mine": "own"})

        status = {"secret": "tls", "observedGeneration": 1}
        await lab.host.patch(kind, "web", {"status": status}, **where, subresource="status")

        async def has_status() -> bool:
            return (await shown(lab, kind, inside))["web"].get("status") == status

        await lab.eventually(has_status)
        changed = {"spec": {"secretName": "mine"}, "status": {"secret": "x"}}
        await lab.virtual.patch(kind, "web", changed, namespace=inside)
        await lab.virtual.patch(kind, "web", changed, namespace=inside, subresource="status")
        await becomes(lab, kind, inside, {"web": "tls"})
        await lab.eventually(has_status)
        await lab.virtual.delete(kind, "web", namespace=inside)
        await becomes(lab, kind, inside, {"web": "tls"})
        await lab.host.patch(kind, "web", {"spec": {"secretName": "new"}}, **where)
        await becomes(lab, kind, inside, {"web": "new"})
        await lab.host.patch(kind, "web", {"metadata": {"labels": {"for": None}}}, **where)
        await becomes(lab, kind, inside, {})
        await lab.host.delete(kind, "special", **where)
        await becomes(lab, kind, f"{inside}-own", {})

    async def test_one_of_a_tenant_stays_and_is_told(self, lab: Lab, group: str, inside: str) -> None:
        kind = resource(group)
        await define(lab, lab.virtual, kind, definition(group))
        await lab.virtual.create(NAMESPACES, {"metadata": {"name": inside}})
        await define(lab, lab.host, kind, definition(group))
        await lab.virtual.create(kind, certificate("web", "mine"), namespace=inside)
        await lab.host.create(kind, certificate("web", **{"for": "tenants"}), namespace=lab.namespace)
        lab.space = inside

        async def told() -> bool:
            return any("left as it is" in each["message"] for each in await lab.events("web"))

        await lab.eventually(told)
        await becomes(lab, kind, inside, {"web": "mine"})

    async def test_what_another_virtual_cluster_has_synced_is_not_shown(
        self, lab: Lab, group: str, name: str, inside: str
    ) -> None:
        kind = resource(group)
        await define(lab, lab.host, kind, definition(group))
        await definition_becomes(lab, lab.virtual, name)
        theirs = certificate("theirs", **{"for": "tenants", "vcli.dev/managed-by": "other"})
        await lab.host.create(kind, theirs, namespace=lab.namespace)
        await lab.host.create(kind, certificate("web", **{"for": "tenants"}), namespace=lab.namespace)
        await becomes(lab, kind, inside, {"web": "tls"})


class TestOfAnotherNamespace:
    """Those of a namespace of the host that is not the virtual cluster's."""

    @pytest.fixture
    def sets(self, name: str, inside: str) -> Any:
        by_name = {f"{inside}/web": f"{inside}/shown"}
        return (custom_values(name, direction="fromHost", scope="Namespaced", mappings={"byName": by_name}),)

    async def test_the_one_that_is_named(
        self, lab: Lab, group: str, name: str, inside: str, client: Client
    ) -> None:
        kind = resource(group)
        await define(lab, client, kind, definition(group))
        await definition_becomes(lab, lab.virtual, name)
        await client.create(NAMESPACES, {"metadata": {"name": inside}})
        for each in ("web", "other"):
            await client.create(kind, certificate(each), namespace=inside)
        await becomes(lab, kind, inside, {"shown": "tls"})


class TestOfTheWholeHost:
    """Those in no namespace."""

    @pytest.fixture
    def sets(self, name: str) -> Any:
        selector = {"matchExpressions": [{"key": "for", "operator": "In", "values": ["tenants"]}]}
        return (custom_values(name, direction="fromHost", scope="Cluster", selector=selector),)

    async def test_those_that_are_selected(self, lab: Lab, group: str, name: str, client: Client) -> None:
        kind = resource(group, namespaced=False)
        await define(lab, client, kind, definition(group, version(status=False), scope="Cluster"))
        await definition_becomes(lab, lab.virtual, name)
        made = certificate("web", **{"for": "tenants"})
        await client.create(kind, {**made, "status": {"secret": "tls"}})
        await client.create(kind, certificate("other"))
        found = await becomes(lab, kind, "", {"web": "tls"})
        assert found["web"]["status"] == {"secret": "tls"}
        await client.delete(kind, "web")
        await becomes(lab, kind, "", {})
