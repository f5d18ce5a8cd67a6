"""``vcli version``."""

import platform

from vcli._version import __version__
from vcli.cli.options import Common, command
from vcli.result import Result


@command
def version(*, common: Common) -> Result:
    """Print the version of vcli and of the Python that runs it.

    No cluster is asked.
    """
    del common
    data = {
        "vcli": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(terse=True),
    }
    return Result(
        data=data,
        names=(f"vcli/{__version__}",),
        text=f"vcli {__version__} (Python {data['python']}, {data['platform']})",
    )
