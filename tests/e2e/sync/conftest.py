"""One virtual cluster for all tests of the syncer, and a namespace in it for each.

``VCLI_E2E_CLUSTER=NAMESPACE/NAME`` uses a virtual cluster that is there already, and leaves it there.
"""

import os
import uuid
from collections.abc import Iterator

import pytest
from embedded import Host
from space import Space

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
    namespace = f"sync-{uuid.uuid4().hex[:8]}"
    host.kubectl("create", "namespace", namespace)
    with VirtualCluster.create("vc", namespace=namespace, kubeconfig=host.kubeconfig) as cluster:
        dns = ["kubectl", "--namespace", "kube-system", "rollout", "status", "deployment/coredns"]
        cluster.run(dns, env={**host.env, "KUBECONFIG": str(cluster.kubeconfig)})
        yield cluster
    host.kubectl("delete", "namespace", namespace, "--wait=false")


@pytest.fixture
def space(cluster: VirtualCluster, host: Host) -> Iterator[Space]:
    """A namespace with a default ServiceAccount, deleted after the test."""
    yield from _made(cluster, host)


@pytest.fixture
def elsewhere(cluster: VirtualCluster, host: Host) -> Iterator[Space]:
    """Another namespace of the same virtual cluster."""
    yield from _made(cluster, host)


def _made(cluster: VirtualCluster, host: Host) -> Iterator[Space]:
    space = Space(cluster=cluster, host=host, name=f"test-{uuid.uuid4().hex[:6]}")
    space.kubectl("create", "namespace", space.name)
    space.kubectl("wait", "--for=create", "serviceaccount/default", "--timeout=30s")
    yield space
    space.kubectl("delete", "namespace", space.name, "--wait=false")
