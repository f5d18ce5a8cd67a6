"""Timing commands, and the row that a measurement becomes."""

import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One measurement beside what it is compared with; seconds, the median of the runs."""

    what: str
    ours: float
    direct: float
    direct_is: str
    budget: float

    @property
    def ratio(self) -> float:
        """How many times the direct way ours takes."""
        return self.ours / self.direct

    @property
    def held(self) -> bool:
        """Whether the ratio is within the budget of the design."""
        return self.ratio <= self.budget


def seconds(action: Callable[[], object]) -> float:
    """How long one call takes."""
    begun = time.perf_counter()
    action()
    return time.perf_counter() - begun


def command(argv: Sequence[str], *, runs: int) -> float:
    """The median of several runs of a command that must succeed."""

    def once() -> None:
        subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    once()  # files into the page cache
    return median(seconds(once) for _ in range(runs))
