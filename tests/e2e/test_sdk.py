"""The library and the pytest plugin against a real host."""

import asyncio
import contextlib
import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from embedded import Host
from kubernetes.client import VersionApi

from vcli import (
    ApiError,
    AsyncVirtualCluster,
    ConflictError,
    NotFoundError,
    NotOpenError,
    UsageError,
    VirtualCluster,
)

CRD = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: things, singular: thing, kind: Thing}
  versions:
    - name: v1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: since, namespace: kube-system}
data: {date: 2026-01-02}
"""


@pytest.fixture
def surroundings(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """This process means the host, as a user's would."""
    for name, value in host.env.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="module")
def shared(host: Host) -> Iterator[str]:
    """A cluster that several tests look at."""
    with VirtualCluster.create(
        "sdk-shared", kubeconfig=host.kubeconfig, sets=["controlPlane.coredns.enabled=false"]
    ):
        yield "sdk-shared"


@pytest.mark.usefixtures("surroundings")
def test_a_cluster_lives_as_long_as_its_block(host: Host, tmp_path: Path) -> None:
    (tmp_path / "manifests").mkdir()
    (tmp_path / "manifests" / "crd.yaml").write_text(CRD)
    with VirtualCluster.create("sdk-block", sets=["controlPlane.coredns.enabled=false"]) as vc:
        assert "sdk-block" in host.vcli("list", "-o", "name").stdout.split()
        assert vc.namespace == "vcluster-sdk-block"
        assert stat.S_IMODE(vc.kubeconfig.stat().st_mode) == 0o600
        assert "namespace/kube-system" in vc.run(["kubectl", "get", "namespaces", "-o", "name"]).stdout
        with pytest.raises(subprocess.CalledProcessError) as failed:
            vc.run(["kubectl", "get", "pod", "absent"])
        assert 'pods "absent" not found' in failed.value.__notes__[0]
        assert (
            vc.run(["sh", "-c", "echo $VCLI_NAME $VCLI_NAMESPACE"]).stdout == "sdk-block vcluster-sdk-block\n"
        )
        crd, since = vc.apply(tmp_path / "manifests")
        assert crd["metadata"]["name"] == "things.example.com"
        assert since["data"] == {"date": "2026-01-02"}
        kubeconfig = vc.kubeconfig
        with vc.client() as api:
            assert VersionApi(api).get_code().major == "1"
    assert not kubeconfig.exists()
    with pytest.raises(NotOpenError):
        _ = vc.kubeconfig
    namespaces = {each["metadata"]["name"]: each for each in host.get("namespaces")["items"]}
    gone = namespaces.get("vcluster-sdk-block")
    assert gone is None or "deletionTimestamp" in gone["metadata"]


@pytest.mark.usefixtures("surroundings")
async def test_the_asynchronous_face(shared: str) -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0.01)

    ticking = asyncio.create_task(tick())
    async with AsyncVirtualCluster.connect(shared) as vc:
        done, other, described, listed = await asyncio.gather(
            vc.run(["kubectl", "get", "--raw", "/readyz"]),
            vc.run(["kubectl", "get", "--raw", "/livez"]),
            vc.describe(),
            AsyncVirtualCluster.list(),
        )
        assert (done.stdout, other.stdout) == ("ok", "ok")
        assert described["name"] == shared
        assert shared in {each.name for each in listed}
        [applied] = await vc.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "async"}})
        assert applied["metadata"]["uid"]
        lines = [line async for line in vc.logs(component="api-server", tail=3)]
        assert len(lines) == 3
        async with asyncio.timeout(30), contextlib.aclosing(vc.logs(follow=True)) as following:
            assert await anext(following)
        kubeconfig = vc.kubeconfig
    ticking.cancel()
    assert ticks > 20
    assert not kubeconfig.exists()


