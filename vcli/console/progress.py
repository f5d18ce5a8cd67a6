"""Steps as plain lines or as JSON lines: for logs, pipes and CI. `vcli.console.live` is for terminals."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from vcli.operations.steps import NoSteps, Step

__all__ = ["JsonProgress", "NoSteps", "PlainProgress", "Progress", "elapsed"]


class Progress(Protocol):
    """Something that shows steps."""

    def step(self, title: str) -> AbstractContextManager[Step]:
        """Begin a step; it ends with the block."""


def elapsed(seconds: float) -> str:
    """A duration as people read it: ``0.4s``, ``12.3s``, ``3m05s``."""
    if seconds < 60:  # noqa: PLR2004
        return f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m{rest:02}s"


class _PlainStep:
    """Prints each new detail once."""

    def __init__(self, line: Callable[[str], None]) -> None:
        self._line = line
        self._last = ""

    def detail(self, text: str) -> None:
        if text and text != self._last:
            self._last = text
            self._line(f"   {text}")


class PlainProgress:
    """A line when a step begins, one for each new detail, one with the time when it ends.

    Args:
        line: writes a line.
        paint: colors a piece of text.
        unicode: whether the stream can show the marks; ASCII ones otherwise.
    """

    def __init__(
        self, line: Callable[[str], None], paint: Callable[[str, str], str], *, unicode: bool
    ) -> None:
        self._line = line
        self._paint = paint
        self._begin, self._done, self._failed = ("•", "✓", "✗") if unicode else ("-", "+", "x")

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Print the step's begin and end."""
        self._line(f" {self._begin} {title} …" if self._begin == "•" else f" {self._begin} {title} ...")
        started = time.monotonic()
        try:
            yield _PlainStep(self._line)
        except BaseException:
            took = elapsed(time.monotonic() - started)
            self._line(f" {self._paint('red', self._failed)} {title} ({took})")
            raise
        took = elapsed(time.monotonic() - started)
        self._line(f" {self._paint('green', self._done)} {title} {self._paint('dim', f'({took})')}")


class _JsonStep:
    def __init__(self, emit: Callable[[dict[str, object]], None], title: str) -> None:
        self._emit = emit
        self._title = title
        self._last = ""

    def detail(self, text: str) -> None:
        if text and text != self._last:
            self._last = text
            self._emit({"level": "info", "step": self._title, "state": "detail", "detail": text})


class JsonProgress:
    """One JSON object a line: ``{"level", "step", "state": "begin|detail|done|failed", "seconds"}``."""

    def __init__(self, line: Callable[[str], None]) -> None:
        self._line = line

    def _emit(self, body: dict[str, object]) -> None:
        self._line(json.dumps(body, ensure_ascii=False))

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Print the step's begin and end."""
        self._emit({"level": "info", "step": title, "state": "begin"})
        started = time.monotonic()
        try:
            yield _JsonStep(self._emit, title)
        except BaseException:
            seconds = round(time.monotonic() - started, 3)
            self._emit({"level": "error", "step": title, "state": "failed", "seconds": seconds})
            raise
        seconds = round(time.monotonic() - started, 3)
        self._emit({"level": "info", "step": title, "state": "done", "seconds": seconds})
