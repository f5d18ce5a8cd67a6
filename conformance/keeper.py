"""Writing down what became of specs, as they end."""

import hashlib
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from conformance.outcome import FAILED, Outcome, Results

_LONGEST = 100


class Keeper:
    """Keeps outcomes in the results of a target, the log of each failure in a file, and says both."""

    def __init__(
        self, target: str, results: Results, logs: Path, total: int, say: Callable[[str], None]
    ) -> None:
        self._target, self._results, self._logs, self._total, self._say = target, results, logs, total, say
        self._seen = 0

    def keep(self, found: Mapping[str, Outcome]) -> None:
        """Take in what just ran."""
        self._results.add(found)
        for name, outcome in found.items():
            self._seen += 1
            progress = f"{self._target} [{self._seen}/{self._total}]"
            self._say(f"{progress} {outcome.state} {outcome.seconds:.0f}s {name}")
            if outcome.state == FAILED:
                log = self._logs / f"{slug(name)}.log"
                log.parent.mkdir(parents=True, exist_ok=True)
                log.write_text(f"{name}\n\n{outcome.log}")
                self._say(f"    {outcome.message.strip().partition(chr(10))[0]}\n    {log}")


def slug(name: str) -> str:
    """A file name for a spec: readable, and its own."""
    words = re.sub(r"[^A-Za-z0-9]+", "-", re.sub(r"\[[A-Za-z]+\]", "", name)).strip("-")
    return f"{words[:_LONGEST]}-{hashlib.sha256(name.encode()).hexdigest()[:6]}"
