"""The one way of a kind to the host: whose object it is, when it goes, what is rejected, what comes back."""

import asyncio
from typing import Any

import pytest
from two_clusters import TwoClusters

from scripted_api import NAMESPACE, listed, ok, refused, thing
from vcli.kube.errors import Invalid
from vcli.kube.resources import PDBS
from vcli.syncer.sync.to_host import ToHost, _ToHost, to_host
from vcli.syncer.translate.metadata import host_metadata
from vcli.syncer.translate.names import VirtualName

Object = dict[str, Any]

NAME = VirtualName(NAMESPACE, "web")
ON_HOST = f"{PDBS.path(namespace=NAMESPACE)}/web-x-{NAMESPACE}-x-demo"
IN_VIRTUAL = f"{PDBS.path(namespace=NAMESPACE)}/web"
VIRTUAL = thing("web", spec={"minAvailable": 1})
ENDING = {"deletionTimestamp": "2026-01-01T00:00:00Z"}


def translate(ctx: Any, virtual: Object, _: Object | None) -> Object:
    return {
        "metadata": host_metadata(virtual, kind="PodDisruptionBudget", scope=ctx.scope),
        "spec": virtual["spec"],
    }


@pytest.fixture
def clusters() -> TwoClusters:
    return TwoClusters(PDBS)


async def reconcile(clusters: TwoClusters, **special: Any) -> list[str]:
    """What is sent to the host, and then to the virtual cluster."""
    sync = ToHost(translate=translate, **special)
    before = len(clusters.host.requests), len(clusters.virtual.requests)
    await _ToHost(clusters.ctx, PDBS, sync).reconcile(NAME)
    new = [*clusters.host.requests[before[0] :], *clusters.virtual.requests[before[1] :]]
    return [f"{each.method} {each.path}" for each in new]


async def no(*_: Any) -> bool:
    return False


async def test_it_is_applied_and_then_costs_nothing(clusters: TwoClusters) -> None:
    clusters.in_virtual(VIRTUAL)
    clusters.host.on("PATCH", ON_HOST, ok(clusters.copy_of(VIRTUAL, spec={"minAvailable": 1})))
    assert await reconcile(clusters) == [f"PATCH {ON_HOST}"]
    sent = clusters.host.requests[0].body
    answer = {**sent, "metadata": {**sent["metadata"], "uid": "1", "resourceVersion": "2"}}
    clusters.on_host(answer)
    assert await reconcile(clusters) == []


async def test_what_is_gone_goes(clusters: TwoClusters) -> None:
    clusters.on_host(clusters.copy_of(VIRTUAL))
    clusters.host.on("DELETE", ON_HOST, ok({}))
    assert await reconcile(clusters) == [f"DELETE {ON_HOST}"]
    assert clusters.host.requests[0].body["preconditions"]["uid"] == f"uid-web-x-{NAMESPACE}-x-demo"


@pytest.mark.parametrize(
    "special",
    [
        {},
        {"wanted": no},
        {"replace_when": lambda *_: True},
    ],
    ids=["of another uid", "not wanted", "can't be changed"],
)
async def test_one_that_has_to_go_is_deleted_once_and_nothing_is_applied_meanwhile(
    clusters: TwoClusters, special: Any
) -> None:
    virtual = VIRTUAL if special else thing("web", metadata={"uid": "another"}, spec={})
    clusters.in_virtual(virtual)
    clusters.on_host(clusters.copy_of(VIRTUAL))
    clusters.host.on("DELETE", ON_HOST, ok({}))
    assert await reconcile(clusters, **special) == [f"DELETE {ON_HOST}"]
    clusters.on_host(clusters.copy_of(VIRTUAL, version=2, metadata=ENDING))
    assert await reconcile(clusters, **special) == []


async def test_a_terminating_one_is_not_created_and_what_is_there_stays(clusters: TwoClusters) -> None:
    clusters.in_virtual(thing("web", metadata=ENDING, spec={"minAvailable": 1}))
    assert await reconcile(clusters) == []
    clusters.on_host(clusters.copy_of(VIRTUAL))
    clusters.host.on("PATCH", ON_HOST, ok(clusters.copy_of(VIRTUAL, version=2, spec={"minAvailable": 1})))
    assert await reconcile(clusters) == [f"PATCH {ON_HOST}"]


