"""Running an asynchronous operation so that whatever asks it to end lets it clean up first."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

from vcli.errors import InterruptError

T = TypeVar("T")


class SignalledError(InterruptError):
    """A signal ended the operation; the exit code is 128 + its number."""

    def __init__(self, signum: int) -> None:
        super().__init__(
            "interrupted" if signum == signal.SIGINT else f"ended by {signal.Signals(signum).name}"
        )
        vars(self)["exit_code"] = 128 + signum  # its own, where other errors go by their class


def run(coro: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine; Ctrl-C, SIGTERM and SIGHUP cancel it, so that its ``finally`` blocks run.

    A coroutine that catches the cancellation and returns has the last word. Another signal while it cleans up
    cancels once more.

    Raises:
        SignalledError: a signal ended it.
    """
    return asyncio.run(_guarded(coro))


async def _guarded(coro: Coroutine[Any, Any, T]) -> T:
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(coro)
    received: list[int] = []

    def on_signal(signum: int) -> None:
        received.append(signum)
        task.cancel()

    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for signum in signals:
        # nohup and background shells start us with a signal ignored: it stays so.
        if signal.getsignal(signum) is not signal.SIG_IGN:
            loop.add_signal_handler(signum, on_signal, signum)
    try:
        return await task
    except asyncio.CancelledError:
        if received:
            raise SignalledError(received[0]) from None
        raise
    finally:
        for signum in signals:
            loop.remove_signal_handler(signum)
