"""Running what has something to clean up so that whatever asks it to end lets it do so first."""

import asyncio
import signal
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final, TypeVar

from vcli.errors import InterruptError

T = TypeVar("T")

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


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
    from vcli.cli.loop import CommandLoop  # noqa: PLC0415  where no coroutine runs it is not needed

    with asyncio.Runner(loop_factory=CommandLoop) as runner:
        return runner.run(_guarded(coro))


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Let Ctrl-C, SIGTERM and SIGHUP end a block of ordinary code, so that its ``finally`` blocks run.

    Raises:
        SignalledError: a signal ended it.
    """

    def end(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001
        raise SignalledError(signum)

    before = _handlers()
    for signum in before:
        signal.signal(signum, end)
    try:
        yield
    finally:
        _restore(before)


async def _guarded(coro: Coroutine[Any, Any, T]) -> T:
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(coro)
    received: list[int] = []

    def on_signal(signum: int) -> None:
        received.append(signum)
        task.cancel()

    before = _handlers()
    for signum in before:
        loop.add_signal_handler(signum, on_signal, signum)
    try:
        return await task
    except asyncio.CancelledError:
        if received:
            raise SignalledError(received[0]) from None
        raise
    finally:
        for signum in before:
            loop.remove_signal_handler(signum)
        _restore(before)


def _handlers() -> dict[int, Any]:
    """What handles each signal now, but for those that nohup or a background shell has us ignore."""
    handlers = {signum: signal.getsignal(signum) for signum in _SIGNALS}
    return {signum: handler for signum, handler in handlers.items() if handler is not signal.SIG_IGN}


def _restore(handlers: dict[int, Any]) -> None:
    for signum, handler in handlers.items():
        signal.signal(signum, handler)
