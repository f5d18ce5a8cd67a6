"""The one place that writes to the terminal: data on stdout, all that is said to people on stderr.

Chatter comes in one of three shapes: live lines (stderr is a terminal), plain lines (it is not), or one JSON
object a line (``--log-format json``). rich is imported only for the first.
"""

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TextIO

from vcli.errors import VcliError

if TYPE_CHECKING:
    from vcli.console.live import LiveProgress
    from vcli.console.progress import Progress
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


def table(columns: "Sequence[Column]", rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows under headings, as kubectl lays them out; no rows, no headings."""
    if not rows or not columns:
        return ""
    lines = [
        [column.title for column in columns],
        *([column.cell(row) for column in columns] for row in rows),
    ]
    widths = [max(len(line[i]) for line in lines) for i in range(len(columns))]
    return "\n".join(
        "   ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
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
        interactive: bool = True,
        stdout: TextIO | None = None,
        stderr: TextIO | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.output = output
        self.log_format = log_format
        self.quiet = quiet
        self.verbose = verbose
        self.interactive = interactive
        self.stdout = sys.stdout if stdout is None else stdout
        self.stderr = sys.stderr if stderr is None else stderr
        self._color = colors(self.stderr, os.environ if environ is None else environ)
        self._dumb = (os.environ if environ is None else environ).get("TERM") == "dumb"
        self._progress: Progress | None = None
        self._live: LiveProgress | None = None
        self._open: list[str] = []

    # --- data, on stdout

    def show(self, result: "Result") -> None:
        """Print a result: its data on stdout in the asked format, its messages on stderr."""
        text = self.render(result)
        if text:
            self.stdout.write(text if text.endswith("\n") else text + "\n")
            self.stdout.flush()
        for message in result.messages:
            self.info(message)

    def line(self, text: str) -> None:
        """A line of data that comes bit by bit, such as a log's."""
        self.stdout.write(text + "\n")
        self.stdout.flush()

    def render(self, result: "Result") -> str:
        """The text that `show` writes to stdout."""
        if result.data is None:
            return result.text or ""
        match self.output:
            case Output.JSON:
                return json.dumps(result.data, indent=2, ensure_ascii=False)
            case Output.YAML:
                import yaml  # noqa: PLC0415  start-up: only when asked for

                from vcli.kubeconfig.yaml import Dumper  # noqa: PLC0415

                dumped: str = yaml.dump(result.data, Dumper=Dumper, sort_keys=False, allow_unicode=True)
                return dumped
            case Output.NAME:
                rows = result.data if isinstance(result.data, list) else [result.data]
                return "\n".join(row["name"] if isinstance(row, dict) else str(row) for row in rows)
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
        self._say("warning", text, f"{self.paint('yellow', 'warning:')} {text}")

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
        if self.output is Output.JSON or self.log_format is LogFormat.JSON:
            self._line(json.dumps({"error": body}, ensure_ascii=False))
            return
        self._line(f"{self.paint('red', 'error:')} {error.message}")
        if error.hint:
            self._line(f"{self.paint('cyan', 'hint:')} {error.hint}")

    def confirm(self, question: str) -> bool:
        """Ask a yes-or-no question on the terminal; no terminal or ``--no-input`` means no."""
        if not self.interactive or not (sys.stdin.isatty() and self.stderr.isatty()):
            return False
        self.stderr.write(f"{question} [y/N] ")
        self.stderr.flush()
        return sys.stdin.readline().strip().lower() in {"y", "yes"}

    def start_logging(self) -> None:
        """Send the program's own log to stderr: ``-v`` info, ``-vv`` debug, ``-vvv`` libraries too."""
        import logging  # noqa: PLC0415  start-up

        say, known = self._say, {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"}

        class Handler(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                text, level = self.format(record), record.levelname.lower()
                extra = {key: value for key, value in vars(record).items() if key not in known}
                pairs = "".join(f" {key}={value}" for key, value in extra.items())
                say(level, text, f"{level}: {record.name}: {text}{pairs}", logger=record.name, **extra)

        logger = logging.getLogger() if self.verbose > 2 else logging.getLogger("vcli")  # noqa: PLR2004
        logger.setLevel(logging.INFO if self.verbose == 1 else logging.DEBUG)
        logger.handlers = [Handler()]
        logger.propagate = False

    def paint(self, style: str, text: str) -> str:
        """Color a piece of text for stderr, if stderr takes colors."""
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if self._color else text

    def _choose_progress(self) -> "Progress":
        from vcli.console.progress import JsonProgress, NoSteps, PlainProgress  # noqa: PLC0415  start-up

        terminal = self.stderr.isatty()
        if self.log_format is LogFormat.JSON:
            return JsonProgress(self._line)
        if self.quiet or (self.output is Output.JSON and not terminal and not self.verbose):
            return NoSteps()  # a program listens: nothing but warnings and the error
        if terminal and not self._dumb and not self.verbose:
            from vcli.console.live import LiveProgress  # noqa: PLC0415  rich costs 0.1 s

            self._live = LiveProgress(self.stderr, color=self._color)
            return self._live
        utf8 = (self.stderr.encoding or "").lower().replace("-", "") == "utf8"
        return PlainProgress(self._line, self.paint, unicode=utf8)

    def _say(self, level: str, text: str, plain: str, **extra: object) -> None:
        if self.log_format is LogFormat.JSON or (self.output is Output.JSON and level == "warning"):
            plain = json.dumps({"level": level, "message": text, **extra}, ensure_ascii=False, default=str)
        self._line(plain)

    def _line(self, text: str) -> None:
        # A terminal of another encoding must not turn an error message into a traceback.
        if self._live is not None:
            self._live.line(text)
            return
        encoding = self.stderr.encoding or "utf-8"
        self.stderr.write(text.encode(encoding, "replace").decode(encoding) + "\n")
        self.stderr.flush()
