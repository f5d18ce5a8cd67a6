"""What became of specs: read from reports, kept, compared."""

import json

import pytest

from conformance.keeper import Keeper, slug
from conformance.outcome import FAILED, NOT_RUN, PASSED, SKIPPED, Outcome, Results, outcomes, set_up_failure
from conformance.verdict import as_json, as_text, only_virtual_fails, totals


def suites(*reports):
    return [{"SpecReports": [{"LeafNodeType": "It", "ContainerHierarchyTexts": ["a"], **x} for x in reports]}]


def outcome(state, message=""):
    return Outcome(state=state, seconds=1.0, message=message, failures=int(state == FAILED), log="all of it")


def test_a_report_is_read_for_what_was_asked():
    found = outcomes(
        suites(
            {"LeafNodeText": "good", "State": "passed", "RunTime": 2_500_000_000},
            {
                "LeafNodeText": "bad",
                "State": "failed",
                "RunTime": 1,
                "Failure": {"Message": "why", "Location": {"FullStackTrace": "where"}},
                "CapturedGinkgoWriterOutput": "steps",
            },
            {
                "LeafNodeText": "worse",
                "State": "panicked",
                "Failure": {"Message": "", "ForwardedPanic": "nil"},
            },
            {"LeafNodeText": "late", "State": "timedout", "Failure": {"Message": "too long"}},
            {"LeafNodeText": "choosy", "State": "skipped", "Failure": {"Message": "needs two nodes"}},
            {"LeafNodeText": "passed over", "State": "skipped"},
            {"LeafNodeText": "cut short", "State": "interrupted", "Failure": {"Message": "Interrupted"}},
            {"LeafNodeText": "not asked for", "State": "passed"},
        ),
        ["a good", "a bad", "a worse", "a late", "a choosy", "a passed over", "a cut short"],
    )
    assert {x: y.state for x, y in found.items()} == {
        "a good": PASSED,
        "a bad": FAILED,
        "a worse": FAILED,
        "a late": FAILED,
        "a choosy": SKIPPED,
    }
    assert found["a good"].seconds == 2.5
    assert found["a bad"].message == "why"
    assert all(x in found["a bad"].log for x in ("why", "steps", "where"))
    assert found["a worse"].message == "nil"


def test_a_suite_that_does_not_start_says_why():
    failed = {
        "LeafNodeType": "SynchronizedBeforeSuite",
        "LeafNodeText": "",
        "State": "failed",
        "Failure": {"Message": "no nodes"},
    }
    assert set_up_failure(suites(failed)) == "no nodes"
    assert set_up_failure(suites({**failed, "State": "passed"})) is None
    assert set_up_failure([]) is None


def test_results_outlive_the_process(tmp_path):
    path = tmp_path / "deep" / "virtual.json"
    Results(path).add({"a": outcome(PASSED), "b": outcome(FAILED, "why")})
    again = Results(path)
    assert [again.state(x) for x in "abc"] == [PASSED, FAILED, NOT_RUN]
    assert again["b"].message == "why"
    assert "all of it" not in path.read_text(), "logs have files of their own"


def test_a_spec_that_passes_at_last_still_counts_its_failures(tmp_path):
    results = Results(tmp_path / "x.json")
    for state in (FAILED, FAILED, PASSED):
        results.add({"a": outcome(state)})
    assert (results.state("a"), results["a"].failures) == (PASSED, 2)


def test_what_is_forgotten_runs_again(tmp_path):
    results = Results(tmp_path / "x.json")
    results.add({"a": outcome(PASSED), "b": outcome(PASSED)})
    results.forget(["a", "never seen"])
    assert [Results(tmp_path / "x.json").state(x) for x in "ab"] == [NOT_RUN, PASSED]


@pytest.fixture
def both(tmp_path):
    results = {x: Results(tmp_path / f"{x}.json") for x in ("host", "virtual")}
    results["host"].add({"a": outcome(PASSED), "b": outcome(PASSED), "c": outcome(FAILED, "no second node")})
    results["virtual"].add(
        {"a": outcome(PASSED), "b": outcome(FAILED, "\nwrong\nat length"), "c": outcome(FAILED, "same")}
    )
    return results


def test_the_verdict_is_what_only_the_virtual_cluster_fails(both):
    assert only_virtual_fails("abcd", both) == ["b"]
    assert totals("abcd", both["virtual"]) == {PASSED: 1, FAILED: 2, SKIPPED: 0, NOT_RUN: 1}


def test_the_verdict_for_people(both):
    text = as_text("abcd", both)
    assert "1 pass on the host and fail in the virtual cluster:\n  b\n      wrong\n" in text
    assert "1 fail on the host:\n  c\n" in text
    assert text.splitlines()[-1].split() == ["virtual", "1", "2", "0", "1"]


def test_the_verdict_for_programs(both):
    document = json.loads(as_json("abcd", both))
    assert document["onlyVirtualFails"] == ["b"]
    assert document["totals"]["host"] == {PASSED: 2, FAILED: 1, SKIPPED: 0, NOT_RUN: 1}
    assert document["specs"]["c"] == {"host": FAILED, "virtual": FAILED}


def test_the_log_of_a_failure_is_kept(tmp_path):
    said = []
    results = Results(tmp_path / "host.json")
    Keeper("host", results, tmp_path / "logs", 2, said.append).keep(
        {"[sig-a] good": outcome(PASSED), "[sig-a] bad/one": outcome(FAILED, "why")}
    )
    (log,) = tmp_path.joinpath("logs").iterdir()
    assert log.read_text() == "[sig-a] bad/one\n\nall of it"
    assert results.state("[sig-a] good") == PASSED
    assert said[0] == "host [1/2] passed 1s [sig-a] good"
    assert "why" in said[-1]
    assert str(log) in said[-1]


def test_two_long_names_do_not_meet_in_one_file():
    assert slug("x" * 200 + "a") != slug("x" * 200 + "b")
    assert len(slug("x" * 200)) < 120
    assert slug("[sig-node] Pods should/run [Conformance]").startswith("sig-node-Pods-should-run-")
