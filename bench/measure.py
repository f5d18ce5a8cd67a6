"""Timing, and the row that a measurement becomes."""

import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any, Literal

Judged = Literal["ratio", "added", "own"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One measurement beside what it is compared with; each the median of its runs.

    Attributes:
        what: was measured.
        ours: through vcli.
        direct: the same without it, where there is such a thing.
        direct_is: what that was.
        unit: of both: s, ms, MiB, m (thousandths of a CPU), KB, requests.
        judged: what the budget speaks of: the ratio, what ours adds to direct, or ours by itself.
        budget: at most; None where there is none.
        runs: how many the median is of.
    """

    what: str
    ours: float
    direct: float | None = None
    direct_is: str = ""
    unit: str = "s"
    judged: Judged = "ratio"
    budget: float | None = None
    runs: int = 1

    @property
    def ratio(self) -> float | None:
        """How many times the direct way ours takes."""
        return self.ours / self.direct if self.direct else None

    @property
    def value(self) -> float:
        """What the budget is about."""
        if self.judged == "own" or self.direct is None:
            return self.ours
        return self.ours - self.direct if self.judged == "added" else self.ours / self.direct

    @property
    def held(self) -> bool:
        """Whether the budget holds."""
        return self.budget is None or self.value <= self.budget

    def as_json(self) -> dict[str, Any]:
        """With what was computed."""
        return {**asdict(self), "ratio": self.ratio, "value": self.value, "held": self.held}


def table(rows: Sequence[Row]) -> str:
    """For people."""
    head = ("what", "ours", "direct", "ratio", "budget", "", "runs", "direct is")
    cells = [head, *map(_cells, rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(head))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column in (0, 7) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    )


def _cells(row: Row) -> tuple[str, ...]:
    sign = {"ratio": "x", "added": f"+{row.unit}", "own": row.unit}[row.judged]
    return (
        row.what,
        f"{_short(row.ours)} {row.unit}",
        "" if row.direct is None else f"{_short(row.direct)} {row.unit}",
        "" if row.ratio is None else f"{row.ratio:.2f}",
        "" if row.budget is None else f"{row.budget:g} {sign}",
        "" if row.held else "OVER",
        str(row.runs),
        row.direct_is,
    )


def _short(value: float) -> str:
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"  # noqa: PLR2004


def seconds(action: Callable[[], object]) -> float:
    """How long one call takes."""
    begun = time.perf_counter()
    action()
    return time.perf_counter() - begun


def run(*argv: str, text: str = "") -> str:
    """What a program that must succeed prints."""
    try:
        return subprocess.run(argv, check=True, capture_output=True, input=text, text=True).stdout
    except subprocess.CalledProcessError as error:
        raise RuntimeError(f"{' '.join(argv)}: exit {error.returncode}\n{error.stderr}") from error


def command(argv: Sequence[str], *, runs: int) -> float:
    """The median of several runs of a command that must succeed."""
    run(*argv)  # files into the page cache
    return median(seconds(lambda: run(*argv)) for _ in range(runs))
