"""``vcli connect``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vcli import inputs
from vcli.cli.completing import complete_files
from vcli.cli.options import Common, Name, command
from vcli.cli.peers import BackgroundProxy, Driver, in_foreground, note_driver
from vcli.cli.readers import file_to_write
from vcli.errors import UsageError
from vcli.invocation import vcli_on_kubeconfig
from vcli.result import Result

if TYPE_CHECKING:
    from vcli.kubeconfig.paths import Sources
    from vcli.operations.connect import Connected, Options


@command
async def connect(
    name: Name,
    child: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[-- CMD...]", help="Run this against the virtual cluster instead.", show_default=False
        ),
    ] = None,
    *,
    update_current: Annotated[
        bool | None,
        typer.Option(
            "--update-current/--no-update-current",
            help="Add a context to the kubeconfig and switch to it; otherwise write ./kubeconfig.yaml. "
            "[default: update-current]",
        ),
    ] = None,
    kube_config: Annotated[
        Path | None,
        typer.Option(
            "--kube-config",
            metavar="PATH",
            help="Write to this kubeconfig instead of the current one.",
            parser=file_to_write,
            autocompletion=complete_files,
        ),
    ] = None,
    print_: Annotated[
        bool, typer.Option("--print", help="Print a kubeconfig on stdout, and write none.")
    ] = False,
    foreground: Annotated[
        bool, typer.Option("--foreground", help="Keep the tunnel in this process, until Ctrl-C.")
    ] = False,
    local_port: Annotated[
        int,
        typer.Option(
            "--local-port",
            metavar="PORT",
            help="Local port of the tunnel; 0 takes a free one.",
            parser=inputs.port,
        ),
    ] = 0,
    address: Annotated[
        str,
        typer.Option("--address", metavar="IP", help="Local address of the tunnel.", parser=inputs.address),
    ] = "127.0.0.1",
    server: Annotated[
        str | None,
        typer.Option("--server", metavar="URL", help="Reach the virtual API at this URL, without a tunnel."),
    ] = None,
    service_account: Annotated[
        str | None,
        typer.Option(
            "--service-account",
            metavar="[NS/]NAME",
            help="Connect with a token of this ServiceAccount, which is made if it does not exist.",
            parser=inputs.service_account,
        ),
    ] = None,
    cluster_role: Annotated[
        str | None,
        typer.Option(
            "--cluster-role",
            metavar="ROLE",
            help="Bind this ClusterRole to that ServiceAccount.",
            parser=inputs.role,
        ),
    ] = None,
    token_expiration: Annotated[
        float | None,
        typer.Option(
            "--token-expiration",
            metavar="TIME",
            help="Life of that token: 3600, 12h; a day by default.",
            parser=inputs.token_life,
        ),
    ] = None,
    inline_key: Annotated[
        bool | None,
        typer.Option(
            "--inline-key/--no-key",
            help="Write the key, for clients that can't run 'vcli token', as in a container. Without it"
            " kubectl asks 'vcli token', which also starts a tunnel that has ended.",
            show_default=False,
        ),
    ] = None,
    context_name: Annotated[
        str | None,
        typer.Option(
            "--context-name",
            "--kube-config-context-name",
            metavar="NAME",
            help="Name of the context, not vcluster_NAME_NAMESPACE_PARENT.",
        ),
    ] = None,
    driver: Driver = None,
    background_proxy: BackgroundProxy = None,
    common: Common,
) -> Result:
    r"""Point kubectl, or one command, at a virtual cluster.

    Without a command it returns at once: a tunnel in the background serves the new context until
    'vcli disconnect'. With one, only that command sees the virtual cluster, and its exit code is ours.

    \b
    vcli connect demo
    vcli connect demo -- kubectl get namespaces
    vcli connect demo -- bash
    vcli connect demo --print > demo.yaml
    """
    from vcli.operations.connect import Options  # noqa: PLC0415  --help must be quick

    note_driver(driver, common.console)
    foreground = in_foreground(foreground, background_proxy, child=bool(child), console=common.console)
    options = Options(
        name=name,
        namespace=common.namespace,
        kubeconfig=common.kubeconfig,
        context=common.context,
        timeout=common.timeout,
        address=address,
        local_port=local_port,
        server=server,
        service_account=service_account,
        cluster_role=cluster_role,
        token_life=token_expiration,
        context_name=context_name,
        foreground=foreground,
        inline_key=inline_key,
    )
    _check_destination(
        {"the command": bool(child), "--print": print_, "--kube-config": kube_config is not None},
        update_current=update_current,
        foreground=foreground,
    )
    if child:
        return await _run_child(options, child, common)
    current = update_current is not False
    into = _destination(update_current=current, kube_config=kube_config, print_=print_, common=common)
    if foreground:
        return await _stay(options, into, common)
    from vcli.operations.connect import connect as connect_cluster  # noqa: PLC0415

    connected = await connect_cluster(options, into=into, steps=common.console)
    return _result(connected, into, current=current and not kube_config)


def _check_destination(asked: dict[str, bool], *, update_current: bool | None, foreground: bool) -> None:
    """See that one place only was named to put the way to the virtual cluster.

    Raises:
        UsageError: there are several.
    """
    places = [place for place, chosen in asked.items() if chosen]
    if foreground and asked["the command"]:
        places.append("--foreground")
    if update_current and places:
        places.append("--update-current")
    if update_current is False and asked["the command"]:
        places.append("--no-update-current")
    if len(places) > 1:
        hint = "a command gets a kubeconfig of its own" if asked["the command"] else "choose one"
        raise UsageError(f"{' and '.join(places)} don't go together", hint=hint)


def _destination(
    *, update_current: bool, kube_config: Path | None, print_: bool, common: Common
) -> "Sources | None":
    from vcli.kubeconfig.paths import sources  # noqa: PLC0415

    if print_:
        return None
    if kube_config is not None:
        return sources(kube_config)
    return sources(common.kubeconfig if update_current else Path("kubeconfig.yaml"))


async def _run_child(options: "Options", child: list[str], common: Common) -> Result:
    from vcli.operations.child import run_child  # noqa: PLC0415

    return Result(exit_code=await run_child(options, child, steps=common.console))


async def _stay(options: "Options", into: "Sources | None", common: Common) -> Result:
    from vcli.operations.connect import foreground  # noqa: PLC0415

    def ready(connected: "Connected") -> None:
        common.console.show(_result(connected, into, current=False))
        common.console.info("press Ctrl-C to disconnect")

    await foreground(options, into=into, steps=common.console, ready=ready)
    return Result()


def _result(connected: "Connected", into: "Sources | None", *, current: bool) -> Result:
    if into is None:
        from vcli import yaml  # noqa: PLC0415

        written = yaml.dump(connected.document)
        return Result(data=connected.document, names=(connected.context,), text=written, yaml=written)
    data: dict[str, Any] = {
        "name": connected.name,
        "namespace": connected.namespace,
        "context": connected.context,
        "server": connected.server,
        "kubeconfig": str(connected.kubeconfig),
        "tunnel": {"pid": connected.tunnel.pid, "port": connected.tunnel.port} if connected.tunnel else None,
    }
    said: tuple[str, ...]
    where = f"virtual cluster {connected.name}"
    if connected.direct:
        where += f" at {connected.server}, without a tunnel"
    if current:
        said = (
            f"connected to {where}: kubectl talks to it now",
            f"{vcli_on_kubeconfig('disconnect')} goes back to the context from before",
        )
    else:
        said = (f"connected to {where}: export KUBECONFIG={connected.kubeconfig}",)
    return Result(data=data, text="", messages=said)
