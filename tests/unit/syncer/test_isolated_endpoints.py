"""Which addresses an isolated virtual cluster may name as endpoints, and what is said of others."""

from dataclasses import replace
from typing import Any

import pytest
from two_clusters import TwoClusters

from scripted_api import NAMESPACE, ok, thing
from vcli.kube.resources import ENDPOINTSLICES, PODS, SERVICES
from vcli.syncer.engine.context import SyncContext
from vcli.syncer.kinds.endpointslices import TO_HOST, reachable
from vcli.syncer.sync.to_host import _ToHost, to_host
from vcli.syncer.translate.names import VirtualName

Object = dict[str, Any]

OWN, NODE, NEIGHBOUR = "10.244.0.7", "10.0.0.1", "10.244.0.9"
PUBLIC = "8.8.8.8"
NAME = VirtualName(NAMESPACE, "elsewhere")
ON_HOST = f"{ENDPOINTSLICES.path(namespace=NAMESPACE)}/elsewhere-x-{NAMESPACE}-x-demo"
POD = thing("p", status={"podIPs": [{"ip": OWN}], "hostIPs": [{"ip": NODE}]})


def endpoints(*addresses: str, kind: str = "IPv4") -> Object:
    labels = {"kubernetes.io/service-name": "web"}
    found = thing("elsewhere", addressType=kind, endpoints=[{"addresses": [each]} for each in addresses])
    return {**found, "metadata": {**found["metadata"], "labels": labels}}


@pytest.fixture
def clusters() -> TwoClusters:
    clusters = TwoClusters(ENDPOINTSLICES)
    clusters.ctx.virtual.watch(ENDPOINTSLICES, indexers=TO_HOST.indexers)
    clusters.ctx.virtual.watch(SERVICES)
    clusters.ctx.host.watch(PODS)
    clusters.ctx.virtual.store(SERVICES, thing("web", spec={"clusterIP": "10.96.0.9"}))
    clusters.ctx.host.store(PODS, POD)
    return clusters


def isolated(ctx: SyncContext) -> SyncContext:
    return replace(ctx, settings=replace(ctx.settings, isolated=True))


async def sent(clusters: TwoClusters, ctx: SyncContext) -> list[str]:
    """The addresses that the host gets."""
    clusters.host.on("PATCH", ON_HOST, ok(clusters.copy_of(endpoints())))
    await _ToHost(ctx, ENDPOINTSLICES, TO_HOST).reconcile(NAME)
    return [text for each in clusters.host.requests[-1].body["endpoints"] for text in each["addresses"]]


@pytest.mark.parametrize(
    ("address", "may"),
    [
        (OWN, True),
        (PUBLIC, True),
        ("2001:4860:4860::8888", True),
        (NODE, False),
        (NEIGHBOUR, False),
        ("10.96.0.1", False),
        ("192.168.1.1", False),
        ("100.64.0.1", False),
        ("fd00::1", False),
        (f"::ffff:{NODE}", False),
        ("kubernetes.default.svc", False),
    ],
)
def test_an_isolated_one_may_name_its_pods_and_public_addresses(
    clusters: TwoClusters, address: str, *, may: bool
) -> None:
    judge = reachable(isolated(clusters.ctx))
    assert judge is not None
    assert judge(address) is may


def test_a_pod_that_has_the_nodes_address_makes_it_no_endpoint(clusters: TwoClusters) -> None:
    clusters.ctx.host.store(PODS, thing("h", status={"podIPs": [{"ip": NODE}], "hostIPs": [{"ip": NODE}]}))
    judge = reachable(isolated(clusters.ctx))
    assert judge is not None
    assert not judge(NODE)


async def test_the_others_are_left_out_and_an_event_names_them(clusters: TwoClusters) -> None:
    clusters.in_virtual(endpoints(OWN, NEIGHBOUR, PUBLIC, NODE))
    assert await sent(clusters, isolated(clusters.ctx)) == [OWN, PUBLIC]
    (warning,) = clusters.warnings.messages
    assert f"endpoints {NEIGHBOUR}, {NODE} left out" in warning


async def test_one_that_is_not_isolated_may_name_any(clusters: TwoClusters) -> None:
    clusters.in_virtual(endpoints(OWN, NEIGHBOUR, NODE))
    assert await sent(clusters, clusters.ctx) == [OWN, NEIGHBOUR, NODE]
    assert clusters.warnings.messages == []


async def test_the_address_of_a_pod_that_is_gone_is_looked_at_again(clusters: TwoClusters) -> None:
    clusters.in_virtual(endpoints(OWN))
    controller = to_host(isolated(clusters.ctx), ENDPOINTSLICES, TO_HOST)
    controller.queue.done(await controller.queue.get())
    assert len(controller.queue) == 0
    newer = {**POD["metadata"], "resourceVersion": "2"}
    clusters.ctx.host.store(PODS, {**POD, "metadata": newer, "status": {}})
    assert len(controller.queue) == 1
