"""Being cancelled in the middle of what has to come to its end, or after it."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
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


async def answered(request: Coroutine[Any, Any, T]) -> T:
    """Wait for the answer to a request that changes something before being cancelled.

    A server may carry out what was sent after the sender has gone: what undoes it would look for it too
    early. A second cancellation does not wait.

    Raises:
        CancelledError: there was a cancellation, whatever the answer was.
    """
    task = asyncio.ensure_future(request)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        # An error of the request is heard, and is not what ends this. A second cancellation ends the request.
        await asyncio.gather(task, return_exceptions=True)
        raise


async def finished(work: Coroutine[Any, Any, None]) -> None:
    """Finish what cleans up after an error; that one goes on its way then, not a cancellation meanwhile.

    A second cancellation ends the work.
    """
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task


def raise_if_cancelled() -> None:
    """Act on a cancellation that came while something had to come to its end.

    Raises:
        CancelledError: there was one.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
