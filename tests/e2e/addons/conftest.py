"""Tests of what takes more than a lean host: they share one with all add-ons."""

import pytest
from embedded import Host


@pytest.fixture(scope="session")
def host(host_with_addons: Host) -> Host:
    """One that enforces NetworkPolicies, and answers for Ingresses, Gateways and load balancers."""
    return host_with_addons
