"""Steps on a terminal: a spinner with the running time, a tick with the final time. The only user of rich."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console as RichConsole
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from vcli.console.progress import elapsed
from vcli.escape import one_line
from vcli.operations.steps import Step


class _LiveStep:
    """A step that is being drawn."""

    def __init__(self, title: str) -> None:
        self.title = one_line(title)
        self.text = ""
        self.started = time.monotonic()
        self.spinner = Spinner("dots", style="cyan")

    def detail(self, text: str) -> None:
        """Show it beside the title."""
        self.text = one_line(text)


class LiveProgress:
    """Draws the steps under way below the lines of those that ended. Steps may nest and overlap."""

    def __init__(self, stream: TextIO, *, color: bool) -> None:
        self._console = RichConsole(
            file=stream, force_terminal=True, no_color=not color, highlight=False, markup=False, emoji=False
        )
        self._running: list[_LiveStep] = []
        self._live: Live | None = None

    def line(self, pieces: Sequence[tuple[str, str]]) -> None:
        """Print a line above the steps under way: styles and texts, escaped already."""
        self._console.print(Text.assemble(*((text, style) for style, text in pieces)), soft_wrap=True)

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Draw the step until the block ends."""
        step = _LiveStep(title)
        self._running.append(step)
        if self._live is None:
            self._live = Live(
                get_renderable=self._draw,
                console=self._console,
                refresh_per_second=10,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start()
        try:
            yield step
        except BaseException:
            self._end(step, "✗", "red")
            raise
        self._end(step, "✓", "green")

    def _end(self, step: _LiveStep, mark: str, style: str) -> None:
        self._running.remove(step)
        if not self._running and self._live is not None:
            self._live.stop()
            self._live = None
        took = elapsed(time.monotonic() - step.started)
        self._console.print(Text.assemble((f" {mark} ", style), step.title, (f" {took}", "dim")))

    def _draw(self) -> Table:
        grid = Table.grid(padding=(0, 1))
        for step in list(self._running):
            took = elapsed(time.monotonic() - step.started)
            line = Text.assemble(
                step.title, (f" {took}", "dim"), (f"  {step.text}" if step.text else "", "dim")
            )
            line.no_wrap, line.overflow = True, "ellipsis"
            grid.add_row(Text(""), step.spinner, line)
        return grid
