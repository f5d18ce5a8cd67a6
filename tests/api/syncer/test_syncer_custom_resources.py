"""Custom resources to the host, between two API servers; the tests play the controller on the host."""

import uuid
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
from customresources import (
    create_when_served,
    custom_values,
    definition,
    definition_becomes,
    resource,
    version,
)
from testbed import Lab, readiness, warnings

from vcli.kube.client import Client
from vcli.kube.errors import NotFound
from vcli.kube.resources import CRDS, EVENTS, SECRETS
from vcli.syncer.translate.names import host_cluster_name

Object = dict[str, Any]
SECRET = {"apiVersion": "v1", "kind": "Secret"}


@pytest.fixture
def group() -> str:
    """An API group of the test's own: definitions belong to whole clusters."""
    return f"t{uuid.uuid4().hex[:8]}.example.com"


@pytest.fixture
def name(group: str) -> str:
    return f"certificates.{group}"


@pytest.fixture
def sets(group: str, name: str) -> Any:
    issuer = {
        "apiVersion": f"{group}/v1",
        "kind": "Issuer",
        "kindPath": "kind",
        "namePath": "name",
    }
    return (
        custom_values(
            name,
            {"path": "spec.secretName", "reference": SECRET},
            {"path": "spec.keystores[*].passwordSecretRef.name", "reference": SECRET},
            {"path": "spec.issuerRef", "reference": issuer},
            {"path": "spec.podSelector", "labels": {}},
        ),
    )


@pytest.fixture(autouse=True)
async def clean(idle_lab: Lab, name: str) -> AsyncIterator[None]:
    """Definitions are in no namespace: the test's own goes, with its objects."""
    yield
    await idle_lab.stop()
    for client in (idle_lab.virtual, idle_lab.host):
        with suppress(NotFound):
            await client.delete(CRDS, name)


def certificate(**spec: Any) -> Object:
    return {
        "metadata": {"name": "web", "labels": {"app": "web"}, "finalizers": spec.pop("finalizers", [])},
        "spec": {"secretName": "tls", "issuerRef": {"name": "ca"}, **spec},
    }


def secret(name: str) -> Object:
    return {"metadata": {"name": name}, "stringData": {"key": "value"}}


async def test_an_object_goes_there_and_its_status_comes_back(lab: Lab, group: str, name: str) -> None:
    kind = resource(group)
    [warning] = await lab.eventually(lambda: warnings(lab))
    assert f"the host has no {name}" in warning["message"]
    await lab.host.create(CRDS, definition(group))
    copied = await definition_becomes(lab, lab.virtual, name)
    assert copied["metadata"]["labels"] == {"vcli.dev/mirror": "true"}
    await lab.create(SECRETS, secret("password"))
    keystores = [{"passwordSecretRef": {"name": "password"}}]
    selector = {"matchLabels": {"app": "web"}}
    body = certificate(dnsNames=["a.example"], keystores=keystores, podSelector=selector)
    await create_when_served(lab, kind, body)
    on_host = await lab.appears(kind, "web")
    assert on_host["spec"] == {
        "secretName": lab.on_host("tls"),
        "issuerRef": {"name": lab.on_host("ca")},
        "dnsNames": ["a.example"],
        "keystores": [{"passwordSecretRef": {"name": lab.on_host("password")}}],
        "podSelector": {
            "matchLabels": {"app": "web", "vcli.dev/managed-by": "demo", "vcli.dev/namespace": lab.space}
        },
    }
    assert on_host["metadata"]["ownerReferences"][0]["kind"] == "Service"
    assert on_host["metadata"]["labels"]["app"] == "web"
    await lab.appears(SECRETS, "password")
    assert await lab.host_object(SECRETS, "tls") is None

    await lab.virtual.patch(kind, "web", {"spec": {"dnsNames": ["b.example"]}}, namespace=lab.space)
    on_host = await lab.host_becomes(kind, "web", lambda obj: obj["spec"]["dnsNames"] == ["b.example"])
    await host_status(lab, group, observedGeneration=on_host["metadata"]["generation"])
    shown = await lab.virtual_becomes(kind, "web", lambda obj: obj.get("status"))
    assert shown["status"]["observedGeneration"] == shown["metadata"]["generation"] == 2
    assert shown["status"]["secret"] == "tls"
    assert shown["status"]["conditions"] == [
        {"type": "Ready", "status": "True", "message": f"Secret {lab.space}/tls is there"}
    ]
    await event_on_host(lab, group, on_host)

    async def told() -> bool:
        return any(each["message"] == "issued tls" for each in await lab.events("web"))

    await lab.eventually(told)
    await lab.host.delete(kind, lab.on_host("web"), namespace=lab.namespace)
    await lab.host_becomes(kind, "web", lambda obj: obj["metadata"]["uid"] != on_host["metadata"]["uid"])
    await lab.virtual.delete(kind, "web", namespace=lab.space)
    await lab.gone_from_host(kind, "web")
    await lab.gone_from_host(SECRETS, "password")
    assert name not in await readiness(lab)


