"""Which containers of a pod commands take, by roles: in pods of ours, and of other tools."""

import pytest

from vcli.errors import UsageError
from vcli.kube.resources import STATEFULSETS
from vcli.operations.describe import _components
from vcli.operations.logs import _targets
from vcli.operations.resolve import cluster_of
from vcli.operations.versions import running_version

OURS = {
    "containers": [
        {"name": "etcd", "image": "registry.k8s.io/etcd:3.6.8-0"},
        {"name": "kube-apiserver", "image": "registry.k8s.io/kube-apiserver:v1.36.3"},
        {"name": "syncer", "image": "docker.io/library/python:3.11-slim"},
        {"name": "kube-controller-manager", "image": "registry.k8s.io/kube-controller-manager:v1.36.3"},
    ]
}
THEIRS = {
    "initContainers": [{"name": "kubernetes", "image": "ghcr.io/loft-sh/kubernetes:v1.33.4"}],
    "containers": [{"name": "syncer", "image": "ghcr.io/loft-sh/vcluster-pro:0.27.0"}],
}


def cluster(pod):
    metadata = {"name": "demo", "namespace": "team", "labels": {"app": "vcluster", "release": "demo"}}
    return cluster_of(
        {"metadata": metadata, "spec": {"replicas": 1, "template": {"spec": pod}}}, kind=STATEFULSETS.kind
    )


class Client:
    def __init__(self, pod):
        self.pod = pod

    async def list(self, _, *, namespace, label_selector):
        assert (namespace, label_selector) == ("team", "app=vcluster,release=demo")
        return {"items": [{"metadata": {"name": "demo-0"}, "spec": self.pod}]}


@pytest.mark.parametrize(
    ("wanted", "pod", "found"),
    [
        ("api-server", OURS, ["kube-apiserver"]),
        ("kube-apiserver", OURS, ["kube-apiserver"]),
        ("store", OURS, ["etcd"]),
        ("controller-manager", OURS, ["kube-controller-manager"]),
        ("syncer", THEIRS, ["syncer"]),
        ("kubernetes", THEIRS, ["kubernetes"]),
        (None, THEIRS, ["kubernetes", "syncer"]),
    ],
)
async def test_logs_of_a_container_or_of_a_role(wanted, pod, found):
    assert await _targets(Client(pod), cluster(pod), wanted) == [("demo-0", name) for name in found]


async def test_a_role_that_nothing_has():
    with pytest.raises(UsageError, match="no component 'scheduler'") as caught:
        await _targets(Client(OURS), cluster(OURS), "scheduler")
    assert caught.value.hint == "there are: etcd, kube-apiserver, syncer, kube-controller-manager"


def test_versions_and_distributions():
    assert (cluster(OURS).version, cluster(OURS).distro) == ("v1.36.3", "k8s")
    assert (cluster(THEIRS).version, cluster(THEIRS).distro) == ("v1.33.4", "k8s")
    assert running_version(cluster(OURS).workload) == "v1.36.3"
    assert running_version(cluster(THEIRS).workload) is None


def test_what_is_described_says_its_roles():
    state = {"name": "kube-apiserver", "ready": True, "restartCount": 1, "state": {"running": {}}}
    found = _components({"spec": OURS, "status": {"containerStatuses": [state]}})
    assert [(each["name"], each["roles"]) for each in found] == [
        ("etcd", ["store"]),
        ("kube-apiserver", ["api-server"]),
        ("syncer", ["syncer"]),
        ("kube-controller-manager", ["controller-manager"]),
    ]
    assert [each["ready"] for each in found] == [False, True, False, False]
