"""One virtual cluster for all tests of the syncer, and a namespace in it for each."""

from collections.abc import Iterator

import pytest
from embedded import Host
from space import virtual_cluster

from vcli import VirtualCluster


@pytest.fixture(scope="package")
def cluster(host: Host) -> Iterator[VirtualCluster]:
    """A virtual cluster as `vcli create` makes it."""
    with virtual_cluster(host, "vc") as cluster:
        yield cluster
