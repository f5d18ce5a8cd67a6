"""``--timeout``: the time of the whole command.

Requests, programs and waits end at the deadline by themselves (`vcli.invocation.within`), with an error that
names what they waited for. This is for all that does not: a moment later the command is cancelled, as Ctrl-C
would; and once more if cleaning up takes too long.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from vcli import invocation
from vcli.errors import TimedOutError
from vcli.invocation import CLEANUP, Invocation

T = TypeVar("T")

GRACE = 2.0
"""Seconds in which what knows better may say what it waited for."""


async def limited(
    operation: Coroutine[Any, Any, T], command: Invocation, *, doing: Callable[[], str | None] = lambda: None
) -> T:
    """Run an operation for as long as the command may take; it may lift the deadline on its way.

    Args:
        operation: of the command.
        command: has the deadline.
        doing: what it is at, for the message.

    Raises:
        TimedOutError: it took longer.
    """
    if command.seconds is None:
        return await operation
    task = asyncio.current_task()
    assert task is not None  # noqa: S101  a coroutine that runs
    loop, seconds, before = asyncio.get_running_loop(), command.seconds, task.cancelling()
    struck: list[str | None] = []

    handles: list[asyncio.TimerHandle] = []

    def strike() -> None:
        if command.seconds is not None:  # else the deadline was lifted
            struck.append(doing())
            task.cancel()
            handles.append(loop.call_later(CLEANUP, strike))

    handles.append(loop.call_later(command.started + seconds + GRACE - time.monotonic(), strike))
    try:
        return await operation
    except asyncio.CancelledError:
        if not struck or task.cancelling() - len(struck) > before:
            raise  # a signal
        raise _error(seconds, struck) from None
    finally:
        handles[-1].cancel()
        for _ in struck:
            task.uncancel()


def _error(seconds: float, struck: list[str | None]) -> TimedOutError:
    at = f", at the step: {struck[0]}" if struck[0] else ""
    hint = "allow more time with --timeout"
    if len(struck) > 1:
        left = f"cleaning up took more than {CLEANUP:g} seconds and was stopped, so something may be left"
        hint = f"{left}: {invocation.vcli('list')}"
    return TimedOutError(f"not done within {seconds:g} seconds{at}", hint=hint)
