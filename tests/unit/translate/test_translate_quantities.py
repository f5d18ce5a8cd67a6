"""Quantities as whole numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vcli.syncer.translate.quantities import nanos, whole


@pytest.mark.parametrize(
    ("quantity", "expected"),
    [
        ("0", 0),
        ("2", 2_000_000_000),
        ("250m", 250_000_000),
        ("1500u", 1_500_000),
        ("1234567n", 1_234_567),
        ("0.1", 100_000_000),
        ("1e3", 1_000_000_000_000),
        ("2E2", 200_000_000_000),
    ],
)
def test_cpu_in_billionths_of_a_core(quantity: str, expected: int) -> None:
    assert nanos(quantity) == expected


@pytest.mark.parametrize(
    ("quantity", "expected"),
    [
        ("1536Ki", 1536 * 1024),
        ("1Gi", 2**30),
        ("129M", 129_000_000),
        ("1E", 10**18),
        ("1500m", 2),
        ("1Ei", 2**60),
    ],
)
def test_memory_in_bytes(quantity: str, expected: int) -> None:
    assert whole(quantity) == expected


@pytest.mark.parametrize("quantity", ["", "x", "1X", "1 Ki", "1Kib", "--1"])
def test_what_is_no_quantity(quantity: str) -> None:
    with pytest.raises(ValueError, match="not a quantity"):
        whole(quantity)


@given(st.integers(min_value=0, max_value=2**80))
def test_no_digit_is_lost(number: int) -> None:
    assert nanos(f"{number}n") == number
    assert whole(f"{number}Ki") == number * 1024
