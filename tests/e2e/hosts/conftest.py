"""Tests that boot hosts of their own; other processes use the shared one meanwhile."""

import os

import pytest
from embedded import SHARED_NAME, booted

from side_by_side import is_side_by_side


@pytest.fixture(scope="session", autouse=True)
def _shared_host_is_up(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> None:
    """Have it before the first of these tests: some compare the machine before and after."""
    if is_side_by_side(pytestconfig) and os.geteuid() == 0:
        booted(SHARED_NAME, tmp_path_factory.mktemp("shared"))
