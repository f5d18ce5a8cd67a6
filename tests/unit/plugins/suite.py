"""A project with tests that pytest runs with the plugins of this one."""

from pathlib import Path

import pytest

TESTS = Path(__file__).parents[2]

# `tries("x")` counts its own calls; `existing` is what the session's fixture has made and not deleted.
HELPERS = """
import pytest

counts = {}
existing = []

def tries(name):
    counts[name] = counts.get(name, 0) + 1
    return counts[name]

@pytest.fixture(scope="session")
def cluster():
    number = tries("cluster")
    existing.append(f"cluster {number}")
    yield number
    existing.remove(f"cluster {number}")
"""


class Suite:
    """A project with e2e tests; its `run` gives what pytest gave."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self._pytester = pytester
        pytester.makeini("[pytest]\nxfail_strict = true\nasyncio_default_fixture_loop_scope = function")
        pytester.makepyfile(helpers=HELPERS)
        pytester.makeconftest(f"""
import sys
sys.path[:0] = [{str(TESTS)!r}, {str(pytester.path)!r}]  # in further processes too
from helpers import cluster
pytest_plugins = ("side_by_side", "second_try")
""")

    def test(self, body: str, *, kind: str = "e2e") -> None:
        folder = self._pytester.path / "tests" / kind
        folder.mkdir(parents=True, exist_ok=True)
        head = "import pytest\nfrom helpers import existing, tries\n"
        (folder / f"test_{folder.name}.py").write_text(head + body)

    def run(self, *args: str) -> pytest.RunResult:
        return self._pytester.runpytest_inprocess("-ra", *args, no_reraise_ctrlc=True)


def last_line(result: pytest.RunResult) -> str:
    return result.outlines[-1].strip("= ").partition(" in ")[0]
