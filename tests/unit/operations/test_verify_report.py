"""What a report says, in each form, and the exit code that goes with it."""

from xml.etree import ElementTree as ET

import pytest

from vcli.operations.verify.model import Attempt, Closed, Finding, Verdict
from vcli.operations.verify.observed import Observed, got_through, held, skipped, unknown
from vcli.operations.verify.report import Report
from vcli.operations.verify.scene import Scene


async def never(_: Scene) -> Observed:
    raise AssertionError


def finding(observed: Observed, *, closed: bool = True, name: str = "a") -> Finding:
    return Finding(Attempt(name, "pods", f"try {name}", Closed.ALWAYS, never), closed, observed)


def report(*findings: Finding) -> Report:
    return Report(name="demo", namespace="team-a", profile="isolated", findings=findings, seconds=1.25)


def code_of(found: Report) -> int:
    return found.error.exit_code if found.error else 0


@pytest.mark.parametrize(
    ("observed", "closed", "verdict", "code"),
    [
        (held("no"), True, Verdict.HELD, 0),
        (held("no"), False, Verdict.HELD, 0),
        (got_through("yes"), False, Verdict.OPEN, 0),
        (got_through("yes"), True, Verdict.THROUGH, 1),
        (unknown("?"), True, Verdict.UNKNOWN, 4),
        (unknown("?"), False, Verdict.UNKNOWN, 4),
        (skipped("none"), True, Verdict.SKIPPED, 0),
    ],
)
def test_verdicts_and_exit_codes(observed: Observed, *, closed: bool, verdict: Verdict, code: int):
    found = finding(observed, closed=closed)
    assert found.verdict is verdict
    assert code_of(report(found)) == code


def test_what_got_through_outweighs_what_is_not_known():
    both = report(finding(unknown("?"), name="b"), finding(got_through("yes")))
    assert code_of(both) == 1
    assert both.error is not None
    assert both.error.message.endswith("closes: a")
    assert code_of(report()) == 0


def test_data_has_every_attempt_with_what_was_expected_and_seen():
    data = report(finding(got_through("a pod")), finding(held("no"), closed=False, name="b")).data()
    assert data["counts"] == {"held": 1, "open": 0, "gotThrough": 1, "unknown": 0, "skipped": 0}
    first, second = data["attempts"]
    assert (first["expected"], first["observed"], first["verdict"]) == ("closed", "a pod", "gotThrough")
    assert (second["name"], second["expected"], second["verdict"]) == ("b", "open", "held")
    assert data["profile"] == "isolated"


def test_junit_has_failures_errors_and_skipped():
    text = report(
        finding(got_through("a \x1b[31mpod & <more>")),
        finding(unknown("?"), name="b"),
        finding(skipped("none"), name="c"),
        finding(held("no"), name="d"),
    ).junit()
    suite = ET.fromstring(text)  # noqa: S314  our own
    counts = {key: suite.get(key) for key in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "4", "failures": "1", "errors": "1", "skipped": "1"}
    cases = suite.findall("testcase")
    assert [[child.tag for child in case] for case in cases] == [
        ["failure"],
        ["error"],
        ["skipped"],
        ["system-out"],
    ]
    failure = cases[0].find("failure")
    assert failure is not None
    assert "pod & <more>" in (failure.get("message") or "")
    assert "\x1b" not in text
