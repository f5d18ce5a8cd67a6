"""How specs are shared among starts of the test program."""

import pytest

from conformance.runner import share


def shares(specs: int, processes: int) -> list[int]:
    found = []
    while specs > 0:
        found.append(min(share(specs, processes), specs))
        specs -= found[-1]
    return found


@pytest.mark.parametrize(("specs", "processes"), [(1, 4), (55, 4), (441, 4), (60, 1)])
def test_shares_become_smaller_but_a_start_is_worth_its_while(specs: int, processes: int):
    found = shares(specs, processes)
    assert sum(found) == specs
    assert found == sorted(found, reverse=True)
    assert all(3 <= each <= 8 for each in found[:-1])


def test_what_ci_runs_takes_few_starts():
    assert len(shares(55, 4)) <= 16
