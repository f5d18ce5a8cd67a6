"""What holds for all tests."""

import signal

from hypothesis import HealthCheck, settings

pytest_plugins = ("side_by_side", "second_try", "time_table")

# A loaded machine is no bug: an example may take its time.
settings.register_profile("vcli", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("vcli")


def pytest_sessionstart() -> None:
    """Signals as tests mean them, whoever started pytest.

    SIGTERM, as ``timeout`` sends it, ends the servers that fixtures have started as well. SIGHUP and SIGINT
    end a program; below ``nohup``, or in the background of a script, all that are started from here would
    ignore them.
    """
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
