"""``vcli use driver`` and ``vcli telemetry disable``: settings of loft-sh's CLI that scripts begin with."""

from typing import Annotated

import typer

from vcli.cli.groups import Group
from vcli.cli.options import Common
from vcli.cli.peers import DriverName, note_driver
from vcli.result import Result

use = Group("Accepted for scripts written for loft-sh's CLI; there is nothing to choose.")
telemetry = Group("Accepted for scripts written for loft-sh's CLI; vcli sends nothing.")


@use.command("driver")
def driver(
    name: Annotated[DriverName, typer.Argument(metavar="NAME", help="helm.")], *, common: Common
) -> Result:
    """Accept helm; vcli works in the same way, and needs no Helm.

    vcli use driver helm
    """
    note_driver(name, common.console, "use driver")
    return Result(data={"driver": name.value}, names=(f"driver/{name.value}",), text="")


@telemetry.command("disable")
def disable(*, common: Common) -> Result:
    """Accept it; vcli sends nothing to anybody but Kubernetes.

    vcli telemetry disable
    """
    common.console.warn("telemetry disable has no effect: vcli sends none")
    return Result(data={"enabled": False}, names=("telemetry/disabled",), text="")
