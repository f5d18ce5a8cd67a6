"""``vcli chart``."""

from pathlib import Path
from typing import Annotated

import typer

from vcli.cli.completing import complete_files
from vcli.cli.options import Common, command
from vcli.result import Column, Result


@command
async def chart(
    folder: Annotated[
        Path, typer.Argument(metavar="[DIR]", help="Folder to write.", autocompletion=complete_files)
    ] = Path("vcli-chart"),
    *,
    common: Common,  # noqa: ARG001  every command has them
) -> Result:
    r"""Write a Helm chart of virtual clusters, with the syncer's code in it.

    Its values are those of a vcluster.yaml. No secret is in it: keys and certificates are made by the control
    plane's pod. What Helm renders is what 'vcli template' prints.

    \b
    vcli chart ./chart
    helm upgrade --install demo ./chart -n team-a --create-namespace -f vcluster.yaml
    """
    from vcli.operations.chart import write_chart  # noqa: PLC0415  --help must be quick

    written = await write_chart(folder)
    data = {"path": str(written.path), "version": written.version, "files": list(written.files)}
    columns = (Column("CHART", "path"), Column("VERSION", "version"))
    install = f"helm upgrade --install NAME {written.path} -n NAMESPACE --create-namespace"
    names = (str(written.path),)
    return Result(
        data=data, names=names, columns=columns, messages=(f"wrote chart {written.path}: {install}",)
    )
