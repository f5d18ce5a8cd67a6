"""An event loop in a thread of its own, for a library whose users may or may not have a loop themselves."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Background:
    """Runs coroutines in a thread, from outside of it.

    Args:
        name: of the thread.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread.

        Raises:
            RuntimeError: it was started before.
        """
        if self._thread is not None:
            raise RuntimeError(f"{self._name} was started before")
        running = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(running,), name=self._name, daemon=True)
        self._thread.start()
        running.wait()

    def _run(self, running: threading.Event) -> None:
        with asyncio.Runner() as runner:  # cancels what is left, and waits for it, at the end
            self._loop = runner.get_loop()
            self._loop.call_soon(running.set)
            self._loop.run_forever()

    @property
    def _started(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            raise RuntimeError(f"{self._name} is not started")
        return self._loop

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine and wait for it. Ctrl-C cancels it, and waits until it has cleaned up."""
        finished = threading.Event()
        future = asyncio.run_coroutine_threadsafe(_announce(work, finished), self._started)
        try:
            return future.result()
        except BaseException:
            if future.cancel():
                finished.wait()
            raise

    async def acall(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine and await it. A cancellation is passed on, and waits until it has cleaned up."""
        finished = threading.Event()
        future = asyncio.run_coroutine_threadsafe(_announce(work, finished), self._started)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            await asyncio.to_thread(finished.wait)
            raise

    def close(self) -> None:
        """End the loop and the thread; whatever runs in it is cancelled first."""
        if self._loop is not None and self._thread is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()


async def _announce(work: Coroutine[Any, Any, T], finished: threading.Event) -> T:
    try:
        return await work
    finally:
        finished.set()
