"""Whose turn it is, among processes: of tests that boot hosts, or of those with clusters on the shared host.

Those that boot hosts are all in one folder; one process runs them, first.
A kubelet that starts needs inotify instances, and where a machine has few of them many virtual clusters take
them all. Some of these tests also compare the machine before and after. So while they run nobody uses the
shared host: who asks for it waits. Tests without a host, as unit and api tests are, run beside both.
"""

import fcntl
import os
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

FOLDER = "tests/e2e/hosts/"
"""Where the tests are that boot hosts."""

TURN = pytest.StashKey["Turn"]()
"""In a process that runs tests side by side with others."""

_VARIABLE = "VCLI_TESTS_TURN"


class Turn:
    """A lock on a file: exclusive for tests that boot hosts, shared by those that use the shared host."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")  # for as long as this process lives
        self._shares = False

    def share(self) -> None:
        """Wait until nobody boots hosts; from then on nobody does so before this process has ended."""
        fcntl.flock(self._file, fcntl.LOCK_SH)
        self._shares = True

    def take(self) -> None:
        """Wait until nobody uses the shared host, or boots hosts."""
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def give(self) -> None:
        """End what `take` began."""
        fcntl.flock(self._file, fcntl.LOCK_SH if self._shares else fcntl.LOCK_UN)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Generator[None, object, object]:
        """Have the turn from the first test that boots hosts to the end of the last one in a row."""
        if not _boots_hosts(item):
            return (yield)
        self.take()
        result = yield
        if not _boots_hosts(nextitem):
            self.give()
        return result


def first_process(config: pytest.Config) -> None:
    """Make the file, for the processes that are started from here."""
    descriptor, path = tempfile.mkstemp(prefix="vcli-tests-turn-")
    os.close(descriptor)
    os.environ[_VARIABLE] = path
    config.add_cleanup(Path(path).unlink)


def other_process(config: pytest.Config) -> None:
    """Take part."""
    turn = config.stash[TURN] = Turn(Path(os.environ[_VARIABLE]))
    config.pluginmanager.register(turn, "turn")


def _boots_hosts(item: pytest.Item | None) -> bool:
    return item is not None and item.nodeid.startswith(FOLDER)