async def host_status(lab: Lab, group: str, **more: Any) -> None:
    """Be the controller on the host."""
    message = f"Secret {lab.namespace}/{lab.on_host('tls')} is there"
    status = {
        "conditions": [{"type": "Ready", "status": "True", "message": message}],
        "secret": lab.on_host("tls"),
        **more,
    }
    name = lab.on_host("web")
    await lab.host.patch(
        resource(group), name, {"status": status}, namespace=lab.namespace, subresource="status"
    )


async def event_on_host(lab: Lab, group: str, about: Object) -> None:
    metadata = about["metadata"]
    event = {
        "metadata": {"generateName": "web-"},
        "involvedObject": {
            "apiVersion": f"{group}/v1",
            "kind": "Certificate",
            **{key: metadata[key] for key in ("name", "namespace", "uid")},
        },
        "reason": "Issued",
        "message": f"issued {lab.on_host('tls')}",
        "type": "Normal",
        "count": 1,
    }
    await lab.host.create(EVENTS, event, namespace=lab.namespace)


async def test_a_definition_follows_the_hosts_and_is_restored(lab: Lab, group: str, name: str) -> None:
    kind = resource(group)
    await lab.host.create(CRDS, definition(group))
    await definition_becomes(lab, lab.virtual, name)
    await create_when_served(lab, kind, certificate())
    await lab.appears(kind, "web")
    column = {"name": "Secret", "type": "string", "jsonPath": ".spec.secretName"}
    changed = definition(group, {**version(), "additionalPrinterColumns": [column]})
    await lab.host.apply(CRDS, changed)

    def has_column(found: Object) -> bool:
        return found["spec"]["versions"][0].get("additionalPrinterColumns") == [column]

    await definition_becomes(lab, lab.virtual, name, has_column)
    await lab.virtual.apply(CRDS, definition(group))
    await definition_becomes(lab, lab.virtual, name, has_column)
    before = await lab.virtual.get(CRDS, name)
    await lab.virtual.delete(CRDS, name)
    await definition_becomes(
        lab, lab.virtual, name, lambda found: found["metadata"]["uid"] != before["metadata"]["uid"]
    )
    await lab.gone_from_host(kind, "web")
    await create_when_served(lab, kind, certificate())
    await lab.appears(kind, "web")


async def test_objects_outlive_a_definition_that_the_host_loses(lab: Lab, group: str, name: str) -> None:
    kind = resource(group)
    await lab.host.create(CRDS, definition(group))
    await definition_becomes(lab, lab.virtual, name)
    await create_when_served(lab, kind, certificate())
    await lab.appears(kind, "web")
    await lab.host.delete(CRDS, name)

    async def told() -> bool:
        return any("its host has no certificates" in each["message"] for each in await lab.events("web"))

    await lab.eventually(told)
    await lab.host.create(CRDS, definition(group))
    await lab.appears(kind, "web")


async def test_another_version_of_the_host(lab: Lab, group: str, name: str) -> None:
    await lab.host.create(CRDS, definition(group))
    await definition_becomes(lab, lab.virtual, name)
    await create_when_served(lab, resource(group), certificate())
    await lab.appears(resource(group), "web")
    await lab.host.apply(CRDS, definition(group, version("v2"), {**version(storage=False), "served": False}))
    await definition_becomes(lab, lab.virtual, name, lambda found: len(found["spec"]["versions"]) == 2)
    newer = type(resource(group))(group, "v2", "certificates", "Certificate")
    await lab.virtual.patch(newer, "web", {"spec": {"dnsNames": ["b.example"]}}, namespace=lab.space)
    await lab.host_becomes(newer, "web", lambda obj: obj["spec"].get("dnsNames") == ["b.example"])


