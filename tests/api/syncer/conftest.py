"""Two API servers and a syncer for each test."""

from collections.abc import AsyncIterator, Sequence

import pytest
from apiserver import ApiServer
from testbed import Lab, lab_between

from vcli.kube.client import Client


@pytest.fixture
def sets() -> Sequence[str]:
    """Values, as for `--set`: a test of a kind that is off by default has a fixture of its own."""
    return ()


@pytest.fixture
async def idle_lab(
    client: Client, namespace: str, api_server: ApiServer, virtual_server: ApiServer, sets: Sequence[str]
) -> AsyncIterator[Lab]:
    """A host namespace and a virtual one; the syncer has not been started yet."""
    async with lab_between(client, namespace, api_server, virtual_server, sets=sets) as lab:
        yield lab


@pytest.fixture
async def lab(idle_lab: Lab) -> Lab:
    """The same, with a syncer that is ready."""
    await idle_lab.start()
    return idle_lab
