"""What holds for all tests."""

import signal

from hypothesis import HealthCheck, settings

# A loaded machine is no bug: an example may take its time.
settings.register_profile("vcli", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("vcli")


def pytest_sessionstart() -> None:
    """Let SIGTERM, as ``timeout`` sends it, end the servers that fixtures have started as well."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
