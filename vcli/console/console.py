"""The one place that writes to the terminal: data on stdout, all that is said to people on stderr.

Chatter comes in one of three shapes: live lines (stderr is a terminal), plain lines (it is not), or one JSON
object a line (``-o json``, ``--log-format json``). rich is imported only for the first.

All that is printed passes `vcli.escape`: control characters of other people's making never reach a terminal.
"""

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TextIO, cast

from vcli.console.streams import Tolerant, is_unicode
from vcli.errors import VcliError
from vcli.escape import in_json, one_line, visible

if TYPE_CHECKING:
    from vcli.console.live import LiveProgress
    from vcli.console.progress import Piece, Progress
    from vcli.operations.steps import Step
    from vcli.result import Column, Result


class Output(StrEnum):
    """What stdout carries."""

    TABLE = "table"
    WIDE = "wide"
    JSON = "json"
    YAML = "yaml"
    NAME = "name"


class LogFormat(StrEnum):
    """What stderr carries."""

    TEXT = "text"
    JSON = "json"


_STYLES = {"red": "31", "green": "32", "yellow": "33", "cyan": "36", "dim": "2", "bold": "1"}


def colors(stream: TextIO, environ: Mapping[str, str] | None = None) -> bool:
    """Whether to color what is written to a stream (no-color.org, force-color.org, TERM=dumb)."""
    env = os.environ if environ is None else environ
    if env.get("NO_COLOR"):
        return False
    if env.get("FORCE_COLOR"):
        return True
    return env.get("TERM") != "dumb" and stream.isatty()


