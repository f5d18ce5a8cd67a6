"""What tests of the plugins share."""

import pytest
from suite import Suite


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Suite:
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)  # of the process that this runs in
    return Suite(pytester)
