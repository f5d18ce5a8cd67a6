"""Tests side by side: with ``-n N`` (pytest-xdist) they run in N processes that share one host.

A file of api or e2e tests stays in one process, as its tests share clusters, and so does a folder of
`TOGETHER`. Unit tests are split by function.
Tests marked ``alone`` break the host, or measure: the first process runs them after all others have ended.

Without ``-n`` pytest runs all in one process, in the order of the files.
"""

from collections.abc import Generator
from itertools import zip_longest

import pytest
from xdist.scheduler import LoadScopeScheduling
from xdist.scheduler.protocol import Scheduling

MARK = "alone"
# Folders that one process runs: their files share a cluster, which takes as long to make as many tests;
# or stop nodes of one host; or boot hosts of their own, and one at a time is enough for a machine.
TOGETHER = ("tests/e2e/faults/", "tests/e2e/nodes/", "tests/e2e/hosts/")
# The longest first, beside what needs the processor most: short ones fill what is left.
ORDER = (
    "tests/e2e/hosts",
    "tests/e2e/nodes",
    "tests/unit",
    "tests/api/churn",
    "tests/api",
    "tests/e2e/test_conformance.py",
    "tests/e2e/faults",
    "tests/e2e/addons",
    "tests/e2e/sync/test_sync_metrics.py",
    "tests/e2e/test_upgrade",
    "tests/e2e/sync/test_sync_nodes.py",
    *(f"tests/e2e/test_{x}.py" for x in ("delete", "create", "gitops", "chart")),
    "tests/e2e",
)

ITEMS = pytest.StashKey[dict[str, pytest.Item]]()
"""All tests by node id, in a process that collected them for itself after the others ended."""


class Scheduler(LoadScopeScheduling):
    """Hands out files, some folders, of unit tests functions; in the order in which they were collected."""

    def _split_scope(self, nodeid: str) -> str:
        if folder := next((each for each in TOGETHER if nodeid.startswith(each)), ""):
            return folder
        file, _, name = nodeid.partition("::")
        return f"{file}::{name.partition('[')[0]}" if file.startswith("tests/unit/") else file


class FirstProcess:
    """The plugin of the process that the others report to."""

    def __init__(self) -> None:
        self._alone: list[pytest.Item] = []

    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: object) -> Scheduling:
        """Choose our scheduler."""
        config.option.loadscopereorder = False
        return Scheduler(config, log)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Of what ``-m`` and ``-k`` chose, keep what runs alone, and know the others for a second try."""
        config.stash[ITEMS] = {each.nodeid: each for each in items}
        self._alone = [each for each in items if _is_alone(each)]

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """After the tests of the other processes: those that run alone."""
        try:
            result = yield
        finally:
            session.config.hook.pytest_side_by_side_ended()
        parallel = session.testscollected
        session.perform_collect()
        session.testscollected = parallel + len(self._alone)
        for item, following in zip_longest(self._alone, self._alone[1:]):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if session.shouldfail:
                raise session.Failed(session.shouldfail)
            if session.shouldstop:
                raise session.Interrupted(session.shouldstop)
        return result


class OtherProcess:
    """The plugin of the processes that run tests side by side."""

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out what runs alone, and sort: all these processes need the same list."""
        items[:] = sorted((each for each in items if not _is_alone(each)), key=_place)


class Hooks:
    """What plugins of this project may answer to."""

    def pytest_side_by_side_ended(self) -> None:
        """No process runs tests side by side any longer: remove what they shared."""


def is_side_by_side(config: pytest.Config) -> bool:
    """Whether this is one of the processes that run tests side by side."""
    return hasattr(config, "workerinput")


def _is_alone(item: pytest.Item) -> bool:
    return item.get_closest_marker(MARK) is not None


def _place(item: pytest.Item) -> int:
    return next((n for n, each in enumerate(ORDER) if item.nodeid.startswith(each)), len(ORDER))


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Announce our own."""
    pluginmanager.add_hookspecs(Hooks)


def pytest_configure(config: pytest.Config) -> None:
    """Take part, where there are several processes."""
    config.addinivalue_line("markers", f"{MARK}: breaks the host or measures; runs when no other test does")
    if is_side_by_side(config):
        config.pluginmanager.register(OtherProcess(), "other-process")
    elif config.getoption("dist", "no") != "no":
        config.pluginmanager.register(FirstProcess(), "first-process")
