"""``vcli pause``."""

from typing import Annotated

import typer

from vcli.cli.options import Common, Name, Yes, command
from vcli.cli.peers import Driver, note_driver
from vcli.invocation import vcli
from vcli.result import Result


@command
async def pause(
    name: Name,
    *,
    yes: Yes = False,
    wait: Annotated[
        bool,
        typer.Option(
            "--wait/--no-wait",
            help="Wait until the pods have ended, each in its own grace, up to half of --timeout.",
        ),
    ] = True,
    driver: Driver = None,
    common: Common,
) -> Result:
    r"""Stop a virtual cluster, and keep its data.

    The control plane is scaled to zero, and the pods that run are removed from the host. Services, volumes,
    Secrets, addresses and pods that have ended stay. 'vcli resume' and 'vcli connect' start it again, and its
    pods come back. Pausing it twice is fine.

    One that keeps its data in its pod only (--ephemeral) loses it: that takes --yes, or your consent on the
    terminal.

    \b
    vcli pause demo
    vcli resume demo
    """
    from vcli.operations.pause import DEFAULT_TIMEOUT, Options, pause_cluster  # noqa: PLC0415  --help must be quick

    note_driver(driver, common.console)
    options = Options(
        name=name,
        namespace=common.namespace,
        kubeconfig=common.kubeconfig,
        context=common.context,
        may_lose_data=yes,
        wait=wait,
        timeout=DEFAULT_TIMEOUT if common.timeout is None else common.timeout,
    )
    paused = await pause_cluster(options, steps=common.console, consent=common.console.confirm)
    data = {
        "name": paused.name,
        "namespace": paused.namespace,
        "status": "Paused",
        "changed": paused.changed,
        "removedPods": paused.pods,
    }
    where = f"virtual cluster {paused.name} in namespace {paused.namespace}"
    resume = f"{vcli('resume', paused.name, namespace=paused.namespace)} starts it again"
    said = f"paused {where}" if paused.changed else f"{where} is paused already"
    pods = f", pods removed: {paused.pods}" if paused.pods else ""
    return Result(data=data, text="", messages=(f"{said}{pods}; {resume}",))
