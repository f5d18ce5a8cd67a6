"""The syncer's roles hold what it uses, and all of it: by the audit log of a host.

Two virtual clusters, made from `vcli template` as their pods make the keys then: one of default values, and
one with every kind that can be synced. A rule that neither of them has used is one that nobody needs.
"""

import uuid
from collections.abc import Iterator

import every_right
import kinds_used
import pytest
from audit import Request, Use, account, allowed, log_of, refused, requests
from embedded import NAME, Host, own_host
from space import virtual_namespace

from vcli import VirtualCluster

AUDITED = f"{NAME}-audit"
ALL = "all"
DEFAULT = "default"
SETS = ("controlPlane.coredns.enabled=false",)

UNUSED = {
    Use("", "pods", "get"): "where a name is taken, or somebody has changed the labels of a pod on the host",
    Use("", "nodes", "get"): "where a pod is faster than the watch of Nodes, or its Node is not selected",
}
"""Rights that are needed where this host is not, each with its reason."""

ASKED_FOR = {
    Use(
        "networking.k8s.io", "servicecidrs", "list"
    ): "without it, the range of Service IPs is found by trial",
    Use("", "persistentvolumes", "get"): "without it, the virtual volume is made up from the claim",
    Use("", "nodes/proxy", "get"): "without it, usage is estimated by the host's metrics",
}
"""What an administrator may have given the account and the roles don't have: it is asked for, and refused."""


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    with own_host(AUDITED, tmp_path_factory.mktemp("host"), "--audit") as host:
        yield host


@pytest.fixture(scope="module")
def shared(host: Host) -> str:
    """A namespace of the host that is of no virtual cluster, with what one of them reads there."""
    name = f"shared-{uuid.uuid4().hex[:6]}"
    host.create_namespace(name)
    host.kubectl("create", "secret", "generic", "ca", "--from-literal=a=b", "-n", name)
    host.kubectl("create", "service", "clusterip", "far", "--tcp=80", "-n", name)
    return name


def made(host: Host, name: str, *sets: str) -> VirtualCluster:
    """A virtual cluster of that name in a namespace of its own, from its template."""
    namespace = f"{name}-{uuid.uuid4().hex[:6]}"
    host.create_namespace(namespace)
    host.kubectl("create", "secret", "generic", kinds_used.TAKEN, "--from-literal=a=b", "-n", namespace)
    options = [option for each in (*SETS, *sets) for option in ("--set", each)]
    documents = host.vcli("template", name, "--namespace", namespace, *options).stdout
    host.kubectl("apply", "--namespace", namespace, "--filename", "-", stdin=documents)
    return VirtualCluster.connect(name, namespace=namespace, kubeconfig=host.kubeconfig)


@pytest.fixture(scope="module")
def clusters(host: Host, shared: str) -> Iterator[dict[str, VirtualCluster]]:
    """Both, when a tenant has used what they have."""
    host.apply("default", *kinds_used.DEFINITIONS)
    with made(host, DEFAULT) as default, virtual_namespace(default, host) as space:
        every_right.plain(space)
        others = kinds_used.values(shared)
        with made(host, ALL, *others) as everything, virtual_namespace(everything, host) as wider:
            kinds_used.use(wider)
            yield {DEFAULT: default, ALL: everything}


@pytest.fixture(scope="module")
def log(host: Host, clusters: dict[str, VirtualCluster]) -> list[Request]:
    return list(requests(log_of(host)))


def of_syncer(log: list[Request], cluster: VirtualCluster) -> list[Request]:
    return [each for each in log if each.user == account(cluster.namespace, f"vc-{cluster.name}")]


def test_every_right_of_the_roles_is_used(
    host: Host, clusters: dict[str, VirtualCluster], log: list[Request]
) -> None:
    given = {
        use for each in clusters.values() for use in allowed(host, namespace=each.namespace, name=each.name)
    }
    used = {use for each in clusters.values() for asked in of_syncer(log, each) for use in asked.uses()}
    assert sorted(map(str, given - used - UNUSED.keys())) == []
    assert given >= UNUSED.keys(), "an excuse for a right that is gone"


@pytest.mark.parametrize("name", [DEFAULT, ALL])
def test_nothing_is_refused_that_a_syncer_needs(
    clusters: dict[str, VirtualCluster], log: list[Request], name: str
) -> None:
    asked = of_syncer(log, clusters[name])
    assert asked
    assert sorted(map(str, refused(asked) - ASKED_FOR.keys())) == []


def test_no_other_account_of_a_virtual_cluster_asks_the_host_for_anything(
    clusters: dict[str, VirtualCluster], log: list[Request]
) -> None:
    for each in clusters.values():
        prefix, own = account(each.namespace, ""), account(each.namespace, f"vc-{each.name}")
        assert [x for x in log if x.user.startswith(prefix) and x.user != own] == []


def test_status_names_the_log_and_a_second_up_keeps_it(host: Host) -> None:
    log = log_of(host)
    before = log.stat().st_size
    assert before > 0
    host.vcli("host", "up", "--name", host.name)
    assert log_of(host) == log
    assert str(log) in host.vcli("host", "status", "--name", host.name).stdout
    done = host.vcli("host", "up", "--audit", "--name", host.name)
    assert "up already" in done.stderr
