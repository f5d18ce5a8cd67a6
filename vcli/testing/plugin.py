"""The pytest plugin: a virtual cluster for the run, a namespace in it for each test that asks.

Imported by every pytest run in an environment that has vcli, so it imports nothing before it is needed.
"""

import os
import uuid
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from vcli.sdk import VirtualCluster


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options."""
    group = parser.getgroup("vcli", "virtual Kubernetes clusters")
    group.addoption(
        "--vcli-keep",
        action="store_true",
        default=False,
        help="leave the virtual cluster and its namespaces in place after the run",
    )
    group.addoption(
        "--vcli-values",
        action="append",
        default=[],
        metavar="FILE",
        help="values for the virtual cluster, in the shape of vcluster.yaml; may be repeated",
    )


@pytest.fixture(scope="session")
def virtual_cluster(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator["VirtualCluster"]:
    """A virtual cluster on the host of the current context, made for this run and deleted after it.

    The processes of xdist share one: the first that asks makes it, the last that leaves deletes it.
    """
    from vcli.sdk import VirtualCluster  # noqa: PLC0415
    from vcli.testing.sharing import Shared  # noqa: PLC0415

    keep = bool(request.config.getoption("--vcli-keep"))
    values = list(request.config.getoption("--vcli-values"))
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID")
    name = f"pytest-{(run or uuid.uuid4().hex)[:8]}"
    if run is None:
        with VirtualCluster.create(name, values=values, keep=keep) as cluster:
            yield cluster
        return
    shared = Shared(tmp_path_factory.getbasetemp().parent / "vcli")
    with shared.enter() as first:
        cluster = (
            VirtualCluster.create(name, values=values, keep=True) if first else VirtualCluster.connect(name)
        )
    try:
        yield cluster
    finally:
        with shared.leave() as last:
            if last and not keep:
                cluster.delete()
        cluster.close()


@pytest.fixture
def virtual_namespace(request: pytest.FixtureRequest, virtual_cluster: "VirtualCluster") -> Iterator[str]:
    """A namespace in the virtual cluster for one test, deleted after it."""
    from kubernetes import client as kubernetes  # noqa: PLC0415

    with virtual_cluster.client() as api:
        core: Any = kubernetes.CoreV1Api(api)
        metadata = kubernetes.V1ObjectMeta(generate_name="test-")
        name: str = core.create_namespace(kubernetes.V1Namespace(metadata=metadata)).metadata.name
        yield name
        if not request.config.getoption("--vcli-keep"):
            core.delete_namespace(name)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Attach to a failure what happened in the cluster: events, and the last lines of logs."""
    report = yield
    cluster = getattr(item, "funcargs", {}).get("virtual_cluster")
    if report.when == "call" and report.failed and cluster is not None:
        from vcli.testing.diagnostics import diagnostics  # noqa: PLC0415

        report.sections += diagnostics(cluster, item.funcargs.get("virtual_namespace"))  # type: ignore[attr-defined]
    return report
