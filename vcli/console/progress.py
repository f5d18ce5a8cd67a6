"""Steps as plain lines or as JSON lines: for logs, pipes and CI. `vcli.console.live` is for terminals."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol, TypeAlias

from vcli.operations.steps import NoSteps, Step

__all__ = ["JsonProgress", "NoSteps", "Piece", "PlainProgress", "Progress", "elapsed"]

Piece: TypeAlias = str | tuple[str, str]
"""A part of a line: plain text, or a style and a text. Colors are added after the text was escaped."""


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

    def __init__(self, line: Callable[..., None]) -> None:
        self._line = line
        self._last = ""

    def detail(self, text: str) -> None:
        if text and text != self._last:
            self._last = text
            self._line(f"   {text}")


class PlainProgress:
    """A line when a step begins, one for each new detail, one with the time when it ends.

    Args:
        line: writes a line, given as pieces.
        unicode: whether the stream can show the marks; ASCII ones otherwise.
    """

    def __init__(self, line: Callable[..., None], *, unicode: bool) -> None:
        self._line = line
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
            self._line(" ", ("red", self._failed), f" {title} ({took})")
            raise
        took = elapsed(time.monotonic() - started)
        self._line(" ", ("green", self._done), f" {title} ", ("dim", f"({took})"))


class _JsonStep:
    def __init__(self, emit: Callable[[Mapping[str, object]], None], title: str) -> None:
        self._emit = emit
        self._title = title
        self._last = ""

    def detail(self, text: str) -> None:
        if text and text != self._last:
            self._last = text
            self._emit({"level": "info", "step": self._title, "state": "detail", "detail": text})


class JsonProgress:
    """One JSON object a line: ``{"level", "step", "state": "begin|detail|done|failed", "seconds"}``."""

    def __init__(self, emit: Callable[[Mapping[str, object]], None]) -> None:
        self._emit = emit

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
