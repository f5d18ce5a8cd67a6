"""A real API server is the judge: with the definitions of the Gateway API it takes what translate makes."""

import asyncio
import json
import subprocess
from typing import Any

import pytest
from pair import Pair

from vcli.host.addons.gateway_api import DEFINITIONS, PRODUCT
from vcli.kube.client import Client
from vcli.kube.errors import NotFound
from vcli.kube.resources import (
    BACKENDTLSPOLICIES,
    CRDS,
    GATEWAYCLASSES,
    GATEWAYS,
    GRPCROUTES,
    HTTPROUTES,
    TCPROUTES,
    TLSROUTES,
    UDPROUTES,
    Resource,
)
from vcli.operations.host_programs import get
from vcli.operations.steps import NoSteps
from vcli.syncer.translate import backendtlspolicies, gatewayclasses, gateways, routes
from vcli.syncer.translate import definitions as copied
from vcli.syncer.translate.gateway_refs import Referrer
from vcli.syncer.translate.names import VirtualName
from vcli.syncer.translate.route_parents import Judge, Place
from vcli.syncer.translate.route_status import virtual_status

Object = dict[str, Any]
NOW = "2026-01-01T00:00:00Z"
FILTERS = [
    {"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "copy", "port": 80}}},
    {"type": "ExtensionRef", "extensionRef": {"group": "x.example", "kind": "Limit", "name": "slow"}},
    {"type": "RequestHeaderModifier", "requestHeaderModifier": {"add": [{"name": "a", "value": "b"}]}},
]
RULES: dict[Resource, Object] = {
    HTTPROUTES: {
        "matches": [{"path": {"type": "PathPrefix", "value": "/a"}}],
        "filters": FILTERS,
        "backendRefs": [{"name": "web", "port": 80}, {"name": "far", "namespace": "other", "port": 80}],
    },
    GRPCROUTES: {"backendRefs": [{"name": "web", "port": 80}], "filters": FILTERS},
    TCPROUTES: {"backendRefs": [{"name": "web", "port": 80}]},
    TLSROUTES: {"backendRefs": [{"name": "web", "port": 80}]},
    UDPROUTES: {"backendRefs": [{"name": "web", "port": 80}]},
}


@pytest.fixture
async def client(client: Client) -> Client:
    """Of an API server that has the definitions, as a virtual cluster gets them. They stay there."""
    program = get([PRODUCT], "the definitions of the Gateway API", NoSteps())[DEFINITIONS]
    printed = await asyncio.to_thread(subprocess.check_output, [program])
    for each in json.loads(printed):
        await client.apply(CRDS, copied.to_virtual(each), field_manager="test")
    for resource in (*RULES, GATEWAYS, GATEWAYCLASSES, BACKENDTLSPOLICIES):
        await served(client, resource)
    return client


async def served(client: Client, resource: Resource) -> None:
    """Wait until the API server serves a kind."""
    async with asyncio.timeout(60):
        while True:
            try:
                await client.list(resource)
            except NotFound:
                await asyncio.sleep(0.1)
            else:
                return


def referrer(pair: Pair, resource: Resource) -> Referrer:
    return Referrer(resource.kind, pair.virtual, lambda _: (), pair.scope)


def listener(name: str, source: str, **more: Any) -> Object:
    return {
        "name": name,
        "port": 80,
        "protocol": "HTTP",
        "allowedRoutes": {"namespaces": {"from": source}},
        **more,
    }


async def create(pair: Pair, resource: Resource, name: str, spec: Object) -> Object:
    return await pair.client.create(
        resource, {"metadata": {"name": name}, "spec": spec}, namespace=pair.virtual
    )


async def gateway_of(pair: Pair) -> Object:
    certificates = [{"name": "tls"}, {"name": "far", "namespace": "other"}]
    listeners = [
        listener("open", "All", hostname="a.example"),
        listener("own", "Same", hostname="b.example"),
        listener("tls", "All", protocol="HTTPS", port=443, tls={"certificateRefs": certificates}),
    ]
    spec = {
        "gatewayClassName": "host",
        "listeners": listeners,
        "infrastructure": {"labels": {"app": "vcluster"}, "annotations": {"a": "b"}},
    }
    return await create(pair, GATEWAYS, "public", spec)


async def test_gateways_and_what_is_shown_of_them(pair: Pair) -> None:
    virtual = await gateway_of(pair)
    own = referrer(pair, GATEWAYS)
    assert gateways.unknown(virtual) == []
    host = await pair.client.apply(GATEWAYS, gateways.to_host(virtual, own))
    assert len(gateways.refused(virtual, own)) == 1
    condition = {
        "type": "ResolvedRefs",
        "status": "True",
        "reason": "ResolvedRefs",
        "message": "",
        "lastTransitionTime": NOW,
    }
    listeners = [{"name": "tls", "attachedRoutes": 0, "supportedKinds": [], "conditions": [condition]}]
    host |= {"status": {"listeners": listeners, "conditions": [condition]}}
    status = gateways.virtual_status(virtual, host, own, now=NOW)
    shown = await pair.client.patch(
        GATEWAYS, "public", {"status": status}, namespace=pair.virtual, subresource="status"
    )
    assert shown["status"]["listeners"][0]["conditions"][0]["reason"] == "RefNotPermitted"
    mirror = gateways.to_virtual(host, VirtualName(pair.virtual, "shown"))
    made = await pair.client.apply(GATEWAYS, mirror)
    assert [each["name"] for each in made["spec"]["listeners"]] == ["open", "own", "tls"]


@pytest.mark.parametrize("resource", RULES, ids=lambda resource: resource.plural)
async def test_routes_and_their_status(pair: Pair, resource: Resource) -> None:
    gateway = await gateway_of(pair)
    refs = [{"name": "public", "namespace": pair.virtual}, {"name": "public", "namespace": "closed"}]
    hostnames = {"hostnames": ["a.example"]} if resource is TLSROUTES else {}
    spec = {"parentRefs": refs, "rules": [RULES[resource]], **hostnames}
    virtual = await create(pair, resource, "web", spec)
    assert routes.unknown(virtual) == []

    def place(name: VirtualName) -> Place:
        if name.namespace == pair.virtual:
            return Place(gateway, is_synced=True)
        closed = {**gateway, "spec": {**gateway["spec"], "listeners": [listener("own", "Same")]}}
        return Place(closed, is_synced=True)

    parents = Judge(place=place, labels=lambda _: {}, scope=pair.scope).parents(virtual)
    on_host = [ref for each in parents for ref in each.on_host]
    made = routes.to_host(
        virtual,
        on_host,
        referrer(pair, resource),
        version=resource.api_version,
        kind=resource.kind,
    )
    host = await pair.client.apply(resource, made)
    assert len(host["spec"]["parentRefs"]) == 1
    status = virtual_status(virtual, host, parents, refused="no grant", names={}, scope=pair.scope, now=NOW)
    shown = await pair.client.patch(
        resource, "web", {"status": status}, namespace=pair.virtual, subresource="status"
    )
    [entry] = shown["status"]["parents"]
    assert {each["reason"] for each in entry["conditions"]} == {"NotAllowedByListeners", "RefNotPermitted"}


async def test_policies_and_classes(pair: Pair) -> None:
    spec = {
        "targetRefs": [{"group": "", "kind": "Service", "name": "web"}],
        "validation": {
            "hostname": "web.example",
            "caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": "ca"}],
        },
    }
    virtual = await create(pair, BACKENDTLSPOLICIES, "tls", spec)
    assert backendtlspolicies.unknown(virtual) == []
    made = backendtlspolicies.to_host(virtual, referrer(pair, BACKENDTLSPOLICIES))
    await pair.client.apply(BACKENDTLSPOLICIES, made)
    theirs = {"metadata": {"name": "shown"}, "spec": {"controllerName": "x.example/c"}}
    shown = await pair.client.apply(GATEWAYCLASSES, gatewayclasses.to_virtual(theirs))
    status = gatewayclasses.virtual_status({"status": shown.get("status")})
    await pair.client.patch(GATEWAYCLASSES, "shown", {"status": status}, subresource="status")
    await pair.client.delete(GATEWAYCLASSES, "shown")
