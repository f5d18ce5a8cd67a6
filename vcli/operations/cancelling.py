"""Being cancelled in the middle of what has to come to its end, or after it."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from vcli.errors import InterruptError
from vcli.kubeconfig.lock import interrupted

T = TypeVar("T")


async def to_its_end(function: Callable[..., T], *args: Any, **options: Any) -> T:
    """Run it in a thread, and wait even if cancelled meanwhile: threads can't be stopped.

    Who would leave one behind could not know what it has done. See `raise_if_cancelled`. Only while it waits
    for the lock of a kubeconfig, and so has not begun, is a cancellation acted on at once.

    Raises:
        CancelledError: it was cancelled before it had begun.
    """
    ended = threading.Event()
    token = interrupted.set(ended)
    try:
        task = asyncio.ensure_future(asyncio.to_thread(function, *args, **options))
    finally:
        interrupted.reset(token)
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            ended.set()
        except InterruptError:
            break
    try:
        return task.result()
    except InterruptError:
        raise_if_cancelled()
        raise


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


async def finished(
    work: Coroutine[Any, Any, None], *, first_asked: Callable[[], None] = lambda: None
) -> None:
    """Finish what cleans up after an error; that one goes on its way then, not a cancellation meanwhile.

    Args:
        work: cleans up.
        first_asked: called at the first cancellation, which the work does not end by.

    Raises:
        CancelledError: a second cancellation ended the work.
    """
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        if not task.done():
            first_asked()
        await task


def raise_if_cancelled() -> None:
    """Act on a cancellation that came while something had to come to its end.

    Raises:
        CancelledError: there was one.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
