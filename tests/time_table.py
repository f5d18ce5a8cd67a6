"""A table of where the time of a run went: by part, the ten longest files and the ten slowest tests."""

from collections import Counter

import pytest

SLOWEST = 10
# The first that a test is in counts.
PARTS = (
    "tests/e2e/test_conformance.py", "tests/e2e/faults", "tests/e2e/sync", "tests/e2e",
    "tests/api/churn", "tests/api", "tests/unit/cli", "tests/unit",
)  # fmt: skip


class TimeTable:
    """The plugin: adds up what all processes report."""

    def __init__(self) -> None:
        self._seconds: Counter[str] = Counter()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count setup, call and teardown, those of a second try too."""
        self._seconds[report.nodeid] += report.duration

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print it."""
        if len(self._seconds) <= SLOWEST:
            return
        tests, seconds = Counter[str](), Counter[str]()
        for nodeid, duration in self._seconds.items():
            part = next((each for each in PARTS if nodeid.startswith(each)), "others")
            tests[part] += 1
            seconds[part] += duration
        write = terminalreporter.write_line
        terminalreporter.section("where the time went")
        write(f"{'part':<32}{'tests':>8}{'seconds':>10}")
        for part, total in seconds.most_common():
            write(f"{part:<32}{tests[part]:>8}{total:>10.1f}")
        write(f"{'all, added up over processes':<32}{len(self._seconds):>8}{seconds.total():>10.1f}")
        files = Counter[str]()
        for nodeid, duration in self._seconds.items():
            if not nodeid.startswith("tests/unit/"):  # those are handed out by function
                files[nodeid.partition("::")[0]] += duration
        write("longest files:")
        for file, duration in files.most_common(SLOWEST):
            write(f"{duration:>9.1f} s  {file}")
        write("slowest:")
        for nodeid, duration in self._seconds.most_common(SLOWEST):
            write(f"{duration:>9.1f} s  {nodeid}")


def pytest_configure(config: pytest.Config) -> None:
    """Take part in the process that prints."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(TimeTable(), "time-table")
