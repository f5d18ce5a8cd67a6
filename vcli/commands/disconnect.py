"""``vcli disconnect``."""

from typing import TYPE_CHECKING, Annotated

import typer

from vcli.cli.completing import complete_connected
from vcli.cli.options import Common, command
from vcli.errors import UsageError
from vcli.result import Result

if TYPE_CHECKING:
    from vcli.operations.disconnect import Ended


@command
async def disconnect(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME",
            help="Virtual cluster, or its context; the current one by default.",
            autocompletion=complete_connected,
            show_default=False,
        ),
    ] = None,
    *,
    everything: Annotated[
        bool, typer.Option("--all", help="All virtual clusters, and all tunnels; with -n those of it.")
    ] = False,
    common: Common,
) -> Result:
    """Go back to the context from before, and remove the one that 'vcli connect' made.

    The tunnel in the background ends, unless another context uses it, in this kubeconfig or in another one.
    With --all it ends anyway.
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
    said += [f"the tunnel to {_title(each)} stays: {_users(each)} uses it" for each in done.kept]
    if not done.contexts or everything:
        said += [_ended(each) for each in done.tunnels if each.uses or not done.contexts]
    data = {
        "contexts": list(done.contexts),
        "tunnels": [
            {
                "pid": each.state.pid,
                "port": each.state.port,
                "usedBy": [{"kubeconfig": use.kubeconfig, "context": use.context} for use in each.uses],
            }
            for each in done.tunnels
        ],
        "currentContext": done.current,
    }
    said = said or ["nothing was connected"]
    return Result(data=data, names=tuple(done.contexts), text="", messages=tuple(said))


def _title(each: "Ended") -> str:
    return f"virtual cluster {each.state.spec.name}"


def _users(each: "Ended") -> str:
    return ", ".join(dict.fromkeys(use.kubeconfig for use in each.uses))


def _ended(each: "Ended") -> str:
    if not each.uses:
        return f"ended the tunnel to {_title(each)}"
    return f"ended the tunnel to {_title(each)}; kubectl starts it again for {_users(each)}"
