"""One virtual cluster for all tests of the syncer, and a namespace in it for each."""

from collections.abc import Iterator

import pytest
from embedded import Host
from space import Space, virtual_cluster, virtual_namespace

from vcli import VirtualCluster


@pytest.fixture(scope="package")
def cluster(host: Host) -> Iterator[VirtualCluster]:
    """A virtual cluster as `vcli create` makes it."""
    with virtual_cluster(host, "vc") as cluster:
        yield cluster


@pytest.fixture
def space(cluster: VirtualCluster, host: Host) -> Iterator[Space]:
    """A namespace with a default ServiceAccount, deleted after the test."""
    with virtual_namespace(cluster, host) as space:
        yield space


@pytest.fixture
def elsewhere(cluster: VirtualCluster, host: Host) -> Iterator[Space]:
    """Another namespace of the same virtual cluster."""
    with virtual_namespace(cluster, host) as space:
        yield space
