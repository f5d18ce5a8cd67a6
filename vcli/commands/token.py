"""``vcli token``."""

import json
import os
from typing import Annotated

import typer

from vcli.cli.options import Common, Name, command
from vcli.result import Result


@command
async def token(
    name: Name,
    *,
    tunnel: Annotated[
        str | None,
        typer.Option("--tunnel", metavar="ADDRESS:PORT", help="See that a tunnel to it listens there."),
    ] = None,
    authority: Annotated[
        str | None,
        typer.Option(
            "--authority",
            metavar="FINGERPRINT",
            help="Fail if its certificate authority is another one, as after it was created again.",
        ),
    ] = None,
    common: Common,
) -> Result:
    """Print the credentials of a virtual cluster, as kubectl asks for them.

    The contexts that 'vcli connect' writes use it, so that a tunnel that has ended is started by the next
    kubectl. It takes ten seconds at most, or --timeout.
    """
    from vcli.operations.token import credential  # noqa: PLC0415  --help must be quick

    found = await credential(
        name,
        namespace=common.namespace,
        kubeconfig=common.kubeconfig,
        context=common.context,
        tunnel=tunnel,
        authority=authority,
        timeout=common.timeout,
        environ=os.environ,
    )
    return Result(text=json.dumps(found))
