"""``vcli create``."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

import typer

from vcli.cli.connecting import check_destination, check_options, connect_to, host_of
from vcli.cli.manifests import manifests
from vcli.cli.options import Common, NewName, Yes, command
from vcli.cli.peers import PeerOptions
from vcli.cli.values import ResetValues, ValueOptions
from vcli.errors import UsageError
from vcli.invocation import vcli
from vcli.result import Result

if TYPE_CHECKING:
    from vcli.config import Given
    from vcli.operations.create import Options
    from vcli.operations.host_connection import HostConnection
    from vcli.operations.known import Known


@command
async def create(
    name: NewName,
    *,
    values: ValueOptions,
    upgrade: Annotated[
        bool,
        typer.Option("--upgrade", help="If it exists already, change it as 'vcli upgrade' does."),
    ] = False,
    reset_values: ResetValues = False,
    yes: Yes = False,
    connect: Annotated[
        bool | None,
        typer.Option(
            "--connect/--no-connect", help="Connect to it when it is ready. [default: connect, if it waits]"
        ),
    ] = None,
    update_current: Annotated[
        bool | None,
        typer.Option(
            "--update-current/--no-update-current",
            help="Switch the kubeconfig to it; otherwise write ./kubeconfig.yaml. [default: update-current]",
        ),
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Wait until it is ready; if not, nothing is connected.")
    ] = True,
    keep_on_failure: Annotated[
        bool, typer.Option("--keep-on-failure", help="Leave what was made when something fails.")
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Check the host and print what would be applied, or would change."),
    ] = False,
    create_namespace: Annotated[
        bool,
        typer.Option(
            "--create-namespace/--no-create-namespace", help="Create the namespace if there is none."
        ),
    ] = True,
    context_name: Annotated[
        str | None,
        typer.Option(
            "--context-name",
            "--kube-config-context-name",
            metavar="NAME",
            help="Name of the context when it is connected, not vcluster_NAME_NAMESPACE_PARENT.",
        ),
    ] = None,
    peers: PeerOptions,
    common: Common,
) -> Result:
    r"""Create a virtual cluster and connect to it.

    It lives in the namespace of -n, else in that of the current context, else (or if that is 'default') in
    vcluster-NAME, which is created. When something fails, what was made is removed again.

    It separates APIs: names, CRDs, RBAC. It does not keep its administrator from the host's nodes and from
    other namespaces' pods: --isolate does, and 'vcli verify NAME' tries it.

    \b
    vcli create demo
    vcli create demo -n team-a -f vcluster.yaml --set controlPlane.coredns.enabled=false
    vcli create demo --ephemeral --no-connect
    """
    if reset_values and not upgrade:
        raise UsageError("--reset-values is for a virtual cluster that exists", hint="add --upgrade")
    check_options(connect=connect, update_current=update_current, wait=wait)
    peers.note(common.console)
    read = values.read()
    connects = wait and connect is not False and not dry_run
    if context_name and not connects:
        raise UsageError("--context-name is for the context of a connection, and nothing is connected")
    current = update_current is not False
    if connects:
        await check_destination(common, update_current=current)
    if upgrade:
        from vcli.controlplane.names import check_name  # noqa: PLC0415

        check_name(name)
    # What makes no sense is said before a host is asked.
    options = (
        None
        if upgrade
        else _options(name, read, common, wait=wait, keep=keep_on_failure, creates_namespace=create_namespace)
    )
    async with host_of(common, shared=connects) as host:
        done: Done | None = None
        if upgrade:
            done = await _upgrade(
                name,
                read,
                common,
                host=host,
                reset=reset_values,
                dry=dry_run,
                wait=wait,
                keep=keep_on_failure,
                yes=yes,
            )
        if done is None:
            options = options or _options(
                name, read, common, wait=wait, keep=keep_on_failure, creates_namespace=create_namespace
            )
            done = await _create(options, common, host=host, dry=dry_run)
        if dry_run:
            return done.result
        data, said = dict(done.result.data), done.result.messages
        if connects:
            data["connection"], connected = await connect_to(
                name,
                done.namespace,
                common,
                host=host,
                known=done.known,
                update_current=current,
                context_name=context_name,
            )
            return Result(data=data, text="", messages=said + connected)
    way = vcli("connect", name, namespace=done.namespace)
    if wait:
        said += (f"{way} connects to it",)
    else:
        said += (f"it may not be ready yet, and is not connected: {way} waits for it and connects",)
    return Result(data=data, text="", messages=said)


@dataclass(frozen=True, slots=True)
class Done:
    """What was created or upgraded, before it is connected to."""

    namespace: str
    result: Result
    known: "Known | None" = None


def _options(
    name: str, read: "Given", common: Common, *, wait: bool, keep: bool, creates_namespace: bool
) -> "Options":
    """What is to be created.

    Raises:
        UsageError: the values or a name make no sense.
    """
    from vcli.operations.create import DEFAULT_TIMEOUT, Options  # noqa: PLC0415

    loaded = read.values()
    for warning in loaded.warnings:
        common.console.warn(warning)
    return Options(
        name=name,
        values=loaded,
        namespace=common.namespace,
        kubeconfig=common.kubeconfig,
        context=common.context,
        wait=wait,
        keep_on_failure=keep,
        create_namespace=creates_namespace,
        timeout=DEFAULT_TIMEOUT if common.timeout is None else common.timeout,
    )


async def _create(options: "Options", common: Common, *, host: "HostConnection | None", dry: bool) -> Done:
    from vcli.operations.create import create_cluster, plan_cluster  # noqa: PLC0415

    if dry:
        return Done("", manifests(await plan_cluster(options, steps=common.console)))
    created = await create_cluster(options, steps=common.console, host=host)
    data = {
        "name": created.name,
        "namespace": created.namespace,
        "version": created.version,
        "existed": False,
    }
    where = f"virtual cluster {created.name} in namespace {created.namespace}"
    said = f"created {where} (Kubernetes {created.version})"
    return Done(created.namespace, Result(data=data, messages=(said,)), created.known)


async def _upgrade(
    name: str,
    read: "Given",
    common: Common,
    *,
    host: "HostConnection | None",
    reset: bool,
    dry: bool,
    wait: bool,
    keep: bool,
    yes: bool,
) -> Done | None:
    """Change the one that is there; None if there is none."""
    from vcli.cli.reviewing import data_of, result_of, reviewer  # noqa: PLC0415
    from vcli.operations.upgrade import DEFAULT_TIMEOUT, Options, upgrade_if_there  # noqa: PLC0415

    options = Options(
        name=name,
        given=read,
        namespace=common.namespace,
        kubeconfig=common.kubeconfig,
        context=common.context,
        reset_values=reset,
        may_lose_data=yes,
        dry_run=dry,
        wait=wait,
        keep_on_failure=keep,
        timeout=DEFAULT_TIMEOUT if common.timeout is None else common.timeout,
    )
    review = reviewer(common, name=name, yes=yes)
    upgraded = await upgrade_if_there(options, review=review, steps=common.console, host=host)
    if upgraded is None:
        return None
    result = result_of(upgraded, dry_run=dry)
    if not dry:
        result = replace(result, data={**data_of(upgraded), "existed": True})
    return Done(upgraded.namespace, result, upgraded.known)