@pytest.mark.usefixtures("surroundings")
def test_list_describe_and_logs(shared: str) -> None:
    [found] = [each for each in VirtualCluster.list() if each.name == shared]
    assert (found.status, found.distro, found.managed_by) == ("Running", "k8s", "vcli")
    with VirtualCluster.connect(shared) as vc:
        assert vc.describe()["status"] == "Running"
        assert len(list(vc.logs(component="store", tail=2))) == 2
        assert next(vc.logs(component="syncer", follow=True))
        with pytest.raises(UsageError, match="no component 'absent'"):
            next(vc.logs(component="absent"))


@pytest.mark.usefixtures("surroundings")
def test_the_errors_of_manifests(shared: str) -> None:
    with VirtualCluster.connect(shared) as vc:
        with pytest.raises(NotFoundError, match="no such kind"):
            vc.apply({"apiVersion": "example.org/v1", "kind": "Absent", "metadata": {"name": "x"}})
        with pytest.raises(NotFoundError, match='namespaces "absent" not found'):
            vc.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}, namespace="absent")
        with pytest.raises(ApiError) as invalid:
            vc.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "A_B"}})
        assert invalid.value.status == 422


@pytest.mark.usefixtures("surroundings")
def test_connecting_leaves_it_in_place(host: Host, shared: str) -> None:
    with VirtualCluster.connect(shared) as vc:
        assert vc.run(["kubectl", "auth", "can-i", "*", "*"]).stdout == "yes\n"
    assert shared in host.vcli("list", "-o", "name").stdout.split()


@pytest.mark.usefixtures("surroundings")
def test_what_can_not_be(shared: str) -> None:
    with pytest.raises(ConflictError), VirtualCluster.create(shared):
        pass
    with pytest.raises(NotFoundError), VirtualCluster.connect("sdk-absent"):
        pass
    with VirtualCluster.connect(shared) as vc:  # the failed create did not touch it
        assert vc.run(["kubectl", "get", "--raw", "/readyz"]).stdout == "ok"


@pytest.mark.usefixtures("surroundings")
async def test_a_cancelled_create_leaves_nothing(host: Host) -> None:
    async def create() -> None:
        async with AsyncVirtualCluster.create("sdk-cancelled"):
            pass

    task = asyncio.create_task(create())
    while "sdk-cancelled" not in host.vcli("list", "-o", "name").stdout.split():
        assert not task.done(), "created, or failed, before it was cancelled"
        await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert "sdk-cancelled" not in host.vcli("list", "-o", "name").stdout.split()


def test_the_pytest_plugin(host: Host, tmp_path: Path) -> None:
    (tmp_path / "test_theirs.py").write_text("""
def test_passes(virtual_cluster, virtual_namespace):
    virtual_cluster.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}},
                          namespace=virtual_namespace)
    assert virtual_cluster.run(["kubectl", "get", "cm", "-n", virtual_namespace, "x", "-o", "name"]).stdout

def test_fails(virtual_cluster, virtual_namespace):
    virtual_cluster.run(["kubectl", "create", "event", "hm"], check=False)
    virtual_cluster.apply({
        "apiVersion": "v1", "kind": "Event", "metadata": {"name": "seen", "namespace": virtual_namespace},
        "involvedObject": {"kind": "Pod", "name": "web", "namespace": virtual_namespace},
        "reason": "Mishap", "message": "it fell", "type": "Warning"})
    assert virtual_namespace == "other"
""")
    (tmp_path / "values.yaml").write_text("controlPlane: {coredns: {enabled: false}}\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--vcli-values", "values.yaml", "."],
        cwd=tmp_path,
        env=host.env | {"PYTEST_ADDOPTS": "", "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 failed, 1 passed" in done.stdout
    assert re.search(r"vcli: events in test-\w+", done.stdout)
    assert "Warning Mishap Pod/web: it fell" in done.stdout
    assert not [name for name in host.vcli("list", "-o", "name").stdout.split() if name.startswith("pytest-")]
