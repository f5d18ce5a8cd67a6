"""Tests on a host of three nodes. They stop nodes, so one process runs them; each leaves all running."""

from collections.abc import Iterator

import pytest
from embedded import OF_THREE_NODES, Host, common_host


@pytest.fixture(scope="package")
def host(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Host]:
    """A host of three nodes, down again after the last of these tests."""
    with common_host(OF_THREE_NODES, pytestconfig, tmp_path_factory.mktemp("nodes")) as host:
        yield host