async def test_where_a_webhook_converts_there_is_one_version(lab: Lab, group: str, name: str) -> None:
    both = definition(group, version("v2", storage=False), version("v1"))
    url = {"clientConfig": {"url": "https://192.0.2.1/convert"}, "conversionReviewVersions": ["v1"]}
    both["spec"]["conversion"] = {"strategy": "Webhook", "webhook": url}
    await lab.host.create(CRDS, both)
    copied = await definition_becomes(lab, lab.virtual, name)
    assert [each["name"] for each in copied["spec"]["versions"]] == ["v1"]
    assert copied["spec"]["conversion"]["strategy"] == "None"

    async def told() -> bool:
        selector = f"involvedObject.name={name}"
        found = (await lab.virtual.list(EVENTS, namespace="default", field_selector=selector))["items"]
        return any("without versions v2" in each["message"] for each in found)

    await lab.eventually(told)


async def test_a_tenants_own_definition_stays_and_is_used(lab: Lab, group: str, name: str) -> None:
    kind = resource(group)
    await lab.virtual.create(CRDS, definition(group))
    await create_when_served(lab, kind, certificate())
    await lab.host.create(CRDS, definition(group, version("v2", storage=False), version("v1")))
    await lab.appears(kind, "web")
    own = await lab.virtual.get(CRDS, name)
    assert "labels" not in own["metadata"]
    assert len(own["spec"]["versions"]) == 1


async def test_one_that_can_not_stand_for_the_hosts(lab: Lab, group: str, name: str) -> None:
    own = definition(group, version("v9"))
    await lab.virtual.create(CRDS, own)
    await lab.host.create(CRDS, definition(group))

    async def said() -> str:
        selector = f"involvedObject.name={name}"
        found = (await lab.virtual.list(EVENTS, namespace="default", field_selector=selector))["items"]
        return " ".join(each["message"] for each in found)

    assert "serves none of the host's versions: v1" in await lab.eventually(said)

    async def administrator_is_told() -> bool:
        return any("has another kind, scope or version" in each["message"] for each in await warnings(lab))

    await lab.eventually(administrator_is_told)


class TestWithoutClusterRole:
    """The syncer may not read definitions of the host."""

    @pytest.fixture
    def sets(self, name: str) -> Any:
        patch = {"path": "spec.secretName", "reference": SECRET}
        return "rbac.clusterRole.enabled=false", custom_values(name, patch)

    async def test_one_that_a_tenant_has_made_will_do(self, idle_lab: Lab, group: str, name: str) -> None:
        lab, kind = idle_lab, resource(group)
        await lab.host.create(CRDS, definition(group))
        await lab.start()

        async def told() -> str:
            return " ".join(each["message"] for each in await warnings(lab))

        async def told_all() -> bool:
            text = await told()
            return "customresourcedefinitions" in text and f"the virtual cluster has no {name}" in text

        await lab.eventually(told_all)
        await lab.virtual.create(CRDS, definition(group))
        await create_when_served(lab, kind, certificate())
        await lab.appears(kind, "web")


class TestOfTheWholeHost:
    """A custom resource in no namespace."""

    @pytest.fixture
    def sets(self, name: str) -> Any:
        return (custom_values(name, scope="Cluster"),)

    async def test_it_has_a_name_of_its_cluster(self, lab: Lab, group: str, client: Client) -> None:
        kind = resource(group, namespaced=False)
        await client.create(CRDS, definition(group, version(status=False), scope="Cluster"))
        await create_when_served(lab, kind, certificate(), namespaced=False)
        own = host_cluster_name("web", lab.namespace, "demo")

        async def there() -> Object | None:
            with suppress(NotFound):
                return await client.get(kind, own)
            return None

        made = await lab.eventually(there)
        assert made is not None
        assert made["spec"]["secretName"] == "tls"
        assert made["metadata"]["ownerReferences"][0]["kind"] == "ClusterRole"
        await client.patch(kind, own, {"status": {"secret": own}})

        async def shown() -> bool:
            return (await lab.virtual.get(kind, "web")).get("status") == {"secret": "web"}

        await lab.eventually(shown)
        await lab.virtual.delete(kind, "web")

        async def gone() -> bool:
            return await there() is None

        await lab.eventually(gone)
