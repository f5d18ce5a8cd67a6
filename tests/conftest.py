"""What holds for all tests."""

from hypothesis import HealthCheck, settings

# A loaded machine is no bug: an example may take its time.
settings.register_profile("vcli", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("vcli")
