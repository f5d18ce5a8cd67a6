"""A second try for failed tests that use real clusters: alone, at the end, on fresh fixtures.

What runs on a loaded machine can fail for reasons that are not the test's. A failed test of `FOLDERS` is held
back and run once more after all others, with every fixture made again, those of the session too. If it passes
then, it is *flaky*: counted as that and not as failed, and shown with its first failure in full. If it does
not, or if too many tests fail or are flaky, then the first failures count.

The plugins pytest-rerunfailures and flaky run a failed test again at once, among the others, on the session's
fixtures as they are: a cluster that an earlier test has broken fails it again.

With several processes (see `side_by_side`) each sends its failures to the first one, which runs these tests
again itself after all have ended.

There is no second try for tests marked ``xfail``, and none with options that stop at a failure (``-x``,
``--maxfail``, ``--stepwise``, ``--pdb``).
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field

import pytest
from _pytest.runner import runtestprotocol  # what pytest offers to plugins that run a test again

from side_by_side import ITEMS, is_side_by_side

FOLDERS = ("tests/api", "tests/e2e")
MOST_TRIES = 10  # more failures have a common cause, which a second try would only repeat
MOST_FLAKY = 3
PHASES = ("setup", "call", "teardown")
STOPPING = ("maxfail", "usepdb", "stepwise")

OUTCOMES: dict[str | None, tuple[str, str, object]] = {
    "flaky": ("flaky", "f", ("FLAKY", {"yellow": True})),
    "failed": ("failed", "F", "FAILED"),
    "nothing": ("", "", ""),
}

Reports = list[pytest.TestReport]
Location = tuple[str, int | None, str]


@dataclass(eq=False)
class Failure:
    """A test that failed: its reports, and those of the second try as soon as it has ended."""

    nodeid: str
    location: Location
    first: Reports
    second: Reports = field(default_factory=list)

    @property
    def is_flaky(self) -> bool:
        """Whether the second try passed; one that was skipped did not."""
        return len(self.second) == len(PHASES) and all(each.passed for each in self.second)

    @property
    def verdict(self) -> str:
        """What came of the second try."""
        if self.is_flaky:
            return "FLAKY"
        if not self.second:
            return "NOT RUN AGAIN"
        return "FAILED AGAIN" if any(each.failed for each in self.second) else "SKIPPED THEN"


class SecondTry:
    """The plugin: holds failures back, runs these tests again, then reports them."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._folders = [config.rootpath / each for each in FOLDERS]
        self._failures: list[Failure] = []
        self._items: dict[str, pytest.Item] = {}
        self._trying: Failure | None = None
        self._seen: Reports = []

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Keep each report: an interrupted test has no other record."""
        report = yield
        self._seen.append(report)
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        """Run a test; report it unless it failed."""
        if self._trying:
            self._trying.second = runtestprotocol(item, log=False, nextitem=nextitem)
            return True
        if item.get_closest_marker("xfail") or not any(map(item.path.is_relative_to, self._folders)):
            return None
        self._seen.clear()
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        try:
            reports = runtestprotocol(item, log=False, nextitem=nextitem)
        except BaseException:
            self._log(self._seen)
            raise
        if any(each.failed for each in reports):
            self._hold_back(item, reports)
        else:
            self._log(reports)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take what another process has held back."""
        held = getattr(report, "held_back", None)
        if held and not is_side_by_side(self._config):
            reports = [
                self._config.hook.pytest_report_from_serializable(config=self._config, data=x) for x in held
            ]
            self._failures.append(Failure(report.nodeid, report.location, reports))
            self._show_failure(reports)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """After all tests: the second tries; in any case, the reports that were held back."""
        try:
            result = yield
            if len(self._failures) <= MOST_TRIES:
                self._try_again(session)
            return result
        finally:
            self._report()

    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, object] | None:
        """Count each of these tests as flaky, or as failed in whichever phase it was."""
        return OUTCOMES.get(getattr(report, "counts_as", None))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """The other failure of each test that has two, and what came of the second tries."""
        if not self._failures:
            return
        terminalreporter.section("second try")
        for failure in self._failures:
            if not failure.is_flaky:
                _show(terminalreporter, f"second failure of {failure.nodeid}", failure.second)
            elif not self._is_red():  # else it is shown as any failed test is
                _show(terminalreporter, f"first failure of {failure.nodeid}", failure.first)
        if len(self._failures) > MOST_TRIES:
            terminalreporter.write_line(
                f"{len(self._failures)} tests failed, more than {MOST_TRIES}: none was run again."
            )
            return
        for failure in self._failures:
            terminalreporter.write_line(f"{failure.verdict} {failure.nodeid}")
        if self._flaky():
            terminalreporter.write_line(
                "FLAKY: failed, and passed when run again alone on fresh fixtures. "
                "That is a defect, of the test or of what it tests: find its cause."
            )
        if self._is_red():
            terminalreporter.write_line(f"More than {MOST_FLAKY} are flaky: they count as failed.")

    def _flaky(self) -> list[Failure]:
        return [each for each in self._failures if each.is_flaky]

    def _is_red(self) -> bool:
        return len(self._flaky()) > MOST_FLAKY

    def _try_again(self, session: pytest.Session) -> None:
        items = self._items | session.config.stash.get(ITEMS, {})
        for failure in self._failures:
            item = items[failure.nodeid]
            self._terminal.ensure_newline()
            self._terminal.write(f"second try: {item.nodeid} ", flush=True)
            item.user_properties.clear()
            item._report_sections.clear()
            self._trying = failure
            # No next item: all fixtures are torn down after it, as they were after the last test.
            item.ihook.pytest_runtest_protocol(item=item, nextitem=None)
            self._terminal.line(failure.verdict)
            if session.shouldfail:
                raise session.Failed(session.shouldfail)
            if session.shouldstop:
                raise session.Interrupted(session.shouldstop)

    def _report(self) -> None:
        if self._failures:
            self._terminal.ensure_newline()
        for failure in self._failures:
            accepted = failure.is_flaky and not self._is_red()
            reports = failure.second if accepted else failure.first
            for report in reports:
                if not report.failed:  # a test whose teardown failed did not pass
                    report.counts_as = "nothing"  # type: ignore[attr-defined]
            telling = PHASES.index("call") if accepted else [each.failed for each in reports].index(True)
            reports[telling].counts_as = "flaky" if accepted else "failed"  # type: ignore[attr-defined]
            hook = self._config.hook
            hook.pytest_runtest_logstart(nodeid=failure.nodeid, location=failure.location)
            self._log(reports)
            hook.pytest_runtest_logfinish(nodeid=failure.nodeid, location=failure.location)

    def _hold_back(self, item: pytest.Item, reports: Reports) -> None:
        """Keep a failure until the end; in one of several processes, let the first one keep it."""
        if not is_side_by_side(self._config):
            self._items[item.nodeid] = item
            self._failures.append(Failure(item.nodeid, item.location, reports))
            self._show_failure(reports)
            return
        to_data = self._config.hook.pytest_report_to_serializable
        seconds = sum(each.duration for each in reports)
        message = pytest.TestReport(item.nodeid, item.location, {}, "passed", None, "call", duration=seconds)
        message.counts_as = "nothing"  # type: ignore[attr-defined]
        message.held_back = [to_data(config=self._config, report=x) for x in reports]  # type: ignore[attr-defined]
        self._log([message])

    def _log(self, reports: Sequence[pytest.TestReport]) -> None:
        for report in reports:
            self._config.hook.pytest_runtest_logreport(report=report)

    def _show_failure(self, reports: Reports) -> None:
        """Name a failed test while the others go on, as a run takes long."""
        verbose = self._config.get_verbosity(pytest.Config.VERBOSITY_TEST_CASES) > 0
        for report in reports:
            if report.failed:
                word = "FAILED" if report.when == "call" else "ERROR"
                if verbose:  # then the line begins with its name
                    self._terminal.write(f"{word} ", flush=True, red=True)
                else:
                    self._terminal.ensure_newline()
                    self._terminal.write_line(f"{word[0]} {report.nodeid}, to be tried again", red=True)

    @property
    def _terminal(self) -> pytest.TerminalReporter:
        reporter: pytest.TerminalReporter = self._config.pluginmanager.get_plugin("terminalreporter")
        return reporter


def _show(reporter: pytest.TerminalReporter, title: str, reports: Reports) -> None:
    for report in reports:
        if report.failed:
            reporter.write_sep("_", f"{title} (at {report.when})")
            report.toterminal(reporter.config.get_terminal_writer())
            for name, text in report.sections:
                reporter.write_sep("-", name)
                reporter.write_line(text.rstrip())


def pytest_configure(config: pytest.Config) -> None:
    """Take part, unless the run stops at a failure."""
    if not any(config.getoption(each, default=None) for each in STOPPING):
        config.pluginmanager.register(SecondTry(config), "second-try")
