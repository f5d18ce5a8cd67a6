"""The benchmark's arithmetic: what it compares, and when it says that a budget holds."""

import datetime as dt
import json
from pathlib import Path

import pytest

from bench.__main__ import main
from bench.audit import asked
from bench.measure import Judged, Row, table
from bench.planes import PLANES, with_images


@pytest.mark.parametrize(
    ("judged", "ours", "budget", "held"),
    [
        ("ratio", 1.1, 1.1, True),
        ("ratio", 1.2, 1.1, False),
        ("added", 1.02, 0.03, True),
        ("added", 1.04, 0.03, False),
        ("own", 1.2, 1.5, True),
        ("own", 1.6, 1.5, False),
        ("ratio", 9.0, None, True),
    ],
)
def test_a_budget_is_about_the_ratio_the_difference_or_ours_alone(
    *, judged: Judged, ours: float, budget: float | None, held: bool
) -> None:
    assert Row(what="it", ours=ours, direct=1.0, judged=judged, budget=budget).held is held


def test_the_table_has_a_line_for_each_and_marks_what_is_over() -> None:
    rows = [
        Row(what="pods", ours=3.0, direct=2.0, direct_is="on the host", budget=1.1, runs=5),
        Row(what="memory", ours=250.0, unit="MiB", judged="own", budget=300.0),
    ]
    head, first, second = table(rows).splitlines()
    assert head.split()[:4] == ["what", "ours", "direct", "ratio"]
    assert first.split() == [
        "pods",
        "3.000",
        "s",
        "2.000",
        "s",
        "1.50",
        "1.1",
        "x",
        "OVER",
        "5",
        *["on", "the", "host"],
    ]
    assert second.split() == ["memory", "250.0", "MiB", "300", "MiB", "1"]
    assert json.loads(json.dumps(rows[0].as_json()))["ratio"] == 1.5


def test_an_unknown_part_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["burst", "nonsense"])
    assert "nonsense" in capsys.readouterr().err


AUDIT = {
    "stage": "ResponseComplete",
    "verb": "create",
    "user": {"username": "us"},
    "objectRef": {"resource": "pods"},
    "responseStatus": {"code": 403},
    "requestReceivedTimestamp": "2026-01-01T10:00:30.000000Z",
}


def test_requests_of_one_user_in_a_while_are_counted_once(tmp_path: Path) -> None:
    watch = {**AUDIT, "verb": "watch", "responseStatus": {"code": 200}}
    events = [
        AUDIT,
        AUDIT,
        {**AUDIT, "user": {"username": "us too"}},
        {**AUDIT, "requestReceivedTimestamp": "2026-01-01T10:02:00.000000Z"},
        {**watch, "stage": "ResponseStarted"},
        watch,
    ]
    lines = [json.dumps(each) for each in events]
    (tmp_path / "audit-2026.log").write_text("\n".join(lines[:1]))
    (tmp_path / "audit.log").write_text("\n".join(lines[1:]))
    (tmp_path / "policy.json").write_text("{}")
    since = dt.datetime(2026, 1, 1, 10, tzinfo=dt.UTC)
    until = since + dt.timedelta(minutes=1)
    found = asked(tmp_path / "audit.log", user="us", since=since, until=until)
    assert found == {("create", "pods", 403): 2, ("watch", "pods", 200): 1}


def test_a_distribution_is_measured_where_its_image_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    *_, last = with_images(["k3s=v1.36.3+k3s1"])
    assert last.options[:4] == ("--distro", "k3s", "--kubernetes-version", "v1.36.3+k3s1")
    assert with_images([]) == PLANES
    for wrong in (["planes", "--distro-image", "k3s"], ["create", "--distro-image", "k3s=v1"]):
        with pytest.raises(SystemExit):
            main(wrong)
        assert "--distro-image" in (said := capsys.readouterr().err) or "DISTRO=VERSION" in said
