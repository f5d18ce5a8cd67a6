"""An event loop in a thread of its own, for a library whose users may or may not have a loop themselves."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

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
    def runs(self) -> bool:
        """Whether coroutines can be run."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def _started(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            raise RuntimeError(f"{self._name} is not started")
        return self._loop

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine and wait for it. Ctrl-C cancels it, and waits until it has cleaned up."""
        ended = _Latch()
        call = _Call(self._started, work, ended.set)
        try:
            call.begin()
            ended.wait()
        except BaseException:
            call.cancel()
            ended.wait()
            raise
        return call.result()

    async def acall(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine and await it. A cancellation is passed on, and waits until it has cleaned up."""
        ended = Signal()
        call = _Call(self._started, work, ended.set)
        call.begin()
        try:
            await ended.wait()
        except asyncio.CancelledError:
            call.cancel()
            await ended.wait()
            raise
        return call.result()

    def close(self) -> None:
        """End the loop and the thread; whatever runs in it is cancelled first."""
        if self._loop is not None and self._thread is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()


class _Latch:
    """An event of threads whose waiting Ctrl-C may interrupt: `threading.Event` then fails now and then."""

    def __init__(self) -> None:
        self._set = False
        self._lock = threading.Lock()
        self._lock.acquire()

    def set(self) -> None:
        """Let the waiting go on."""
        self._set = True
        self._lock.release()

    def wait(self) -> None:
        """Wait for `set`, which is called once."""
        while not self._set:
            self._lock.acquire()


class Signal:
    """An event that any thread sets, and the loop that made it waits for."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._event = asyncio.Event()

    def set(self) -> None:
        """Let the waiting go on."""
        with contextlib.suppress(RuntimeError):  # the loop was closed: nobody waits
            self._loop.call_soon_threadsafe(self._event.set)

    async def wait(self) -> None:
        """Wait for `set`."""
        await self._event.wait()


async def in_thread(function: Callable[[], T], *, cancel: Callable[[], None]) -> T:
    """Run what blocks in a thread of its own: it takes none of those that the loop's users share.

    Args:
        function: what to run.
        cancel: ends it early; called, in the loop, when this is cancelled, which then waits for the end.
    """
    ended = Signal()
    outcome: list[T | BaseException] = []
    failed = False

    def work() -> None:
        nonlocal failed
        try:
            outcome.append(function())
        except BaseException as error:  # noqa: BLE001  it is raised by who waits
            failed = True
            outcome.append(error)
        finally:
            ended.set()

    threading.Thread(target=work, name="vcli-blocking", daemon=True).start()
    try:
        await ended.wait()
    except asyncio.CancelledError:
        cancel()
        await ended.wait()
        raise
    [value] = outcome
    if failed and isinstance(value, BaseException):
        raise value
    return value  # type: ignore[return-value]  # an error was raised above


class _Call(Generic[T]):
    """A coroutine that another thread's loop runs.

    Unlike `asyncio.run_coroutine_threadsafe` it tells when the coroutine has ended, even a cancelled one.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, T], ended: Callable[[], None]
    ) -> None:
        self._ended = ended
        self._loop = loop
        self._work = work
        self._task: asyncio.Task[T] | None = None

    def begin(self) -> None:
        self._loop.call_soon_threadsafe(self._begin)

    def _begin(self) -> None:
        if self._task is None:
            self._task = self._loop.create_task(self._work)
            self._task.add_done_callback(lambda _: self._ended())

    def cancel(self) -> None:
        """Cancel it, or make sure that it never begins."""
        self._loop.call_soon_threadsafe(self._cancel)

    def _cancel(self) -> None:
        self._begin()
        if self._task is not None:
            self._task.cancel()

    def result(self) -> T:
        if self._task is None:
            raise RuntimeError("it has not begun")
        return self._task.result()
