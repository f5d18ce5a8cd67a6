"""``vcli verify``."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from vcli import inputs
from vcli.cli.options import Common, Name, command
from vcli.console import Output
from vcli.errors import UsageError
from vcli.result import Column, Result

if TYPE_CHECKING:
    from vcli.operations.verify.report import Report


class Profile(StrEnum):
    """What to judge by."""

    DEFAULT = "default"
    ISOLATED = "isolated"


class Format(StrEnum):
    """What stdout carries."""

    TEXT = "text"
    TABLE = "table"
    WIDE = "wide"
    JSON = "json"
    YAML = "yaml"
    NAME = "name"
    JUNIT = "junit"


def _neighbour(value: str) -> tuple[str, str]:
    """``NAMESPACE/NAME``."""
    namespace, slash, name = value.partition("/")
    if not slash:
        raise UsageError(
            f"--neighbour {inputs.shown(value)} is not NAMESPACE/NAME",
            hint="name the host namespace and the virtual cluster, as in team-b/demo",
        )
    return inputs.namespace(namespace), inputs.label(name)


def _image(value: str) -> str:
    return inputs.image(value, "--image")


@command
async def verify(
    name: Name,
    *,
    neighbour: Annotated[
        str | None,
        typer.Option(
            "--neighbour",
            metavar="NS/NAME",
            help="Another virtual cluster of the host, to be attacked too; a pod is made in it.",
        ),
    ] = None,
    profile: Annotated[
        Profile | None,
        typer.Option(
            "--profile", help="Judge by default or isolated; by the cluster's values if not given."
        ),
    ] = None,
    image: Annotated[
        str | None,
        typer.Option("--image", help="Image with python3 for the probe pod.  [default: the syncer's]"),
    ] = None,
    output: Annotated[
        Format | None,
        typer.Option(
            "--output", "-o", metavar="FORMAT",
            help="text, json, junit, yaml, name or wide. [VCLI_OUTPUT]",
        ),
    ] = None,
    common: Common,
) -> Result:  # fmt: skip
    r"""Try what a tenant could try, and report what got through.

    About a hundred attempts are made from inside, with the rights of the virtual cluster's administrator:
    pods that lead to the node, Services that take others' traffic, requests that lead out of its API,
    connections to the host and to a neighbour. Nothing is damaged, and all that was made is removed, on
    Ctrl-C too.

    Each is compared with what the profile promises. Exit code 0: nothing got through that should not; 1:
    something did; 4: something could not be found out.

    \b
    vcli verify demo
    vcli verify demo --neighbour team-b/other
    vcli verify demo --profile isolated -o junit > verify.xml
    """
    from vcli.operations.verify.run import verify_cluster  # noqa: PLC0415  --help must be quick
    from vcli.operations.verify.stage import Aim  # noqa: PLC0415

    if output is not None and output not in (Format.TEXT, Format.JUNIT):
        common.console.output = Output(output.value)
    if output is Format.TEXT:
        common.console.output = Output.TABLE
    aim = Aim(
        name=name,
        namespace=common.namespace,
        kubeconfig=common.kubeconfig,
        context=common.context,
        neighbour=None if neighbour is None else _neighbour(neighbour),
        image=None if image is None else _image(image),
        timeout=common.timeout,
    )
    report = await verify_cluster(
        aim, profile=None if profile is None else profile.value, steps=common.console
    )
    result = _junit(report) if output is Format.JUNIT else _result(report)
    if report.error is None:
        return result
    common.console.show(result)
    raise report.error


def _junit(report: "Report") -> Result:
    return Result(text=report.junit(), messages=(report.summary(),))


def _result(report: "Report") -> Result:
    from vcli.console import table  # noqa: PLC0415  drawn once

    data = report.data()
    columns = (
        Column("GROUP", "group"),
        Column("ATTEMPT", "name"),
        Column("EXPECTED", "expected"),
        Column("VERDICT", lambda row: "GOT THROUGH" if row["verdict"] == "gotThrough" else row["verdict"]),
        Column("TRIED", "title"),
        Column("OBSERVED", "observed"),
    )
    text = table(columns, data["attempts"])
    names = tuple(each["name"] for each in data["attempts"] if each["verdict"] == "gotThrough")
    return Result(data=data, text=text, names=names, messages=(report.summary(),))
