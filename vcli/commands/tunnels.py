"""``vcli tunnels``."""

from vcli.cli.options import Common, command
from vcli.result import Column, Result


@command
def tunnels(*, common: Common) -> Result:
    """List the tunnels in the background.

    'vcli disconnect' ends them.
    """
    from vcli.portforward import background  # noqa: PLC0415  --help must be quick

    del common
    rows = [
        {
            "name": state.spec.name,
            "namespace": state.spec.namespace,
            "server": state.server,
            "host": state.spec.server,
            "context": state.spec.context,
            "pid": state.pid,
            "port": state.port,
            "log": state.log,
        }
        for state in background.list()
    ]
    columns = (
        Column("NAME", "name"),
        Column("NAMESPACE", "namespace"),
        Column("SERVER", "server"),
        Column("HOST", "context"),
        Column("PID", "pid"),
        Column("LOG", "log", wide=True),
    )
    return Result(data=rows, columns=columns)
