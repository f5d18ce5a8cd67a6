"""``vcli resume``."""

from typing import Annotated

import typer

from vcli.cli.options import Common, Name, command
from vcli.cli.peers import Driver, note_driver
from vcli.invocation import vcli
from vcli.result import Result


@command
async def resume(
    name: Name,
    *,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until it is ready.")] = True,
    driver: Driver = None,
    common: Common,
) -> Result:
    r"""Start a virtual cluster that was paused, by vcli or by loft-sh's CLI.

    Its control plane gets as many pods as before; then its own pods come back. 'vcli connect' does the same.

    \b
    vcli resume demo
    """
    from vcli.operations.pause import DEFAULT_TIMEOUT, Options, resume_cluster  # noqa: PLC0415  --help must be quick

    note_driver(driver, common.console)
    options = Options(
        name=name,
        namespace=common.namespace,
        kubeconfig=common.kubeconfig,
        context=common.context,
        wait=wait,
        timeout=DEFAULT_TIMEOUT if common.timeout is None else common.timeout,
    )
    resumed = await resume_cluster(options, steps=common.console)
    data = {
        "name": resumed.name,
        "namespace": resumed.namespace,
        "status": "Running" if wait else "Starting",
        "changed": resumed.changed,
    }
    where = f"virtual cluster {resumed.name} in namespace {resumed.namespace}"
    connect = f"{vcli('connect', resumed.name, namespace=resumed.namespace)} connects to it"
    said = f"resumed {where}" if resumed.changed else f"{where} is not paused"
    return Result(data=data, text="", messages=(f"{said}; {connect}",))
