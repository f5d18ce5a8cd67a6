"""What became of specs: from Ginkgo's report, kept from run to run, compared between targets."""

import json
import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from conformance.specs import full_name

PASSED, FAILED, SKIPPED, NOT_RUN = "passed", "failed", "skipped", "not run"
_LONGEST = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one spec.

    Attributes:
        state: ``passed``, ``failed`` or ``skipped`` (by itself).
        message: why it failed or skipped itself.
        failures: how often it has failed before this or with this.
        log: all that it said, when it failed.
    """

    state: str
    seconds: float
    message: str = ""
    failures: int = 0
    log: str = field(default="", compare=False)


def outcomes(suites: Iterable[Mapping[str, Any]], asked: Collection[str]) -> dict[str, Outcome]:
    """Those of the specs asked for, from Ginkgo's JSON report. What did not run to its end is left out."""
    found = {}
    for suite in suites:
        for report in suite["SpecReports"] or ():
            name = full_name(report)
            if name in asked and (outcome := _outcome(report)):
                found[name] = outcome
    return found


def set_up_failure(suites: Iterable[Mapping[str, Any]]) -> str | None:
    """Why the suite as a whole failed before any spec ran."""
    for suite in suites:
        for report in suite["SpecReports"] or ():
            if report["LeafNodeType"].endswith("BeforeSuite") and report["State"] not in (
                "passed",
                "skipped",
            ):
                return str((report.get("Failure") or {}).get("Message", "no reason given"))
    return None


def _outcome(report: Mapping[str, Any]) -> Outcome | None:
    state, failure = report["State"], report.get("Failure") or {}
    seconds = report.get("RunTime", 0) / 1e9
    if state == "passed":
        return Outcome(state=PASSED, seconds=seconds)
    message = str(failure.get("Message", ""))
    if state == "skipped":
        # Those that were not asked for are skipped without a word.
        return Outcome(state=SKIPPED, seconds=seconds, message=message) if message else None
    if state in ("failed", "panicked", "timedout"):
        panic = failure.get("ForwardedPanic") or ""
        parts = (message, panic, report.get("CapturedGinkgoWriterOutput"), report.get("CapturedStdOutErr"))
        text = "\n\n".join(str(x) for x in parts if x)
        return Outcome(
            state=FAILED,
            seconds=seconds,
            message=(message or panic)[:_LONGEST],
            failures=1,
            log=f"{text}\n\n{(failure.get('Location') or {}).get('FullStackTrace', '')}\n",
        )
    return None


class Results:
    """What is known of one target, in a file that is whole at any moment."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._of: dict[str, Outcome] = {}
        if path.is_file():
            self._of = {name: Outcome(**x) for name, x in json.loads(path.read_text()).items()}

    def __getitem__(self, name: str) -> Outcome | None:
        return self._of.get(name)

    def state(self, name: str) -> str:
        """Also of one that never ran."""
        outcome = self._of.get(name)
        return outcome.state if outcome else NOT_RUN

    def forget(self, names: Iterable[str]) -> None:
        """As if these had never run."""
        for name in names:
            self._of.pop(name, None)
        self._write()

    def add(self, found: Mapping[str, Outcome]) -> None:
        """Take in what just ran."""
        for name, outcome in found.items():
            before = self._of.get(name)
            failures = outcome.failures + (before.failures if before else 0)
            kept = {**asdict(outcome), "failures": failures, "log": ""}
            self._of[name] = Outcome(**kept)
        self._write()

    def _write(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        partial = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        partial.write_text(json.dumps({x: asdict(self._of[x]) for x in sorted(self._of)}, indent=1) + "\n")
        partial.replace(self._path)
