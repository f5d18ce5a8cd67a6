"""What others use of the host's nodes, as pods come and go there."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from scripted_pods import PodLab, host_pod, newer, virtual_pod

from scripted_api import listed, refused
from vcli.kube.resources import PODS
from vcli.syncer.nodes.occupancy import ALL_PODS, Occupancy

InFakeTime = Callable[[Callable[[], Awaitable[Any]]], Any]
Object = dict[str, Any]
EVERYWHERE = PODS.path(namespace=None)


def other(name: str = "other", *, node: str = "n1", cpu: str = "1", phase: str = "Running") -> Object:
    """A pod of somebody else."""
    container = {"name": "main", "resources": {"requests": {"cpu": cpu}}}
    return newer(
        {
            "metadata": {"name": name, "namespace": "elsewhere", "uid": name},
            "spec": {"containers": [container], "nodeName": node},
            "status": {"phase": phase},
        }
    )


def test_changes_are_told_once_a_second_and_only_those_that_matter(in_fake_time: InFakeTime) -> None:
    async def simulate() -> tuple[list[tuple[str, float]], list[int]]:
        lab = PodLab(scheduler=True)
        occupancy = Occupancy(lab.ctx)
        told: list[tuple[str, float]] = []
        used: list[int] = []
        loop = asyncio.get_running_loop()
        occupancy.subscribe(lambda node: told.append((node, round(loop.time(), 1))))
        async with lab.running():
            for kind, pod in (
                ("ADDED", other()),
                ("ADDED", other("more", cpu="2")),
                ("MODIFIED", other(phase="Running")),  # nothing that matters
            ):
                lab.host.send_event(EVERYWHERE, kind, pod)
            await asyncio.sleep(1.5)
            used.append(occupancy.of("n1")["cpu"])
            lab.host.send_event(EVERYWHERE, "MODIFIED", other())
            await asyncio.sleep(5)
            lab.host.send_event(EVERYWHERE, "MODIFIED", other(phase="Succeeded"))
            await asyncio.sleep(5)
            used.append(occupancy.of("n1")["cpu"])
        return told, used

    told, used = in_fake_time(simulate)
    assert used == [3000, 2000]
    assert told == [("n1", 1.0), ("n1", 7.5)]


def test_pods_of_the_virtual_cluster_are_counted_inside(in_fake_time: InFakeTime) -> None:
    async def simulate() -> list[Object]:
        lab = PodLab(scheduler=True)
        occupancy = Occupancy(lab.ctx)
        virtual = virtual_pod(nodeName="n1")
        host = host_pod(lab, virtual, node="n1")
        lab.host.hold(EVERYWHERE, newer(host), other())
        async with lab.running(virtual=[virtual], host=[host]):
            return [dict(occupancy.of(node)) for node in ("n1", "n2")]

    assert in_fake_time(simulate) == [{"cpu": 1000, "pods": 1}, {}]


def test_without_the_right_to_list_all_pods_nothing_is_taken_off(in_fake_time: InFakeTime) -> None:
    async def simulate() -> tuple[list[str], Object, Object]:
        lab = PodLab(scheduler=True)
        occupancy = Occupancy(lab.ctx)
        told: list[str] = []
        occupancy.subscribe(told.append)
        lab.host.on("GET", EVERYWHERE, refused(403, "Forbidden", "no pods for you"))
        async with lab.running():
            before = dict(occupancy.of("n1"))
            assert any(ALL_PODS in each for each in lab.ctx.host.availability.unavailable)
            lab.host.on("GET", EVERYWHERE, listed(other()))
            await asyncio.sleep(300)
            return told, before, dict(occupancy.of("n1"))

    told, before, after = in_fake_time(simulate)
    assert before == {}
    assert after == {"cpu": 1000, "pods": 1}
    assert told == ["n1"]
