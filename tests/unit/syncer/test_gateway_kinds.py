"""What of the Gateway API goes to the host, why not, and what is looked at again."""

import dataclasses
from typing import Any

import pytest
from two_clusters import TwoClusters

from scripted_api import ok
from vcli.kube.resources import (
    GATEWAYCLASSES,
    GATEWAYS,
    HTTPROUTES,
    NAMESPACES,
    REFERENCEGRANTS,
    Resource,
)
from vcli.syncer.kinds import gateways, httproutes
from vcli.syncer.kinds.gateway_api import is_respecified, judge, virtual_gateway
from vcli.syncer.sync.from_host import to_mirror
from vcli.syncer.sync.to_host import _ToHost
from vcli.syncer.translate.gateway_refs import GROUP
from vcli.syncer.translate.mappings import HostObject
from vcli.syncer.translate.mirrors import mirror_metadata
from vcli.syncer.translate.names import VirtualName

Object = dict[str, Any]
HOST = "team-a"
ROUTE_ON_HOST = f"{HTTPROUTES.path(namespace=HOST)}/web-x-shop-x-demo"
ROUTE_STATUS = f"{HTTPROUTES.path(namespace='shop')}/web/status"
GATEWAY_ON_HOST = f"{GATEWAYS.path(namespace=HOST)}/public-x-infra-x-demo"


def obj(name: str, namespace: str = "", **more: Any) -> Object:
    metadata = {"name": name, "uid": f"uid-{name}", "resourceVersion": "1", "generation": 1}
    if namespace:
        metadata["namespace"] = namespace
    return {"metadata": {**metadata, **more.pop("metadata", {})}, **more}


def gateway(*, source: str = "All", of_class: str = "host", **more: Any) -> Object:
    listener = {
        "name": "web",
        "port": 80,
        "protocol": "HTTP",
        "allowedRoutes": {"namespaces": {"from": source}},
    }
    return obj("public", "infra", spec={"gatewayClassName": of_class, "listeners": [listener], **more})


def route(**more: Any) -> Object:
    refs = [{"group": GROUP, "kind": "Gateway", "name": "public", "namespace": "infra"}]
    backend = {"group": "", "kind": "Service", "name": "db", "namespace": "data", "port": 80}
    return obj("web", "shop", spec={"parentRefs": refs, "rules": [{"backendRefs": [backend]}], **more})


class Bed:
    """Both clusters with caches of the kinds."""

    def __init__(self, *, synced: bool = True) -> None:
        self.clusters = TwoClusters(HTTPROUTES)
        self.ctx = self.clusters.ctx
        for resource in (GATEWAYS, GATEWAYCLASSES, REFERENCEGRANTS, NAMESPACES):
            self.ctx.virtual.watch(resource, optional=True)
        if synced:
            self.ctx.host.watch(GATEWAYS, optional=True)
        for path in (ROUTE_ON_HOST, GATEWAY_ON_HOST):
            self.clusters.host.on("PATCH", path, ok(obj("answer", HOST)))
        self.clusters.virtual.on("PATCH", ROUTE_STATUS, ok(route()))

    def have(self, resource: Resource, made: Object) -> "Bed":
        self.ctx.virtual.store(resource, made)
        return self

    async def route(self, made: Object | None = None) -> list[str]:
        """What is sent to the host for a route."""
        self.have(HTTPROUTES, made or route())
        await _ToHost(self.ctx, HTTPROUTES, httproutes.TO_HOST).reconcile(VirtualName("shop", "web"))
        return [f"{each.method} {each.path}" for each in self.clusters.host.requests]

    async def gateway(self, made: Object) -> list[str]:
        """What is sent to the host for a Gateway."""
        self.have(GATEWAYS, made)
        await _ToHost(self.ctx, GATEWAYS, gateways.TO_HOST).reconcile(VirtualName("infra", "public"))
        return [f"{each.method} {each.path}" for each in self.clusters.host.requests]

    @property
    def said(self) -> str:
        return " ".join(self.clusters.warnings.messages)

    def status(self) -> list[Object]:
        """The last status of the route."""
        parents: list[Object] = self.clusters.virtual.asked("PATCH")[-1].body["status"]["parents"]
        return parents


async def test_a_route_that_is_let_in_is_sent_and_what_it_may_not_refer_to_is_said() -> None:
    bed = Bed().have(GATEWAYS, gateway())
    assert await bed.route() == [f"PATCH {ROUTE_ON_HOST}"]
    sent = bed.clusters.host.requests[0].body["spec"]
    assert [each["name"] for each in sent["parentRefs"]] == ["public-x-infra-x-demo"]
    assert "not permitted to refer to Service data/db" in bed.said
    spec = {
        "from": [{"group": GROUP, "kind": "HTTPRoute", "namespace": "shop"}],
        "to": [{"group": "", "kind": "Service"}],
    }
    allowed = Bed().have(GATEWAYS, gateway()).have(REFERENCEGRANTS, obj("g", "data", spec=spec))
    await allowed.route()
    [rule] = allowed.clusters.host.requests[0].body["spec"]["rules"]
    assert rule["backendRefs"][0]["name"] == "db-x-data-x-demo"
    assert allowed.said == ""


