"""What a tenant changes again and again reaches the host in its last state, and not each time."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest

from scripted_api import NAMESPACE, ScriptedApi, ok, thing
from vcli.kube.resources import CONFIGMAPS
from vcli.syncer.engine.budget import ALL, ALL_BURST, BURST, EACH, Budget, WriteLaterError
from vcli.syncer.engine.caches import Caches
from vcli.syncer.engine.controller import Controller
from vcli.syncer.engine.writer import Writer

Object = dict[str, Any]
InFakeTime = Callable[[Callable[[], Awaitable[Any]]], Any]

MAPS = CONFIGMAPS.path(namespace=NAMESPACE)
NAME = "one"
SECONDS = 60


class Flapping:
    """An object that a tenant changes ten times a second, and the controller that writes it.

    Args:
        write: by the writer, what is desired.
    """

    def __init__(self, write: Callable[[Writer, Object], Awaitable[Any]]) -> None:
        self.api = ScriptedApi()
        self.wanted = 0
        for method in ("PATCH", "PUT", "DELETE"):
            self.api.on(method, f"{MAPS}/{NAME}", ok(thing(NAME)))
        self.api.on("POST", MAPS, ok(thing(NAME)))
        self.caches = Caches(self.api.client(), name="host", budget=Budget())
        self._write = write

    async def run(self) -> int:
        """How often the host was sent it in a minute; at the end it has the last state."""

        async def reconcile(name: str) -> None:
            desired = {"metadata": {"name": name, "namespace": NAMESPACE}, "data": {"n": str(self.wanted)}}
            await self._write(self.caches.writer, desired)

        controller: Controller[str] = Controller("test", reconcile, workers=4)
        running = asyncio.create_task(controller.run())
        for _ in range(SECONDS * 10):
            self.wanted += 1
            controller.queue.add(NAME)
            await asyncio.sleep(0.1)
        sent = sum(each.method != "DELETE" for each in self.api.requests)
        await asyncio.sleep(5)
        running.cancel()
        assert self.api.requests[-1].body["data"] == {"n": str(self.wanted)}
        assert controller.errors == 0
        return sent


async def _apply(writer: Writer, desired: Object) -> None:
    await writer.apply(CONFIGMAPS, desired, current=thing(NAME))


async def _replace(writer: Writer, desired: Object) -> None:
    await writer.create_or_replace(CONFIGMAPS, desired, current=thing(NAME))


async def _patch(writer: Writer, desired: Object) -> None:
    await writer.patch(CONFIGMAPS, thing(NAME), {"data": desired["data"]})


async def _create(writer: Writer, desired: Object) -> None:
    await writer.delete(CONFIGMAPS, thing(NAME))
    await writer.create(CONFIGMAPS, desired)


@pytest.mark.parametrize("write", [_apply, _replace, _patch, _create])
def test_one_object_is_written_a_few_times_and_then_every_other_second(
    in_fake_time: InFakeTime, write: Callable[[Writer, Object], Awaitable[Any]]
) -> None:
    count: int = in_fake_time(Flapping(write).run)
    assert BURST < count <= BURST + SECONDS * EACH + 1


def test_many_objects_share_a_rate(in_fake_time: InFakeTime) -> None:
    many = 500

    async def simulate() -> int:
        budget, admitted = Budget(), 0
        for _ in range(SECONDS * 2):
            for number in range(many):
                with suppress(WriteLaterError):
                    budget.admit(CONFIGMAPS, thing(f"m{number}"))
                    admitted += 1
            await asyncio.sleep(0.5)
        return admitted

    at_first = many * BURST
    assert in_fake_time(simulate) <= at_first + ALL_BURST + SECONDS * ALL


async def test_many_objects_that_are_written_once_do_not_wait() -> None:
    budget = Budget()
    for number in range(5000):
        budget.admit(CONFIGMAPS, thing(f"m{number}"))
    assert not budget.delayed


async def test_how_often_it_waited_is_in_the_metrics() -> None:
    caches = Caches(ScriptedApi().client(), name="host", budget=(budget := Budget()))
    for _ in range(BURST):
        budget.admit(CONFIGMAPS, thing("m"))
    with pytest.raises(WriteLaterError):
        budget.admit(CONFIGMAPS, thing("m"))
    assert [each[:3] for each in caches.samples()] == [
        ("vcli_syncer_writes_delayed_total", '{resource="configmaps"}', 1)
    ]
