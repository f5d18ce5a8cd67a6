"""What custom resources leave in the virtual cluster when the values name them no more."""

import asyncio
import dataclasses
from typing import Any

import pytest
from two_clusters import TwoClusters

from scripted_api import listed, ok
from vcli.catalog import SYNCED
from vcli.kube.resources import CRDS, VOLUMESNAPSHOTCONTENTS, Resource
from vcli.syncer.registry import tidy
from vcli.syncer.translate.customresources import mirror_of
from vcli.syncer.translate.definitions import to_virtual
from vcli.syncer.translate.names import VirtualName

Object = dict[str, Any]
GATEWAYS = Resource("example.com", "v1", "gateways", "Gateway")
GATEWAYS_ON = {f"fromHost.customResources.{GATEWAYS.definition}": {"scope": "Namespaced"}}


def definition(resource: Resource) -> Object:
    spec = {
        "group": resource.group,
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "names": {"plural": resource.plural, "kind": resource.kind},
        "versions": [{"name": resource.version, "served": True, "storage": True}],
    }
    return to_virtual({"metadata": {"name": resource.definition}, "spec": spec})


def mirror(resource: Resource, namespace: str = "") -> Object:
    host = {"metadata": {"name": "it", "namespace": "infra"}}
    made = mirror_of(host, VirtualName(namespace, "it"), has_status=True)
    return {**made, "metadata": {**made["metadata"], "uid": resource.plural, "resourceVersion": "1"}}


def removed(*objects: tuple[Resource, Object], custom: dict[str, Object]) -> list[str]:
    """The paths of what is deleted, with these objects and the definitions of their kinds there."""

    async def run() -> list[str]:
        clusters = TwoClusters(CRDS)
        for resource in {kind.resource for kind in SYNCED} | {each for each, _ in objects}:
            if resource not in clusters.ctx.virtual:
                clusters.ctx.virtual.watch(resource)
            found = [obj for each, obj in objects if each == resource]
            clusters.virtual.on("GET", resource.path(), listed(*found))
            for obj in found:
                metadata = obj["metadata"]
                path = resource.path(namespace=metadata.get("namespace"), name=metadata["name"])
                clusters.virtual.on("DELETE", path, ok({}))
        definitions = [definition(each) for each in {resource for resource, _ in objects}]
        clusters.virtual.on("GET", CRDS.path(), listed(*definitions))
        settings = dataclasses.replace(
            clusters.ctx.settings,
            custom_resources=custom,
            kinds={"toHost.volumeSnapshotContents": True},
        )
        await tidy(dataclasses.replace(clusters.ctx, settings=settings))
        return [each.path for each in clusters.virtual.asked("DELETE")]

    return asyncio.run(run())


@pytest.mark.parametrize(("custom", "goes"), [({}, True), (GATEWAYS_ON, False)], ids=["off", "on"])
def test_mirrors_of_one_that_is_off_go(custom: dict[str, Object], goes: Any) -> None:
    path = GATEWAYS.path(namespace="web", name="it")
    assert removed((GATEWAYS, mirror(GATEWAYS, "web")), custom=custom) == ([path] if goes else [])


def test_a_tenants_copy_of_a_mirror_stays() -> None:
    copy = mirror(GATEWAYS, "web")
    copy["metadata"]["namespace"] = "own"
    assert removed((GATEWAYS, copy), custom={}) == []


def test_what_the_catalog_shows_of_a_custom_resource_stays_while_it_is_on() -> None:
    """Its definition is a mirror as well."""
    assert removed((VOLUMESNAPSHOTCONTENTS, mirror(VOLUMESNAPSHOTCONTENTS)), custom={}) == []