async def test_a_route_that_no_listener_lets_in_stays_inside_and_says_so() -> None:
    bed = Bed().have(GATEWAYS, gateway(source="Same"))
    assert await bed.route() == []
    [parent] = bed.status()
    [accepted] = [each for each in parent["conditions"] if each["type"] == "Accepted"]
    assert (accepted["status"], accepted["reason"]) == ("False", "NotAllowedByListeners")
    assert "see its allowedRoutes" in bed.said


async def test_labels_of_the_namespace_let_it_in() -> None:
    closed = gateway(source="Selector")
    closed["spec"]["listeners"][0]["allowedRoutes"]["namespaces"]["selector"] = {
        "matchLabels": {"open": "yes"}
    }
    bed = Bed().have(GATEWAYS, closed)
    assert await bed.route() == []
    bed.have(NAMESPACES, obj("shop", metadata={"labels": {"open": "yes"}}))
    assert await bed.route() == [f"PATCH {ROUTE_ON_HOST}"]


@pytest.mark.parametrize("unfit", ["no Gateway", "own class", "not synced"])
async def test_a_route_without_a_gateway_on_the_host_stays_inside(unfit: str) -> None:
    bed = Bed(synced=unfit != "not synced")
    if unfit != "no Gateway":
        bed.have(GATEWAYS, gateway())
    if unfit == "own class":
        bed.have(GATEWAYCLASSES, obj("host", spec={"controllerName": "x.example/own"}))
    assert await bed.route() == []
    assert bed.clusters.virtual.asked("PATCH") == []
    assert bed.said == ""


async def test_a_route_with_an_unknown_field_stays_inside_and_says_which() -> None:
    bed = Bed().have(GATEWAYS, gateway())
    assert await bed.route(route(useDefaultGateways="All")) == []
    assert "spec.useDefaultGateways" in bed.said


async def test_a_gateway_of_the_host_is_named_as_the_mappings_have_it() -> None:
    bed = Bed()
    settings = dataclasses.replace(
        bed.ctx.settings, mappings={"fromHost.gateways": {"edge/main": "infra/public"}}
    )
    bed.ctx = dataclasses.replace(bed.ctx, settings=settings)
    shown = gateway()
    shown["metadata"] |= mirror_metadata("infra", "public")
    assert await bed.gateway(shown) == []
    assert await bed.route() == [f"PATCH {ROUTE_ON_HOST}"]
    [ref] = bed.clusters.host.requests[0].body["spec"]["parentRefs"]
    assert (ref["namespace"], ref["name"]) == ("edge", "main")
    assert virtual_gateway(bed.ctx, HostObject("edge", "main")) == VirtualName("infra", "public")
    assert virtual_gateway(bed.ctx, HostObject("edge", "other")) is None


async def test_a_gateway_of_a_class_of_its_own_or_of_one_that_is_not_for_it_stays_inside() -> None:
    own = Bed().have(GATEWAYCLASSES, obj("host", spec={"controllerName": "x.example/own"}))
    assert await own.gateway(gateway()) == []
    assert own.said == ""
    chosen = Bed()
    settings = dataclasses.replace(
        chosen.ctx.settings, selectors={"fromHost.gatewayClasses": {"matchLabels": {"a": "b"}}}
    )
    chosen.ctx = dataclasses.replace(chosen.ctx, settings=settings)
    chosen.ctx.host.watch(GATEWAYCLASSES, key=to_mirror(GATEWAYCLASSES), optional=True)
    assert await chosen.gateway(gateway()) == []
    assert "GatewayClass host is not one of those of the host" in chosen.said
    assert await Bed().gateway(gateway()) == [f"PATCH {GATEWAY_ON_HOST}"]
    newer = Bed()
    assert await newer.gateway(gateway(newer=1)) == []
    assert "spec.newer" in newer.said


def test_what_a_change_concerns_is_looked_at_again() -> None:
    bed = Bed().have(HTTPROUTES, route())
    other = obj("other", "infra", spec={"gatewayClassName": "host", "listeners": []})
    spec = {"from": [{"group": GROUP, "kind": "HTTPRoute", "namespace": "shop"}], "to": []}
    of_others = {"from": [{"group": GROUP, "kind": "GRPCRoute", "namespace": "shop"}], "to": []}
    found = {
        trigger.resource: [list(trigger.names(bed.ctx, each)) for each in changed]
        for trigger, changed in zip(
            httproutes.TO_HOST.triggers,
            (
                (gateway(), other),
                (obj("host"),),
                (obj("g", "data", spec=spec), obj("g", "data", spec=of_others)),
                (obj("shop"), obj("infra")),
            ),
            strict=True,
        )
    }
    web = [VirtualName("shop", "web")]
    assert found == {
        GATEWAYS: [web, []],
        GATEWAYCLASSES: [web],
        REFERENCEGRANTS: [web, []],
        NAMESPACES: [web, []],
    }


def test_a_gateway_with_another_status_is_no_reason_to_look_again() -> None:
    assert not is_respecified(gateway(), {**gateway(), "status": {"addresses": []}})
    assert is_respecified(gateway(), gateway(source="Same"))
    assert is_respecified(None, gateway())


def test_the_judge_knows_namespaces_that_are_gone() -> None:
    assert judge(Bed().ctx).labels("gone") == {}
