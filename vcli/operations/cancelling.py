"""Being cancelled in the middle of what has to come to its end, or after it."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


async def to_its_end(function: Callable[..., T], *args: Any, **options: Any) -> T:
    """Run it in a thread, and wait even if cancelled meanwhile: threads can't be stopped.

    Who would leave one behind could not know what it has done. See `raise_if_cancelled`.
    """
    task = asyncio.ensure_future(asyncio.to_thread(function, *args, **options))
    while not task.done():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.shield(task)
    return task.result()


def raise_if_cancelled() -> None:
    """Act on a cancellation that came while something had to come to its end.

    Raises:
        CancelledError: there was one.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
