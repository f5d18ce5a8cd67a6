"""What is undone when a create fails."""

import asyncio

import pytest

from vcli.controlplane.names import Names
from vcli.kube.errors import Unreachable
from vcli.operations.steps import NoSteps
from vcli.operations.undo import Undo


class Steps(NoSteps):
    def __init__(self):
        self.warnings = []

    def warn(self, text):
        self.warnings.append(text)


@pytest.fixture
def steps():
    return Steps()


async def run(steps, error=None, *, keeps=False, fails=False):
    done = []

    def action(name):
        async def act():
            await asyncio.sleep(0)
            if fails and name == "service":
                raise Unreachable("no answer")
            done.append(name)

        return act

    async with Undo(Names("demo", "team"), steps, keeps=keeps) as undo:
        undo.add(action("namespace"))
        undo.add(action("service"))
        if error is not None:
            with pytest.raises(type(error)):
                async with undo:
                    raise error
    return done


async def test_nothing_is_undone_when_all_is_well(steps):
    assert await run(steps) == []
    assert steps.warnings == []


async def test_the_last_comes_first(steps):
    assert await run(steps, ValueError()) == ["service", "namespace"]


async def test_what_can_not_be_undone_is_said_and_the_rest_goes_on(steps):
    assert await run(steps, ValueError(), fails=True) == ["namespace"]
    [warning] = steps.warnings
    assert warning.startswith("not everything could be removed: no answer; virtual cluster 'demo'")
    assert "vcli delete demo -n team" in warning


async def test_what_is_to_be_kept_is_named(steps):
    assert await run(steps, ValueError(), keeps=True) == []
    assert "what was made is left: virtual cluster 'demo' in namespace 'team'" in steps.warnings[0]


async def test_a_cancellation_waits_for_it_and_a_second_one_does_not(steps):
    begun, goes_on = asyncio.Event(), asyncio.Event()
    done = []

    async def act():
        begun.set()
        await goes_on.wait()
        done.append("undone")

    async def create():
        async with Undo(Names("demo", "team"), steps, keeps=False) as undo:
            undo.add(act)
            await asyncio.sleep(60)

    for cancellations in (1, 2):
        begun.clear()
        goes_on.clear()
        task = asyncio.create_task(create())
        await asyncio.sleep(0)
        task.cancel()
        await begun.wait()
        for _ in range(cancellations):
            task.cancel()
            await asyncio.sleep(0.01)
        goes_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert done == ["undone"]
    assert "not everything was removed" in steps.warnings[-1]
