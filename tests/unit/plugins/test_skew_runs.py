"""The runs of the tests marked ``skew``: which there are, and what their table says."""

import pytest

import skew
from vcli.errors import UsageError
from vcli.host.versions import KUBERNETES, KUBERNETES_RELEASES

OLDEST = KUBERNETES_RELEASES[0]


def test_each_version_is_a_host_and_is_in_a_host_and_no_pair_is_twice():
    pairs, rest = skew.chosen([])
    assert rest == []
    assert len(pairs) == len(set(pairs)) == 2 * len(KUBERNETES_RELEASES) - 1
    assert {host for host, virtual in pairs if virtual == KUBERNETES} == set(KUBERNETES_RELEASES)
    assert {virtual for host, virtual in pairs if host == KUBERNETES} == set(KUBERNETES_RELEASES)


def test_pairs_are_chosen_and_the_rest_is_pytests():
    arguments = ["1.33/1.36", "-x", f"{KUBERNETES}/v1.34", "tests/e2e/test_create.py", "-k", "a/b"]
    pairs, rest = skew.chosen(arguments)
    assert pairs == [(OLDEST, KUBERNETES), (KUBERNETES, "v1.34.4")]
    assert rest == ["-x", "tests/e2e/test_create.py", "-k", "a/b"]


def test_version_that_is_not_there():
    with pytest.raises(UsageError, match=r"1\.99"):
        skew.chosen(["1.36/1.99"])


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("74 passed, 2 skipped, 285 deselected in 300.12s (0:05:00)", (74, 0, 0, 0, 2)),
        ("=== 1 failed, 60 passed, 1 flaky, 2 errors in 3.1s ===", (60, 1, 2, 1, 0)),
        ("1 passed, 1 error in 0.5s", (1, 0, 1, 0, 0)),
    ],
)
def test_last_line_of_pytest(line, found):
    assert skew.counts(line) == dict(zip(skew.COUNTED, found, strict=True))


@pytest.mark.parametrize("line", ["collected 74 items", "3 passed", ".... [ 93%]", "slowest: 1.0 s"])
def test_other_lines(line):
    assert skew.counts(line) is None


def test_table_and_what_counts_as_failed():
    good = skew.Outcome(pair=("v1", "v2"), counts=skew.counts("9 passed, 1 flaky in 1.0s"), seconds=61.4)
    bad = skew.Outcome(pair=("v1", "v3"), counts=skew.counts("1 failed, 2 errors in 1.0s"), seconds=5)
    none = skew.Outcome(pair=("v1", "v4"), counts=None, seconds=0.2)
    assert [x.failed for x in (good, bad, none)] == [0, 3, 1]
    rows = [line.split() for line in skew.table([good, bad, none]).splitlines()]
    assert rows == [
        ["HOST", "VIRTUAL", "PASSED", "FAILED", "FLAKY", "SKIPPED", "SECONDS"],
        ["v1", "v2", "9", "0", "1", "0", "61"],
        ["v1", "v3", "0", "3", "0", "0", "5"],
        ["v1", "v4", "-", "no", "result", "-", "-", "0"],
    ]
