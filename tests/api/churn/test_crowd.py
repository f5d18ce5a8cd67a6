"""Hundreds of objects of a kind, with syncers killed while they come and while they go.

VCLI_CHURN_COUNT makes it another number.
"""

import asyncio
import os
from collections.abc import Iterator
from typing import Any

import pytest
from play import Play

COUNT = int(os.environ.get("VCLI_CHURN_COUNT", "300"))
TOGETHER = 50
"""ConfigMaps that one pod refers to, without which the host would have none."""

Object = dict[str, Any]


@pytest.mark.parametrize("kind", ["Pod", "Service", "ConfigMap"])
async def test_many_come_and_go_whatever_happens_to_the_syncer(play: Play, kind: str) -> None:
    # A kubelet and its host would need minutes for so many; that pods run is not the question here.
    play.players.schedules = False
    play.start()
    await play.wait()
    window = asyncio.Semaphore(16)

    async def write(of_kind: str, body: Object) -> None:
        async with window:
            await play.tenant.write(of_kind, "b", body)

    async with asyncio.TaskGroup() as group:
        group.create_task(play.kill_now_and_then(2))
        for of_kind, body in _crowd(kind):
            group.create_task(write(of_kind, body))
    assert len(play.field.intent.objects) >= COUNT
    await play.settle()
    async with asyncio.TaskGroup() as group:
        group.create_task(play.kill_now_and_then(2))
        await play.tenant.end_namespace("b")
    await play.settle()


def _crowd(kind: str) -> Iterator[tuple[str, Object]]:
    for number in range(COUNT):
        yield kind, {"metadata": {"name": f"a-{number}"}, **_body(kind)}
    if kind == "ConfigMap":
        for first in range(0, COUNT, TOGETHER):
            names = [f"a-{number}" for number in range(first, first + TOGETHER)]
            sources = [{"configMap": {"name": name, "items": [{"key": "A", "path": name}]}} for name in names]
            pod = _body("Pod")
            pod["spec"]["volumes"] = [{"name": "all", "projected": {"sources": sources}}]
            yield "Pod", {"metadata": {"name": f"reads-{first}"}, **pod}


def _body(kind: str) -> Object:
    if kind == "Pod":
        return {"spec": {"containers": [{"name": "main", "image": "busybox"}]}}
    if kind == "Service":
        return {"spec": {"ports": [{"port": 80}], "selector": {"app": "web"}}}
    return {"data": {"A": "1"}}
