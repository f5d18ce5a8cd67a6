"""The embedded host for tests: booted once a session under a name of its own, beside whatever the user runs.

Processes that run tests side by side share it. Tests that run alone, and second tries, have fresh ones.

``VCLI_E2E_HOST=NAME`` uses a host that is up already, and leaves it up: quicker while writing tests. Those of
`addons/` want one with add-ons, those of `nodes/` one of three nodes.
"""

import shutil
import uuid
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from bare import Bare
from embedded import LEAN, WITH_ADDONS, Host, common_host, remove_common
from kubernetes_versions import VIRTUAL
from lending import FAILED
from space import Space, virtual_namespace

from vcli import VirtualCluster


def pytest_configure(config: pytest.Config) -> None:
    """Announce the mark of those that `skew` runs."""
    config.addinivalue_line("markers", "skew: also run with hosts and clusters of other versions")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The suite of Kubernetes comes last: what is broken shows quicker in the tests of our own."""
    items.sort(key=lambda x: x.path.name == "test_conformance.py")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fixtures are to know how their test ended."""
    report = yield
    if report.failed:
        item.stash[FAILED] = True
    return report


def pytest_side_by_side_ended() -> None:
    """Remove the hosts that all processes shared."""
    remove_common()


@pytest.fixture(scope="session")
def host(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Host]:
    """A real Kubernetes of one node."""
    with common_host(LEAN, pytestconfig, tmp_path_factory.mktemp("host")) as host:
        yield host


@pytest.fixture(scope="session")
def host_with_addons(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Host]:
    """One that enforces NetworkPolicies and has all other add-ons."""
    with common_host(WITH_ADDONS, pytestconfig, tmp_path_factory.mktemp("addons")) as host:
        yield host


@pytest.fixture
def namespace(host: Host) -> Iterator[str]:
    """A namespace on the host for one test."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    host.create_namespace(name)
    yield name
    host.end_namespace(name)


@pytest.fixture
def desk(host: Host, tmp_path: Path) -> Iterator[Host]:
    """A user of the host with a home, a kubeconfig and background tunnels of their own."""
    kubeconfig = tmp_path / "config"
    shutil.copy(host.kubeconfig, kubeconfig)
    kubeconfig.chmod(0o600)
    folders = {"HOME": tmp_path, "KUBECONFIG": kubeconfig, "VCLI_STATE_DIR": tmp_path / "state"}
    user = Host(name=host.name, kubeconfig=kubeconfig, env=host.env | {k: str(v) for k, v in folders.items()})
    yield user
    if any(Path(user.env["VCLI_STATE_DIR"], "tunnels").glob("*.json")):
        user.vcli("disconnect", "--all")


@pytest.fixture(scope="session")
def bare(host: Host) -> Iterator[Bare]:
    """A virtual control plane that vcli did not make."""
    name = f"bare-{uuid.uuid4().hex[:8]}"  # the only one: tests connect to it without a namespace
    cluster = Bare(host, name=name, namespace=name, version=VIRTUAL)
    try:
        cluster.create()
        yield cluster
    finally:
        host.end_namespace(cluster.namespace)


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
