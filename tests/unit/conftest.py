"""A loop whose clock jumps: sleeping takes no time, and `loop.time()` agrees with what was slept."""

import asyncio
import selectors
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest

Result = TypeVar("Result")


class _JumpingSelector(selectors.DefaultSelector):
    """Instead of waiting for a timer, moves the clock to it."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        ready = super().select(0)
        if not ready and timeout is None:
            message = "everything waits and no timer is set: this would hang"
            raise RuntimeError(message)
        if not ready and timeout is not None:
            self.now += timeout
        return ready


class FakeTimeLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now


@pytest.fixture
def in_fake_time() -> Callable[[Callable[[], Awaitable[Any]]], Any]:
    """Run an async function to its end on a clock that jumps."""

    def run(function: Callable[[], Awaitable[Any]]) -> Any:
        with asyncio.Runner(loop_factory=FakeTimeLoop) as runner:
            return runner.run(function())  # type: ignore[arg-type]

    return run
