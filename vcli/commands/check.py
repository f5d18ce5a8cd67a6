"""``vcli check``."""

from typing import Annotated

import typer

from vcli import inputs
from vcli.cli.completing import complete_names
from vcli.cli.options import Common, command
from vcli.result import Column, Result


@command
async def check(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]",
            help="Name of a virtual cluster; without, for one that is yet to be, and isolated.",
            parser=inputs.label,
            autocompletion=complete_names,
            show_default=False,
        ),
    ] = None,
    *,
    image: Annotated[
        str | None,
        typer.Option("--image", help="Image with python3 for two pods.  [default: the syncer's]"),
    ] = None,
    common: Common,
) -> Result:
    r"""See what a host does for isolation.

    Whether it enforces NetworkPolicies: two pods are made in the namespace, and a policy that denies what
    passed between them. Whether it honours Pod Security labels; whether you have the rights; what is left of
    the quota. What was made is removed, on Ctrl-C too.

    Exit code 0: all that is needed is there; 1: something is not; 4: something could not be found out. What a
    virtual cluster does not need by its values is a warning.

    \b
    vcli check -n team-a
    vcli check demo -o json
    """
    from vcli.operations.check.run import check_host  # noqa: PLC0415  --help must be quick

    checked = await check_host(
        name,
        kubeconfig=common.kubeconfig,
        context=common.context,
        namespace=common.namespace,
        image=None if image is None else inputs.image(image, "--image"),
        steps=common.console,
    )
    data = checked.data()
    columns = (Column("CHECK", "name"), Column("STATUS", "status"), Column("MESSAGE", "message"))
    from vcli.console import table  # noqa: PLC0415

    hints = tuple(f"{each.name}: {each.hint}" for each in checked.checks if each.hint)
    result = Result(
        data=data,
        text=table(columns, data["checks"]),
        names=tuple(each.name for each in checked.checks if each.status == "failed"),
        messages=hints,
    )
    if checked.error is None:
        return result
    common.console.show(result)
    raise checked.error
