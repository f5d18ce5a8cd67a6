"""Which virtual Nodes are looked at when: those that have changed at once, all of them every ten seconds."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from scripted_pods import PodLab

from scripted_api import ok
from vcli.kube.resources import LEASES, NODES
from vcli.kube.types import Object
from vcli.syncer.nodes.controller import LEASE_NAMESPACE, RENEW_EVERY, Nodes
from vcli.syncer.nodes.synthetic import SyntheticNodes

InFakeTime = Callable[[Callable[[], Awaitable[Any]]], Any]


class Listening:
    """Kubelets that nobody asks."""

    async def listen(self, name: str, port: int | None = None) -> int:  # noqa: ARG002
        return 10250


class Changing(SyntheticNodes):
    """Nodes that change when the test says so."""

    def standing(self) -> Sequence[str]:
        return ("n1", "n2")

    def subscribe(self, handler: Callable[[str], None]) -> None:
        self.changed = handler


class ChangingMeanwhile(Changing):
    """A Node that changes once when it was read and is not written yet."""

    asked = 0

    def standing(self) -> Sequence[str]:
        return ("n1",)

    async def node(self, name: str, *, internal_ips: Sequence[str], kubelet_port: int) -> Object | None:
        self.asked += 1
        if self.asked == 1:
            self.changed(name)
        return await super().node(name, internal_ips=internal_ips, kubelet_port=kubelet_port)


class ChangedByTheTenant(Changing):
    """A Node to which a tenant adds a label while an earlier change of theirs is synced back."""

    def __init__(self, lab: PodLab) -> None:
        super().__init__(lab.ctx)
        self._nodes = lab.ctx.virtual[NODES]

    def standing(self) -> Sequence[str]:
        return ("n1",)

    async def sync_back(self, node: Object) -> None:
        metadata = node["metadata"]
        labels = {**metadata["labels"], "tenant": "new"}
        self._nodes.store({**node, "metadata": {**metadata, "labels": labels, "resourceVersion": "9"}})


def test_a_change_of_one_node_is_no_reason_to_look_at_the_others(in_fake_time: InFakeTime) -> None:
    async def simulate() -> dict[str, list[float]]:
        lab = PodLab()
        for name in ("n1", "n2"):
            lab.virtual.on("PATCH", f"{LEASES.path(namespace=LEASE_NAMESPACE)}/{name}", ok({}))
        source = Changing(lab.ctx)
        listening: Any = Listening()
        nodes = Nodes(lab.ctx, listening, source, pods_on=lambda _: ())
        async with lab.running():
            task = asyncio.create_task(nodes.run())
            await asyncio.sleep(3)
            source.changed("n1")
            source.changed("somebody-elses")
            await asyncio.sleep(RENEW_EVERY)
            task.cancel()
        leases = [each for each in lab.virtual.asked("PATCH") if "/leases/" in each.path]
        names = {each.path.rpartition("/")[2] for each in leases}
        return {name: [round(each.at) for each in leases if each.path.endswith(f"/{name}")] for name in names}

    assert in_fake_time(simulate) == {"n1": [0, 3, 10], "n2": [0, 10]}


def test_a_change_that_comes_while_a_node_is_written_is_not_forgotten(in_fake_time: InFakeTime) -> None:
    async def simulate() -> int:
        lab = PodLab()
        lab.virtual.on("PATCH", f"{LEASES.path(namespace=LEASE_NAMESPACE)}/n1", ok({}))
        source = ChangingMeanwhile(lab.ctx)
        listening: Any = Listening()
        nodes = Nodes(lab.ctx, listening, source, pods_on=lambda _: ())
        async with lab.running():
            task = asyncio.create_task(nodes.run())
            await asyncio.sleep(3)
            task.cancel()
        return source.asked

    assert in_fake_time(simulate) == 2


def test_a_change_that_comes_while_one_is_synced_back_is_a_conflict(in_fake_time: InFakeTime) -> None:
    async def simulate() -> list[str]:
        lab = PodLab()
        lab.virtual.on("PATCH", f"{LEASES.path(namespace=LEASE_NAMESPACE)}/n1", ok({}))
        source = ChangedByTheTenant(lab)
        node = await source.node("n1", internal_ips=(), kubelet_port=10250)
        assert node is not None
        node["metadata"] |= {"uid": "u", "resourceVersion": "8"}
        del node["metadata"]["labels"]["kubernetes.io/os"]
        lab.virtual.hold(NODES.path(), node)
        listening: Any = Listening()
        nodes = Nodes(lab.ctx, listening, source, pods_on=lambda _: ())
        async with lab.running():
            task = asyncio.create_task(nodes.run())
            await asyncio.sleep(1)
            task.cancel()
        metadata = [
            each.body.get("metadata", {}) for each in lab.virtual.asked("PATCH") if "/nodes/" in each.path
        ]
        return [each["resourceVersion"] for each in metadata if "resourceVersion" in each]

    # With the version of the tenant's change the server would take the patch, and the label would be gone.
    assert in_fake_time(simulate)[:1] == ["8"]
