"""The plugin that runs tests in several processes, used by pytest on folders made for it."""

import pytest
from suite import last_line

pytest_plugins = ("pytester",)


def test_several_processes(suite):
    suite.test("""
def test_once(cluster):
    import os
    print("printed by the first try")
    assert not os.environ.get("PYTEST_XDIST_WORKER"), "the first failure"
    assert existing == ["cluster 1"]
@pytest.mark.parametrize("n", range(5))
def test_other(n): pass
@pytest.fixture
def own():
    yield
    assert False, "not removed"
def test_never(own): assert tries("a") == 0, "not as it should be"
""")
    suite.test("def test_never(): assert False", kind="unit")
    result = suite.run("-n", "2", "-v")
    assert result.ret == 1
    assert last_line(result) == "2 failed, 5 passed, 1 error, 1 flaky"
    result.stdout.fnmatch_lines(
        [
            "second try: tests/e2e/test_e2e.py::test_once FLAKY",
            "*first failure of *::test_once (at call)*",
            "E*the first failure",
            "printed by the first try",
            "FAILED AGAIN *::test_never",
        ]
    )


def test_alone_after_all_others(suite, pytester):
    suite.test("""
import os
from pathlib import Path
import time
@pytest.mark.alone
def test_alone(cluster):
    assert not os.environ.get("PYTEST_XDIST_WORKER")
    assert len(list(Path().glob("done-*"))) == 4
@pytest.mark.alone
@pytest.mark.parametrize("n", range(2))
def test_once(cluster, n): assert tries(n) == 2, "the first failure"
@pytest.mark.parametrize("n", range(4))
def test_other(n):
    assert os.environ["PYTEST_XDIST_WORKER"]
    time.sleep(0.2)
    Path(f"done-{n}").touch()
""")
    result = suite.run("-n", "2")
    assert result.ret == 0, result.stdout.str()
    assert last_line(result) == "5 passed, 2 flaky"


@pytest.mark.parametrize("option", ["-x", "--maxfail=1"])
def test_several_processes_that_stop_at_a_failure(suite, option):
    suite.test("""
def test_it(): assert False, "the only failure"
@pytest.mark.alone
def test_alone(): assert False, "is not run"
""")
    result = suite.run("-n", "2", option)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert last_line(result) == "1 failed"
    result.stdout.no_fnmatch_line("*is not run*")
