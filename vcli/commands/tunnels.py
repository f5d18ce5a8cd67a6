"""``vcli tunnels``."""

from collections.abc import Mapping
from typing import Any

from vcli.cli.options import Common, command
from vcli.result import Column, Result


def _files(row: Mapping[str, Any]) -> str:
    return ",".join(dict.fromkeys(each["kubeconfig"] for each in row["usedBy"]))


COLUMNS = (
    Column("NAME", "name"),
    Column("NAMESPACE", "namespace"),
    Column("SERVER", "server"),
    Column("HOST", "context"),
    Column("PID", "pid"),
    Column("STATUS", "status"),
    Column("AGE", "age"),
    Column("USED BY", _files),
    Column("LOG", "log", wide=True),
)


@command
def tunnels(*, common: Common) -> Result:
    """List the tunnels in the background.

    Those that run, and those that have ended while a kubeconfig leads through them: the next kubectl starts
    them again. 'vcli disconnect' ends them.
    """
    from datetime import UTC, datetime  # noqa: PLC0415  --help must be quick

    from vcli.operations.list import age  # noqa: PLC0415
    from vcli.operations.tunnel_uses import survey  # noqa: PLC0415

    del common
    rows = []
    for state, uses in survey():
        alive = state.alive
        since = datetime.fromtimestamp(state.since, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if state.since else ""
        rows.append(
            {
                "name": state.spec.name,
                "namespace": state.spec.namespace,
                "server": state.server,
                "host": state.spec.server,
                "context": state.spec.context,
                "pid": state.pid if alive else None,
                "port": state.port,
                "status": "running" if alive else "stopped",
                "since": since if alive else None,
                "age": age(since) if alive else None,
                "usedBy": [{"kubeconfig": use.kubeconfig, "context": use.context} for use in uses],
                "log": state.log,
            }
        )
    return Result(data=rows, columns=COLUMNS)
