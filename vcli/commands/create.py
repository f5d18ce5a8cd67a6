"""``vcli create``."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from vcli.cli import values as given
from vcli.cli.options import Common, Name, command
from vcli.invocation import vcli, vcli_on_kubeconfig
from vcli.result import Result

if TYPE_CHECKING:
    from vcli.operations.create import Created, Options


@command
async def create(
    name: Name,
    *,
    values: given.Files = None,
    sets: given.Sets = None,
    distro: given.DistroOption = None,
    kubernetes_version: given.Version = None,
    ephemeral: given.Ephemeral = False,
    expose: given.ExposeOption = None,
    syncer_image: given.SyncerImage = None,
    upgrade: Annotated[
        bool, typer.Option("--upgrade", help="Change the virtual cluster if it exists already.")
    ] = False,
    connect: Annotated[
        bool, typer.Option("--connect/--no-connect", help="Connect to it when it is ready.")
    ] = True,
    update_current: Annotated[
        bool,
        typer.Option(
            "--update-current/--no-update-current",
            help="Switch the kubeconfig to it; otherwise write ./kubeconfig.yaml.",
        ),
    ] = True,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Wait until it is ready; without, nothing is connected.")
    ] = True,
    keep_on_failure: Annotated[
        bool, typer.Option("--keep-on-failure", help="Leave what was made when something fails.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check the host and print what would be applied.")
    ] = False,
    common: Common,
) -> Result:
    r"""Create a virtual cluster and connect to it.

    It lives in the namespace of -n, else in that of the current context, else (or if that is 'default') in
    vcluster-NAME, which is created. When something fails, what was made is removed again.

    \b
    vcli create demo
    vcli create demo -n team-a -f vcluster.yaml --set controlPlane.coredns.enabled=false
    vcli create demo --ephemeral --no-connect
    """
    from vcli.operations.create import DEFAULT_TIMEOUT, Options, create_cluster, plan_cluster  # noqa: PLC0415

    loaded = given.load(
        files=values,
        sets=sets,
        distro=distro,
        version=kubernetes_version,
        ephemeral=ephemeral,
        syncer_image=syncer_image,
        expose=expose,
    )
    for warning in loaded.warnings:
        common.console.warn(warning)
    options = Options(
        name=name,
        values=loaded,
        namespace=common.namespace,
        kubeconfig=common.kubeconfig,
        context=common.context,
        upgrade=upgrade,
        wait=wait,
        keep_on_failure=keep_on_failure,
        timeout=DEFAULT_TIMEOUT if common.timeout is None else common.timeout,
    )
    if dry_run:
        from vcli.controlplane.manifests import dump  # noqa: PLC0415

        objects = await plan_cluster(options, steps=common.console)
        return Result(data=objects, text=dump(objects))
    created = await create_cluster(options, steps=common.console)
    data, said = _described(created)
    if connect and wait:
        data["connection"], connected = await _connect(
            options, created, common, update_current=update_current
        )
        said += connected
    elif wait:
        said += (f"{vcli('connect', name, namespace=created.namespace)} connects to it",)
    return Result(data=data, text="", messages=said)


def _described(created: "Created") -> tuple[dict[str, Any], tuple[str, ...]]:
    data = {
        "name": created.name,
        "namespace": created.namespace,
        "version": created.version,
        "existed": created.existed,
    }
    done = "updated" if created.existed else "created"
    where = f"virtual cluster {created.name} in namespace {created.namespace}"
    return data, (f"{done} {where} (Kubernetes {created.version})",)


async def _connect(
    options: "Options", created: "Created", common: Common, *, update_current: bool
) -> tuple[dict[str, Any], tuple[str, ...]]:
    import asyncio  # noqa: PLC0415
    from pathlib import Path  # noqa: PLC0415

    from vcli.errors import VcliError  # noqa: PLC0415
    from vcli.kubeconfig.paths import sources  # noqa: PLC0415
    from vcli.operations.cancelling import raise_if_cancelled  # noqa: PLC0415
    from vcli.operations.connect import Options as Connection  # noqa: PLC0415
    from vcli.operations.connect import connect as connect_cluster  # noqa: PLC0415

    into = sources(common.kubeconfig if update_current else Path("kubeconfig.yaml"))
    connection = Connection(
        name=created.name,
        namespace=created.namespace,
        kubeconfig=options.kubeconfig,
        context=options.context,
        timeout=options.timeout,
    )
    # What was asked for exists: it stays, and only the way to it is missing.
    command = vcli("connect", created.name, namespace=created.namespace)
    ready = f"the virtual cluster itself is ready: {command}"
    try:
        raise_if_cancelled()
        connected = await connect_cluster(connection, into=into, steps=common.console)
    except VcliError as error:
        error.hint = f"{error.hint}; {ready}" if error.hint else ready
        raise
    except asyncio.CancelledError:
        common.console.warn(ready)
        raise
    data = {
        "context": connected.context,
        "server": connected.server,
        "kubeconfig": str(connected.kubeconfig),
    }
    if update_current:
        return data, (f"kubectl talks to it now, until '{vcli_on_kubeconfig('disconnect')}'",)
    return data, (f"to use it: export KUBECONFIG={connected.kubeconfig}",)
