"""Memory and CPU of the containers of a pod, as the node's kubelet reports them."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from vcli.kube.client import Client

_MIB = 1024 * 1024
_NANO = 1e9
_LOOK_AGAIN = 1.0
_TIMEOUT = 90.0

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Use:
    """What a container takes: MiB of working set, and thousandths of a CPU."""

    memory: float
    cpu: float


async def use(client: Client, pod: Object, *, window: float) -> dict[str, Use]:
    """The use by container: memory at the end of the window, CPU over the whole of it."""
    before = await _stats(client, pod)
    await asyncio.sleep(window)
    async with asyncio.timeout(_TIMEOUT):
        while True:  # a kubelet looks at its containers every ten seconds or so
            after = await _stats(client, pod)
            if all(_time(after[name]) > _time(each) for name, each in before.items()):
                return {name: _between(each, after[name]) for name, each in before.items()}
            await asyncio.sleep(_LOOK_AGAIN)


async def spent(client: Client, pod: Object) -> float:
    """Seconds of CPU of all its containers since they started, when the kubelet last looked."""
    found = await _stats(client, pod)
    return sum(each["cpu"]["usageCoreNanoSeconds"] for each in found.values()) / _NANO


def total(uses: Mapping[str, Use]) -> Use:
    """Of all containers."""
    return Use(sum(each.memory for each in uses.values()), sum(each.cpu for each in uses.values()))


async def _stats(client: Client, pod: Object) -> dict[str, Object]:
    async with asyncio.timeout(_TIMEOUT):
        while True:
            answer = await client.request(
                "GET", f"/api/v1/nodes/{pod['spec']['nodeName']}/proxy/stats/summary"
            )
            for each in answer.json()["pods"]:
                if each["podRef"]["uid"] == pod["metadata"]["uid"]:
                    found = {container["name"]: container for container in each["containers"]}
                    if len(found) == len(pod["spec"]["containers"]) and all(map(_is_whole, found.values())):
                        return found
            await asyncio.sleep(_LOOK_AGAIN)


def _is_whole(container: Object) -> bool:
    return "usageCoreNanoSeconds" in container.get("cpu", {}) and "workingSetBytes" in container.get(
        "memory", {}
    )


def _between(before: Object, after: Object) -> Use:
    used = after["cpu"]["usageCoreNanoSeconds"] - before["cpu"]["usageCoreNanoSeconds"]
    cores = used / _NANO / (_time(after) - _time(before))
    return Use(after["memory"]["workingSetBytes"] / _MIB, cores * 1000)


def _time(container: Object) -> float:
    return datetime.fromisoformat(container["cpu"]["time"]).timestamp()
