"""The benchmark's arithmetic: what it compares, and when it says that a budget holds."""

import json

import pytest

from bench.__main__ import main
from bench.measure import Judged, Row, table


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
