"""``vcli logs``."""

from typing import Annotated

import typer

from vcli import inputs
from vcli.cli.completing import complete_components
from vcli.cli.options import Common, Name, command
from vcli.result import Result


@command
async def logs(
    name: Name,
    *,
    component: Annotated[
        str | None,
        typer.Option(
            "--component",
            "-c",
            metavar="NAME",
            help="Only of this one: a container, or a role such as api-server.",
            parser=inputs.label,
            autocompletion=complete_components,
        ),
    ] = None,
    tail: Annotated[
        int | None,
        typer.Option(
            "--tail", metavar="N", help="Only the last N lines of each component.", parser=inputs.lines
        ),
    ] = None,
    previous: Annotated[
        bool, typer.Option("--previous", "-p", help="What was written before the last restart.")
    ] = False,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as more is written.")] = False,
    common: Common,
) -> Result:
    r"""Print the logs of a control plane.

    Control characters in a line are printed as \x1b, wherever the output goes: it can be read with less -R.

    \b
    Examples:
      vcli logs demo --tail 20
      vcli logs demo -c syncer -f
    """
    from vcli.operations.logs import copy_logs  # noqa: PLC0415  imported when it runs

    await copy_logs(
        name,
        common.console.line,
        component=component,
        tail=tail,
        previous=previous,
        follow=follow,
        kubeconfig=common.kubeconfig,
        context=common.context,
        namespace=common.namespace,
    )
    return Result()
