from datetime import UTC, datetime, timedelta

import pytest

from vcli.operations.list import age

NOW = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("past", "text"),
    [
        (timedelta(seconds=-3), "0s"),  # clocks differ
        (timedelta(seconds=119), "119s"),
        (timedelta(seconds=120), "2m"),
        (timedelta(minutes=119), "119m"),
        (timedelta(hours=47), "47h"),
        (timedelta(days=400), "400d"),
    ],
)
def test_age(past, text):
    assert age((NOW - past).strftime("%Y-%m-%dT%H:%M:%SZ"), NOW) == text


def test_age_of_what_has_none():
    assert age("") == ""
