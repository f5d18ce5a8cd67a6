"""Connecting at the end of a create: what can be had together, where to, and the connection itself."""

import contextlib
from typing import TYPE_CHECKING, Any

from vcli.cli.options import Common
from vcli.errors import UsageError
from vcli.invocation import vcli, vcli_on_kubeconfig

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from vcli.kubeconfig.paths import Sources
    from vcli.operations.host_connection import HostConnection
    from vcli.operations.known import Known


@contextlib.asynccontextmanager
async def host_of(common: Common, *, shared: bool) -> "AsyncIterator[HostConnection | None]":
    """One connection to the host for creating and connecting; None where there is only one thing to do."""
    if not shared:
        yield None
        return
    from vcli.operations.host_connection import connect_to_host  # noqa: PLC0415

    async with connect_to_host(kubeconfig=common.kubeconfig, context=common.context) as host:
        yield host


def check_options(*, connect: bool | None, update_current: bool | None, wait: bool) -> None:
    """See that what was asked for can be had together.

    Raises:
        UsageError: it can't.
    """
    if connect and not wait:
        raise UsageError(
            "--connect needs a virtual cluster that is ready, so not with --no-wait",
            hint="leave one of them out; or run vcli connect later: it waits until it is ready",
        )
    if update_current and (connect is False or not wait):
        other = "--no-connect" if connect is False else "--no-wait"
        raise UsageError(f"with {other} nothing is connected, so --update-current has no effect")


def _destination(common: Common, *, update_current: bool) -> "Sources":
    from pathlib import Path  # noqa: PLC0415

    from vcli.kubeconfig.paths import sources  # noqa: PLC0415

    return sources(common.kubeconfig if update_current else Path("kubeconfig.yaml"))


async def check_destination(common: Common, *, update_current: bool) -> None:
    """What connecting needs on this machine is missed before there is a virtual cluster, and not after."""
    import asyncio  # noqa: PLC0415

    from vcli.operations import destination  # noqa: PLC0415

    await asyncio.to_thread(
        destination.check_destination, _destination(common, update_current=update_current)
    )


async def connect_to(
    name: str,
    namespace: str,
    common: Common,
    *,
    host: "HostConnection | None",
    known: "Known | None",
    update_current: bool,
    context_name: str | None = None,
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Connect to what was created or changed.

    Returns:
        The connection as JSON, and lines for people.

    Raises:
        VcliError: it can't be connected to; the hint says that it exists.
    """
    import asyncio  # noqa: PLC0415

    from vcli.errors import VcliError  # noqa: PLC0415
    from vcli.operations.cancelling import raise_if_cancelled  # noqa: PLC0415
    from vcli.operations.connect import Options as Connection  # noqa: PLC0415
    from vcli.operations.connect import connect as connect_cluster  # noqa: PLC0415
    from vcli.operations.create import DEFAULT_TIMEOUT  # noqa: PLC0415

    into = _destination(common, update_current=update_current)
    connection = Connection(
        name=name,
        namespace=namespace,
        kubeconfig=common.kubeconfig,
        context=common.context,
        timeout=DEFAULT_TIMEOUT if common.timeout is None else common.timeout,
        context_name=context_name,
    )
    # What was asked for exists: it stays, and only the way to it is missing.
    ready = f"the virtual cluster itself is ready: {vcli('connect', name, namespace=namespace)}"
    try:
        raise_if_cancelled()
        connected = await connect_cluster(connection, into=into, steps=common.console, host=host, known=known)
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
    way = f" at {connected.server}, without a tunnel" if connected.direct else ""
    if update_current:
        return data, (f"kubectl talks to it now{way}, until '{vcli_on_kubeconfig('disconnect')}'",)
    return data, (f"to use it{way}: export KUBECONFIG={connected.kubeconfig}",)
