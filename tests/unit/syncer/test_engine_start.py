"""The start: who runs when, and what is known of the host."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from scripted_api import ScriptedApi, ok, refused
from vcli.kube.errors import Unreachable
from vcli.syncer.engine.gates import Gates
from vcli.syncer.engine.runnables import Work, after, run_all
from vcli.syncer.engine.version import ServerVersion, Version

InFakeTime = Callable[[Callable[[], Awaitable[Any]]], Any]

VERSION = ok({"major": "1", "minor": "36+", "gitVersion": "v1.36.3"})


@pytest.mark.parametrize(
    "failures",
    [
        [Unreachable("no route")] * 9,
        [refused(503, "ServiceUnavailable"), refused(500, "InternalError")],
    ],
)
def test_a_version_is_waited_for_while_the_host_is_away(
    in_fake_time: InFakeTime, failures: list[Any]
) -> None:
    async def simulate() -> tuple[Version | None, Version | None]:
        api = ScriptedApi()
        api.on("GET", "/version", *failures, VERSION)
        version = ServerVersion(api.client())
        before = version.known
        await asyncio.gather(version.run(), version.wait_tried())
        return before, version.known

    assert in_fake_time(simulate) == (None, (1, 36))


@pytest.mark.parametrize("answer", [refused(403, "Forbidden"), ok({}), ok({"major": "?", "minor": "?"})])
def test_a_version_that_is_not_told_holds_up_nothing_and_is_asked_for_again(
    in_fake_time: InFakeTime, answer: Any
) -> None:
    async def simulate() -> tuple[float, bool, bool]:
        api = ScriptedApi()
        api.on("GET", "/version", *[answer] * 12, VERSION)
        version = ServerVersion(api.client())
        task = asyncio.create_task(version.run())
        await version.wait_tried()
        tried, before = asyncio.get_running_loop().time(), version.at_least((1, 0))
        await task
        return tried, before, version.at_least((1, 36))

    assert in_fake_time(simulate) == (0.0, False, True)


def test_what_writes_waits_for_the_election(in_fake_time: InFakeTime) -> None:
    async def simulate() -> list[str]:
        began: list[str] = []
        gates = Gates({"caches"})

        def work(name: str, *, needs_leadership: bool) -> Work:
            async def run() -> None:
                began.append(f"{name} {asyncio.get_running_loop().time():.0f}")

            return Work(name, run, needs_leadership=needs_leadership)

        async def fill() -> None:
            await asyncio.sleep(9)
            gates.reached("caches")

        async def elected() -> None:
            await asyncio.sleep(5)

        controller = after(lambda: gates.wait("caches"), work("controller", needs_leadership=True))
        assert controller.name == "controller"
        await run_all(
            [
                controller,
                work("addons", needs_leadership=True),
                work("caches", needs_leadership=False),
                Work("fill", fill, needs_leadership=False),
            ],
            elected=elected,
        )
        return began

    assert in_fake_time(simulate) == ["caches 0", "addons 5", "controller 9"]


async def test_one_that_fails_ends_all() -> None:
    async def fails() -> None:
        raise ValueError

    async def at_once() -> None:
        pass

    with pytest.raises(ExceptionGroup):
        await run_all(
            [Work("ever", asyncio.Event().wait), Work("fails", fails)],  # type: ignore[arg-type]
            elected=at_once,
        )
