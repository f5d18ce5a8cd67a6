"""``vcli delete``."""

from typing import Annotated

import typer

from vcli.cli.options import Common, Name, Yes, command
from vcli.cli.peers import Driver, PeerDeleteOptions, note_driver
from vcli.result import Result


@command
async def delete(
    name: Name,
    *,
    ignore_not_found: Annotated[
        bool, typer.Option("--ignore-not-found", help="Succeed when there is none of that name.")
    ] = False,
    keep_pvc: Annotated[
        bool, typer.Option("--keep-pvc", help="Leave its volume claims: those of its store and of its pods.")
    ] = False,
    delete_namespace: Annotated[
        bool,
        typer.Option(
            "--delete-namespace",
            help="Delete the host namespace too; asks if it holds other things than the virtual cluster.",
        ),
    ] = False,
    yes: Yes = False,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until everything is gone.")] = True,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be removed.")] = False,
    driver: Driver = None,
    peers: PeerDeleteOptions,
    common: Common,
) -> Result:
    r"""Remove a virtual cluster and everything that was made for it.

    Also the contexts and tunnels that lead to it, and its namespace if create made that and nothing else is
    in it. Its pods get 30 seconds to end, or half of --timeout; those that do not end are removed by force,
    except with --keep-pvc. What could not be removed is named. Running it twice is fine.

    \b
    vcli delete demo
    vcli delete demo --keep-pvc
    """
    from vcli.operations.delete import DEFAULT_TIMEOUT, Options, delete_cluster  # noqa: PLC0415

    note_driver(driver, common.console)
    peers.note(common.console)
    options = Options(
        name=name,
        namespace=common.namespace,
        kubeconfig=common.kubeconfig,
        context=common.context,
        ignore_not_found=ignore_not_found,
        keep_pvc=keep_pvc,
        delete_namespace=delete_namespace,
        wait=wait,
        yes=yes,
        dry_run=dry_run,
        timeout=DEFAULT_TIMEOUT if common.timeout is None else common.timeout,
    )
    gone = await delete_cluster(options, steps=common.console, consent=common.console.confirm)
    data = {
        "name": gone.name,
        "namespace": gone.namespace,
        "found": gone.found,
        "removed": list(gone.removed),
        "kept": list(gone.kept),
        "contexts": list(gone.contexts),
    }
    where = f"virtual cluster {gone.name} in namespace {gone.namespace}"
    if not gone.found:
        return Result(data=data, text="", messages=(f"there is no {where}",))
    if dry_run:
        return Result(data=data, names=gone.removed, text="".join(f"{each}\n" for each in gone.removed))
    kept = (f"kept {', '.join(gone.kept)}",) if gone.kept else ()
    return Result(data=data, text="", messages=(f"deleted {where}", *kept))
