"""One virtual cluster for all tests of the syncer, and a namespace in it for each.

``VCLI_E2E_CLUSTER=NAMESPACE/NAME`` uses a virtual cluster that is there already, and leaves it there.
"""

import os
from collections.abc import Iterator

import pytest
from embedded import Host
from space import Space, virtual_cluster, virtual_namespace

from vcli import VirtualCluster


@pytest.fixture(scope="session")
def cluster(host: Host) -> Iterator[VirtualCluster]:
    """A virtual cluster as `vcli create` makes it."""
    lent = os.environ.get("VCLI_E2E_CLUSTER")
    if lent:
        namespace, name = lent.split("/")
        with VirtualCluster.connect(name, namespace=namespace, kubeconfig=host.kubeconfig) as cluster:
            yield cluster
        return
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
