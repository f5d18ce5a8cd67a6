"""Where a real API server has a kind."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from vcli.kube.client import Client
from vcli.kube.discovery import find
from vcli.kube.errors import NotFound
from vcli.kube.resources import CRDS, DEPLOYMENTS, INGRESSCLASSES, PDBS, PODS, Resource

GROUP = "things.example.com"


def crd(plural: str, kind: str, *versions: str, scope: str) -> dict[str, Any]:
    schema = {"openAPIV3Schema": {"type": "object"}}
    return {
        "metadata": {"name": f"{plural}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": scope,
            "names": {"plural": plural, "singular": kind.lower(), "kind": kind, "listKind": f"{kind}List"},
            "versions": [
                {
                    "name": version,
                    "served": True,
                    "storage": version == versions[0],
                    "schema": schema,
                    "subresources": {"status": {}},
                }
                for version in versions
            ],
        },
    }


async def served(client: Client, version: str, *plurals: str) -> None:
    """Wait until discovery has resources; it has them some time after their CRD is there."""
    async with asyncio.timeout(20):
        while True:
            with suppress(NotFound):
                listed = (await client.request("GET", f"/apis/{GROUP}/{version}")).json()
                if set(plurals) <= {each["name"] for each in listed["resources"]}:
                    return
            await asyncio.sleep(0.1)


@pytest.fixture
async def asked(client: Client, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths that the client asks for from now on."""
    paths: list[str] = []
    request = client.request

    async def remember(method: str, path: str, **more: Any) -> Any:
        paths.append(path)
        return await request(method, path, **more)

    monkeypatch.setattr(client, "request", remember)
    return paths


@pytest.mark.parametrize("resource", [PODS, DEPLOYMENTS, PDBS, INGRESSCLASSES])
async def test_kinds_of_kubernetes(client: Client, resource: Resource):
    assert await find(client, group=resource.group, kind=resource.kind) == resource


async def test_the_server_is_asked_once(client: Client, asked: list[str]):
    first = await find(client, group="policy", kind="PodDisruptionBudget")
    assert asked == ["/apis/policy", "/apis/policy/v1"]
    assert await find(client, group="policy", kind="PodDisruptionBudget") == first
    assert len(asked) == 2


async def test_custom_resources(client: Client):
    """Each in the version that has it, also where the group prefers another."""
    with pytest.raises(NotFound, match=rf"no kind Gadget in the API group {GROUP}"):
        await find(client, group=GROUP, kind="Gadget")
    await client.create(CRDS, crd("gadgets", "Gadget", "v1alpha1", scope="Namespaced"))
    await client.create(CRDS, crd("widgets", "Widget", "v1alpha1", "v1", scope="Cluster"))
    await served(client, "v1alpha1", "gadgets", "widgets")
    await served(client, "v1", "widgets")
    gadgets = await find(client, group=GROUP, kind="Gadget")
    widgets = await find(client, group=GROUP, kind="Widget")
    assert gadgets == Resource(GROUP, "v1alpha1", "gadgets", "Gadget", namespaced=True)
    assert widgets == Resource(GROUP, "v1", "widgets", "Widget", namespaced=False)
    made = await client.create(widgets, {"metadata": {"name": "a"}})
    assert made["apiVersion"] == f"{GROUP}/v1"


async def test_what_is_not_there_is_named_and_not_remembered(client: Client, asked: list[str]):
    for _ in range(2):
        with pytest.raises(NotFound) as caught:
            await find(client, group="no.example.com", kind="Gadget")
        assert caught.value.message == "the server has no kind Gadget in the API group no.example.com"
    assert asked == ["/apis/no.example.com"] * 2
    with pytest.raises(NotFound, match="no kind Scale in the API group apps"):  # only a subresource
        await find(client, group="apps", kind="Scale")
    with pytest.raises(NotFound, match="no kind Gadget in the core API"):
        await find(client, group="", kind="Gadget")
