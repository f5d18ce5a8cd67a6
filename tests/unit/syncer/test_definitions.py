"""Definitions of the host in the virtual cluster: copied when they are there, a tenant's own stay."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from two_clusters import TwoClusters

from scripted_api import ok, refused
from vcli.kube.resources import CRDS, VOLUMESNAPSHOTS
from vcli.syncer.engine.writer import stamped
from vcli.syncer.sync.definitions import Definitions
from vcli.syncer.translate import definitions, keys

Object = dict[str, Any]
InFakeTime = Callable[[Callable[[], Awaitable[Any]]], Any]

NAME = "volumesnapshots.snapshot.storage.k8s.io"
PATH = f"{CRDS.path()}/{NAME}"
HOST: Object = {
    "metadata": {"name": NAME, "uid": "h", "resourceVersion": "1"},
    "spec": {
        "group": "snapshot.storage.k8s.io",
        "scope": "Namespaced",
        "names": {"plural": "volumesnapshots", "kind": "VolumeSnapshot"},
        "versions": [{"name": "v1", "served": True, "storage": True}],
    },
}
GONE = refused(404, "NotFound")


def copied(
    in_fake_time: InFakeTime, *, host: list[Any], virtual: Any, seconds: float = 1.0
) -> list[tuple[str, Object]]:
    """What is written to the virtual cluster: method and body."""

    async def simulate() -> list[tuple[str, Object]]:
        clusters = TwoClusters(CRDS)
        for answer in host:
            clusters.host.on("GET", PATH, answer)
        clusters.virtual.on("GET", PATH, virtual)
        clusters.virtual.on("PATCH", PATH, ok(HOST))
        task = asyncio.create_task(Definitions(clusters.ctx, [VOLUMESNAPSHOTS]).run())
        await asyncio.sleep(seconds)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return [(each.method, each.body) for each in clusters.virtual.requests if each.method != "GET"]

    found: list[tuple[str, Object]] = in_fake_time(simulate)
    return found


def test_it_is_copied_once_the_host_has_it(in_fake_time: InFakeTime) -> None:
    assert copied(in_fake_time, host=[GONE], virtual=GONE) == []
    assert copied(in_fake_time, host=[refused(403, "Forbidden")], virtual=GONE) == []
    [(method, body)] = copied(in_fake_time, host=[GONE, ok(HOST)], virtual=GONE, seconds=30)
    assert (method, body["metadata"]["name"]) == ("PATCH", NAME)
    assert body["metadata"]["labels"] == {keys.MIRROR: "true"}


@pytest.mark.parametrize("is_own", [True, False])
def test_a_tenants_own_stays_and_a_copy_costs_nothing(in_fake_time: InFakeTime, is_own: Any) -> None:
    there = HOST if is_own else stamped(definitions.to_virtual(HOST))
    assert copied(in_fake_time, host=[ok(HOST)], virtual=ok(there)) == []


def test_one_that_has_changed_on_the_host_is_copied_anew(in_fake_time: InFakeTime) -> None:
    old = {**HOST, "spec": {**HOST["spec"], "scope": "Cluster"}}
    there = ok(stamped(definitions.to_virtual(old)))
    [(_, body)] = copied(in_fake_time, host=[ok(HOST)], virtual=there)
    assert body["spec"]["scope"] == "Namespaced"