async def _readable(stream: TextIO) -> None:
    """Wait until there is a line to read; reading itself would not end by a signal."""
    import asyncio  # noqa: PLC0415  start-up

    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(stream, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(stream)


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and not stream.closed and stream.isatty()


def table(columns: "Sequence[Column]", rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows under headings, as kubectl lays them out; no rows, no headings. A cell is one line."""
    if not rows or not columns:
        return ""
    lines = [
        [column.title for column in columns],
        *([one_line(column.cell(row)) for column in columns] for row in rows),
    ]
    widths = [max(_width(line[i]) for line in lines) for i in range(len(columns))]
    return "\n".join(
        "   ".join(
            cell + " " * (width - _width(cell)) for cell, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in lines
    )


def fields(pairs: Sequence[tuple[str, object]]) -> str:
    """Names and values, one pair a line, as kubectl describe lays them out; ``-`` for an empty value."""
    width = max(len(name) for name, _ in pairs) + 2
    return "\n".join(f"{name + ':':<{width}}{one_line(str(value or '-'))}" for name, value in pairs)


def _width(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    from unicodedata import category, east_asian_width  # noqa: PLC0415  rarely needed

    return sum(
        0 if category(char) in {"Mn", "Me", "Cf"} else 2 if east_asian_width(char) in "WF" else 1
        for char in text
    )


class Console:
    """Renders results, errors and progress.

    It is the `vcli.operations.steps.Steps` that commands pass to operations.
    """

    def __init__(
        self,
        *,
        output: Output = Output.TABLE,
        log_format: LogFormat = LogFormat.TEXT,
        quiet: bool = False,
        verbose: int = 0,
        stdout: TextIO | None = None,
        stderr: TextIO | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.output = output
        self.log_format = log_format
        self.quiet = quiet
        self.verbose = verbose
        self.stdout = sys.stdout if stdout is None else stdout
        self.stderr = cast("TextIO", Tolerant(sys.stderr if stderr is None else stderr))
        self._color = colors(self.stderr, os.environ if environ is None else environ)
        self._dumb = (os.environ if environ is None else environ).get("TERM") == "dumb"
        self._progress: Progress | None = None
        self._live: LiveProgress | None = None
        self._open: list[str] = []

    # --- data, on stdout

    def show(self, result: "Result") -> None:
        """Print a result: its data on stdout in the asked format, its messages on stderr.

        Raises:
            OutputError: stdout can't be written.
        """
        text = self.render(result)
        if text:
            self.stdout.write(visible(text if text.endswith("\n") else text + "\n"))
            self.stdout.flush()
        for message in result.messages:
            self.info(message)

    def line(self, text: str) -> None:
        """A line of data that comes bit by bit, such as a log's.

        Raises:
            OutputError: stdout can't be written.
        """
        self.stdout.write(visible(text.replace("\n", "\\n")) + "\n")
        self.stdout.flush()

    def render(self, result: "Result") -> str:
        """The text that `show` writes to stdout."""
        if result.data is None:
            return result.text or ""
        match self.output:
            case Output.JSON:
                return _json(result.data, self.stdout, indent=2)
            case Output.YAML:
                from vcli import yaml  # noqa: PLC0415  start-up: only when asked for

                unicode = is_unicode(self.stdout)
                return result.yaml or yaml.dump(result.data, sort_keys=False, unicode=unicode)
            case Output.NAME:
                return "\n".join(map(one_line, result.all_names()))
            case _:
                if result.text is not None:
                    return result.text
                rows = result.data if isinstance(result.data, list) else [result.data]
                wide = self.output is Output.WIDE
                return table([column for column in result.columns if wide or not column.wide], rows)

    # --- talk, on stderr

    def info(self, text: str) -> None:
        """A line for people; ``-q`` drops it."""
        if not self.quiet:
            self._say("info", text, text)

    def warn(self, text: str) -> None:
        """A warning; said even with ``-q``."""
        self._say("warning", text, ("yellow", "warning:"), f" {text}")

    def debug(self, text: str) -> None:
        """What helps to find a bug, such as a traceback."""
        self._say("debug", text, text)

    @contextmanager
    def step(self, title: str) -> "Iterator[Step]":
        """Show a step of an operation with the time it took (see `vcli.operations.steps.Steps`)."""
        if self._progress is None:
            self._progress = self._choose_progress()
        with self._progress.step(title) as step:
            self._open.append(title)
            try:
                yield step
            finally:
                self._open.remove(title)

    @property
    def doing(self) -> str | None:
        """The step that was begun last and is not done."""
        return self._open[-1] if self._open else None

    def fail(self, error: VcliError) -> None:
        """Say what went wrong, why, and what to try next.

        With ``-o json`` it is ``{"error": {"code", "message", "hint"}}`` on one line, the last one of stderr;
        stdout stays what it always is: data, or empty.
        """
        body = {"code": error.code, "message": error.message, "hint": error.hint}
        if self._speaks_json:
            self._line(_json({"error": body}, self.stderr))
            return
        self._line(("red", "error:"), f" {error.message}")
        if error.hint:
            self._line(("cyan", "hint:"), f" {error.hint}")

    async def confirm(self, question: str) -> bool:
        """Ask a yes-or-no question on the terminal; where there is none, the answer is no.

        A cancellation (Ctrl-C) ends the wait for the answer.
        """
        if not (_is_terminal(sys.stdin) and _is_terminal(self.stderr)):
            return False
        self.stderr.write(f"{visible(question)} [y/N] ")
        self.stderr.flush()
        await _readable(sys.stdin)
        return sys.stdin.readline().strip().lower() in {"y", "yes"}

    def start_logging(self) -> None:
        """Send the program's own log to stderr: ``-v`` info, ``-vv`` debug, ``-vvv`` libraries too.

        Without ``-v`` that is what libraries warn of, which would get there anyway, past this console.
        """
        from vcli.console import records  # noqa: PLC0415  start-up

        if self.verbose:
            records.start(self._say_record, verbose=self.verbose)
        else:
            records.catch_warnings(self._say_record)

    @property
    def _speaks_json(self) -> bool:
        return self.output is Output.JSON or self.log_format is LogFormat.JSON

    def _choose_progress(self) -> "Progress":
        from vcli.console.progress import JsonProgress, NoSteps, PlainProgress  # noqa: PLC0415  start-up

        if self.quiet:
            return NoSteps()
        if self._speaks_json:
            asked = self.log_format is LogFormat.JSON or self.verbose
            return JsonProgress(self._say_step) if asked else NoSteps()
        if self.stderr.isatty() and not self._dumb and not self.verbose:
            from vcli.console.live import LiveProgress  # noqa: PLC0415  rich costs 0.1 s

            self._live = LiveProgress(self.stderr, color=self._color)
            return self._live
        return PlainProgress(self._line, unicode=is_unicode(self.stderr))

    def _say(self, level: str, text: str, *plain: "Piece", **extra: object) -> None:
        if self._speaks_json:
            self._line(_json({"level": level, "message": text, **extra}, self.stderr))
        else:
            self._line(*plain)

    def _say_record(self, level: str, text: str, extra: Mapping[str, Any]) -> None:
        logger, *pairs = [f"{key}={value}" for key, value in extra.items()]
        name = f"{logger.removeprefix('logger=')}: " if self.verbose else ""
        self._say(level, text, f"{level}: {name}{text}", *(f" {pair}" for pair in pairs), **extra)

    def _say_step(self, body: Mapping[str, object]) -> None:
        self._line(_json(body, self.stderr))

    def _line(self, *pieces: "Piece") -> None:
        """Write a line. Its further lines, if any, are indented: none of them looks like one of ours."""
        clean = [
            (style, visible(text).replace("\n", "\n  "))
            for style, text in (("", piece) if isinstance(piece, str) else piece for piece in pieces)
        ]
        if self._live is not None:
            self._live.line(clean)
            return
        self.stderr.write("".join(self._paint(style, text) for style, text in clean) + "\n")
        self.stderr.flush()

    def _paint(self, style: str, text: str) -> str:
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if style and self._color else text


def _json(body: Any, stream: TextIO, *, indent: int | None = None) -> str:
    unicode = is_unicode(stream)
    return in_json(json.dumps(body, indent=indent, ensure_ascii=not unicode, default=str))