async def test_a_status_is_shown_though_the_host_rejects_the_change(clusters: TwoClusters) -> None:
    clusters.in_virtual(VIRTUAL)
    clusters.on_host(clusters.copy_of(VIRTUAL, status={"currentHealthy": 3}))
    clusters.virtual.on("PATCH", f"{IN_VIRTUAL}/status", ok({**VIRTUAL, "status": {"currentHealthy": 3}}))
    clusters.host.on("PATCH", ON_HOST, refused(422, "Invalid", f"web-x-{NAMESPACE}-x-demo: too much"))
    with pytest.raises(Invalid):
        await reconcile(clusters, status=lambda _, __, host: host["status"])
    assert clusters.warnings.messages == ["web: too much"]
    [shown] = clusters.virtual.asked("PATCH")
    assert shown.path == f"{IN_VIRTUAL}/status"
    assert shown.body["status"] == {"currentHealthy": 3}


async def test_a_status_that_is_shown_already_costs_nothing(clusters: TwoClusters) -> None:
    virtual = clusters.in_virtual({**VIRTUAL, "status": {"currentHealthy": 3}})
    clusters.on_host(clusters.copy_of(virtual, status={"currentHealthy": 3}))
    clusters.host.on("PATCH", ON_HOST, ok(clusters.copy_of(virtual, version=2, spec={"minAvailable": 1})))
    sent = await reconcile(clusters, status=lambda _, __, host: host["status"])
    assert sent == [f"PATCH {ON_HOST}"]


async def test_what_is_to_be_known_before_the_status_is_done_in_that_order(clusters: TwoClusters) -> None:
    clusters.in_virtual(VIRTUAL)
    clusters.on_host(clusters.copy_of(VIRTUAL, status={"a": 1}))
    order = []

    async def before(virtual: Object, _: Object) -> None:
        order.append(("before status", virtual["metadata"]["resourceVersion"]))

    clusters.virtual.on("PATCH", IN_VIRTUAL, ok(thing("web", version=5, spec={"minAvailable": 1})))
    clusters.virtual.on(
        "PATCH", f"{IN_VIRTUAL}/status", ok(thing("web", version=6, spec={"minAvailable": 1}))
    )
    clusters.host.on("PATCH", ON_HOST, ok(clusters.copy_of(VIRTUAL, version=2, spec={"minAvailable": 1})))
    sent = await reconcile(
        clusters,
        patch_virtual=lambda *_: {"metadata": {"labels": {"a": "b"}}},
        before_status=before,
        status=lambda _, __, host: host["status"],
    )
    assert order == [("before status", "5")]
    assert sent == [f"PATCH {ON_HOST}", f"PATCH {IN_VIRTUAL}", f"PATCH {IN_VIRTUAL}/status"]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            refused(403, "Forbidden"),
            "not synced: this virtual cluster has no right to list poddisruptionbudgets.policy on its host",
        ),
        (refused(404, "NotFound"), "not synced: its host has no poddisruptionbudgets.policy"),
    ],
)
async def test_what_is_missing_on_the_host_is_said_of_each_object(
    clusters: TwoClusters, answer: Any, said: str
) -> None:
    informer = clusters.ctx.host[PDBS]
    clusters.host.on("GET", PDBS.path(), answer)
    running = asyncio.create_task(informer.run())
    await informer.wait_tried()
    running.cancel()

    async def warnings(**special: Any) -> list[str]:
        await _ToHost(clusters.ctx, PDBS, ToHost(translate=translate, **special)).warn_unavailable(NAME)
        return clusters.warnings.messages

    assert await warnings() == [], "there is no such object"
    clusters.in_virtual(VIRTUAL)
    assert await warnings(wanted=no) == []
    assert await warnings() == [said]
    clusters.in_virtual(thing("web", version=2, metadata=ENDING, spec={}))
    assert await warnings() == [said]


async def test_nothing_is_deleted_while_the_virtual_cluster_lacks_the_kind(clusters: TwoClusters) -> None:
    """As a custom resource whose definition somebody has taken away: an empty cache says nothing."""
    clusters.host.on("GET", PDBS.path(), listed(clusters.copy_of(VIRTUAL)))
    clusters.virtual.on("GET", PDBS.path(), refused(404, "NotFound"))
    controller = to_host(clusters.ctx, PDBS, ToHost(translate=translate))
    tasks = [
        asyncio.create_task(each)
        for each in (clusters.ctx.host.run(), clusters.ctx.virtual.run(), controller.run())
    ]
    for caches in (clusters.ctx.host, clusters.ctx.virtual):
        await caches.wait_synced()
    await asyncio.sleep(0.05)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert clusters.host.asked("DELETE") == []
