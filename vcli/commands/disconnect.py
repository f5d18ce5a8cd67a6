"""``vcli disconnect``."""

from typing import Annotated

import typer

from vcli.cli.completing import complete_names
from vcli.cli.options import Common, command
from vcli.errors import UsageError
from vcli.result import Result


@command
async def disconnect(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME",
            help="Virtual cluster, or its context; the current one by default.",
            autocompletion=complete_names,
            show_default=False,
        ),
    ] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="All virtual clusters, and all tunnels.")] = False,
    common: Common,
) -> Result:
    """Go back to the context from before, and remove the one that 'vcli connect' made.

    The tunnel in the background ends, unless another context uses it.
    """
    from vcli.operations.disconnect import disconnect as leave  # noqa: PLC0415  --help must be quick

    if name is not None and everything:
        raise UsageError(f"a name ({name}) and --all exclude each other", hint="leave out one of them")
    done = await leave(
        name,
        namespace=common.namespace,
        everything=everything,
        kubeconfig=common.kubeconfig,
        warn=common.console.warn,
    )
    said = [f"disconnected: {context}" for context in done.contexts]
    if done.switched and done.current:
        said.append(f"the current context is {done.current}")
    if not said:
        said.append(_ended([each.spec.name for each in done.tunnels]))
    data = {
        "contexts": list(done.contexts),
        "tunnels": [{"pid": each.pid, "port": each.port} for each in done.tunnels],
        "currentContext": done.current,
    }
    return Result(data=data, text="", messages=tuple(said))


def _ended(names: list[str]) -> str:
    if not names:
        return "nothing was connected"
    tunnels = "the tunnel" if len(names) == 1 else f"{len(names)} tunnels"
    return f"ended {tunnels} to {', '.join(sorted(set(names)))}"
