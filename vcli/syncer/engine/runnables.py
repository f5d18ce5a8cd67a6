"""What the syncer consists of while it runs."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Protocol


class Runnable(Protocol):
    """Something that runs until it is cancelled, or has nothing left to do."""

    name: str
    """For messages."""
    needs_leadership: bool
    """Whether it may only run in the one syncer that leads: all that writes."""

    async def run(self) -> None:
        """Run; what it raises ends the syncer."""


@dataclass(slots=True)
class Work:
    """A function as a `Runnable`."""

    name: str
    work: Callable[[], Awaitable[None]]
    needs_leadership: bool = True

    async def run(self) -> None:
        """Call it."""
        await self.work()


def after(ready: Callable[[], Awaitable[None]], runnable: Runnable) -> Runnable:
    """The same, begun when `ready` returns."""

    async def work() -> None:
        await ready()
        await runnable.run()

    return Work(runnable.name, work, runnable.needs_leadership)


async def run_all(runnables: Iterable[Runnable], *, elected: Callable[[], Awaitable[None]]) -> None:
    """Run all of them; those that need leadership once `elected` returns.

    Raises:
        ExceptionGroup: what the first that failed raised; the others are cancelled.
    """
    led = []
    async with asyncio.TaskGroup() as group:
        for each in runnables:
            if each.needs_leadership:
                led.append(each)
            else:
                group.create_task(each.run(), name=each.name)
        await elected()
        for each in led:
            group.create_task(each.run(), name=each.name)
