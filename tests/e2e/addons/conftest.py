"""Tests of what takes more than a lean host: they share one with all add-ons."""

import pytest
from embedded import Host
from space import IDLE, PYTHON, Space, pod


@pytest.fixture(scope="session")
def host(host_with_addons: Host) -> Host:
    """One that enforces NetworkPolicies, and answers for Ingresses, Gateways and load balancers."""
    return host_with_addons


@pytest.fixture
def client(space: Space) -> str:
    """A pod that asks."""
    space.apply(pod("client", container={"image": PYTHON, "command": ["sh", "-c", IDLE]}))
    space.wait("condition=Ready", "pod/client")
    return "client"
