"""Definitions of the host in the virtual cluster: copied when they are there, a tenant's own stay."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from two_clusters import TwoClusters

from scripted_api import listed, ok, refused
from vcli.kube.resources import CRDS, NAMESPACES
from vcli.syncer.engine.writer import stamped
from vcli.syncer.sync.definitions import Definitions
from vcli.syncer.translate import definitions, keys

Object = dict[str, Any]
InFakeTime = Callable[[Callable[[], Awaitable[Any]]], Any]

NAME = "volumesnapshots.snapshot.storage.k8s.io"
HOST: Object = {
    "metadata": {"name": NAME, "uid": "h", "resourceVersion": "1"},
    "spec": {
        "group": "snapshot.storage.k8s.io",
        "scope": "Namespaced",
        "names": {"plural": "volumesnapshots", "kind": "VolumeSnapshot"},
        "versions": [{"name": "v1", "served": True, "storage": True}],
    },
}
OTHER: Object = {**HOST, "spec": {**HOST["spec"], "scope": "Cluster"}}
FORBIDDEN = refused(403, "Forbidden", "no right to it")


def copy_of(host: Object) -> Object:
    made = stamped(definitions.to_virtual(host))
    return {**made, "metadata": {**made["metadata"], "uid": "v", "resourceVersion": "2"}}


class Run:
    """One run over what both clusters list."""

    def __init__(self, *host: Any, virtual: tuple[Object, ...] = ()) -> None:
        self.clusters = TwoClusters(NAMESPACES)
        for api in (self.clusters.virtual, self.clusters.host):
            api.on("GET", NAMESPACES.path(), listed())
        self.clusters.host.on("GET", CRDS.path(), *host)
        self.clusters.virtual.on("GET", CRDS.path(), listed(*virtual))
        self.clusters.virtual.on("PATCH", f"{CRDS.path()}/{NAME}", ok(copy_of(HOST)))

    def __call__(
        self, in_fake_time: InFakeTime, *, seconds: float = 1.0, later: Object | None = None
    ) -> list[tuple[str, Object]]:
        """What is written to the virtual cluster: method and body.

        Args:
            in_fake_time: runs it.
            seconds: how long.
            later: a definition that the host gets meanwhile.
        """
        clusters = self.clusters

        async def simulate() -> None:
            controller = Definitions(clusters.ctx, [NAME]).controller
            running = (clusters.ctx.host, clusters.ctx.virtual, controller)
            tasks = [asyncio.create_task(each.run()) for each in running]
            await asyncio.sleep(seconds)
            if later is not None:
                clusters.host.send_event(CRDS.path(), "ADDED", later)
                await asyncio.sleep(seconds)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        in_fake_time(simulate)
        return [(each.method, each.body) for each in clusters.virtual.requests if each.method != "GET"]


def test_it_is_copied_once_the_host_has_it(in_fake_time: InFakeTime) -> None:
    assert Run(listed())(in_fake_time) == []
    [(method, body)] = Run(listed())(in_fake_time, later=HOST)
    assert (method, body["metadata"]["name"]) == ("PATCH", NAME)
    assert body["metadata"]["labels"] == {keys.MIRROR: "true"}


def test_it_is_copied_once_the_host_lets_us_read_it(in_fake_time: InFakeTime) -> None:
    run = Run(FORBIDDEN)
    assert run(in_fake_time) == []
    assert run.clusters.ctx.host.availability.unavailable == {
        f"host customresourcedefinitions {NAME}": "no right to it"
    }
    [(method, _)] = Run(FORBIDDEN, listed(HOST))(in_fake_time, seconds=300)
    assert method == "PATCH"


@pytest.mark.parametrize("there", [HOST, copy_of(HOST)], ids=["own", "copy"])
def test_a_tenants_own_stays_and_a_copy_costs_nothing(in_fake_time: InFakeTime, there: Object) -> None:
    run = Run(listed(HOST), virtual=(there,))
    assert run(in_fake_time) == []
    assert run.clusters.warnings.messages == []


def test_in_what_a_tenants_own_differs_is_said(in_fake_time: InFakeTime) -> None:
    run = Run(listed(HOST), virtual=(OTHER,))
    assert run(in_fake_time) == []
    [message] = run.clusters.warnings.messages
    assert "its scope is Cluster, on the host Namespaced" in message


def test_one_that_has_changed_on_the_host_is_copied_anew(in_fake_time: InFakeTime) -> None:
    [(_, body)] = Run(listed(HOST), virtual=(copy_of(OTHER),))(in_fake_time)
    assert body["spec"]["scope"] == "Namespaced"


def test_a_copy_stays_when_the_host_has_it_no_more_or_refuses_it(in_fake_time: InFakeTime) -> None:
    for host in (listed(), FORBIDDEN):
        assert Run(host, virtual=(copy_of(HOST),))(in_fake_time) == []
