"""One virtual cluster for all faults, apart from every other test's; the table of what they cost."""

from collections.abc import Iterator

import pytest
from embedded import Host
from plane import Plane
from space import Space, virtual_cluster, virtual_namespace

from faults.figures import PROPERTY, Figures, table
from faults.pulse import Pulse
from vcli import VirtualCluster


@pytest.fixture(scope="package")
def victim(host: Host) -> Iterator[VirtualCluster]:
    """A virtual cluster whose data is on a volume claim."""
    with virtual_cluster(host, "faults") as cluster:
        yield cluster


@pytest.fixture
def plane(victim: VirtualCluster, host: Host) -> Plane:
    """Its control plane."""
    return Plane(host=host, cluster=victim)


@pytest.fixture
def space(victim: VirtualCluster, host: Host) -> Iterator[Space]:
    """A namespace in it."""
    with virtual_namespace(victim, host) as space:
        yield space


@pytest.fixture
def pulse(space: Space) -> Iterator[Pulse]:
    """Measures how long nothing got through."""
    with Pulse(space) as pulse:
        yield pulse


@pytest.fixture
def figures(request: pytest.FixtureRequest, record_property: pytest.FixtureRequest) -> Figures:
    """Takes down what the fault cost."""
    return Figures(request.node.name, record_property)  # type: ignore[arg-type]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show the table."""
    outcomes = ("passed", "failed", "flaky")
    reports = [each for outcome in outcomes for each in terminalreporter.stats.get(outcome, [])]
    rows = [value for each in reports for key, value in each.user_properties if key == PROPERTY]
    if rows:
        terminalreporter.section("faults")
        for line in table(rows):
            terminalreporter.write_line(line)
