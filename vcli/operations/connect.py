"""Connecting to a virtual cluster: reach it, and write down how."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from vcli import invocation
from vcli.kube.types import Object
from vcli.kubeconfig.change import Warn, add, drop
from vcli.kubeconfig.paths import Sources
from vcli.operations.cancelling import raise_if_cancelled, to_its_end
from vcli.operations.connection import Options
from vcli.operations.host_connection import HostConnection
from vcli.operations.known import Known
from vcli.operations.opened import Opened
from vcli.operations.steps import Steps
from vcli.operations.target import target
from vcli.operations.token import keep
from vcli.operations.tunnel_uses import follow
from vcli.portforward import background, state
from vcli.portforward.state import TunnelState, Use

__all__ = ["Connected", "Options", "connect", "foreground"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """A connection that a kubeconfig speaks of.

    Attributes:
        name: of the virtual cluster.
        namespace: on the host.
        context: of the virtual cluster.
        server: URL of the virtual API.
        kubeconfig: the file that the context was written to, None when it was not.
        tunnel: in the background, None if there is none.
        direct: the virtual API is reached without a tunnel.
        document: a kubeconfig with this one entry.
    """

    name: str
    namespace: str
    context: str
    server: str
    kubeconfig: Path | None
    tunnel: TunnelState | None
    direct: bool
    document: Object


async def connect(
    options: Options,
    *,
    into: Sources | None,
    steps: Steps,
    host: HostConnection | None = None,
    known: Known | None = None,
) -> Connected:
    """Connect, with a tunnel in the background where one is needed.

    Args:
        options: what to connect to, and how.
        into: the kubeconfig that gets a context, which becomes its current one; None to write none.
        steps: is informed of progress.
        host: an open connection to the host, if there is one.
        known: what is known of the virtual cluster, which the host is not asked for again.

    Raises:
        ConflictError: a context of that name is not ours; or the local port is taken.
        VcliError: see `vcli.operations.target.target`.
    """
    async with target(options, steps=steps, host=host, known=known) as found:
        if found.endpoint is None and (warning := await asyncio.to_thread(state.check)):
            steps.warn(warning)
        async with found.open(lasting=True) as opened:
            connected = await _record(opened, into=into, steps=steps)
            # The port of the last tunnel was taken, or another one is wanted now: the others follow.
            if opened.state and (moved := await to_its_end(follow, opened.state)):
                port = opened.state.port
                steps.warn(f"the tunnel listens on port {port} now; changed: {', '.join(moved)}")
            return connected


async def foreground(
    options: Options, *, into: Sources | None, steps: Steps, ready: Callable[[Connected], None]
) -> None:
    """Connect with a tunnel in this process; until cancelled, then everything is as it was.

    Args:
        options: what to connect to, and how.
        into: the kubeconfig that has a context meanwhile; None for none.
        steps: is informed of progress.
        ready: called once it is connected.

    Raises:
        VcliError: see `connect`.
    """
    async with target(options, steps=steps) as found, found.open() as opened:
        connected = await _record(opened, into=into, steps=steps)
        try:
            raise_if_cancelled()
            ready(connected)
            invocation.lift_deadline()
            await opened.until_closed()
        finally:
            if into is not None:
                drop(into, lambda _: [connected.context], warn=steps.warn)


async def _record(opened: Opened, *, into: Sources | None, steps: Steps) -> Connected:
    """Write it down. What asks us to end while the file is being written comes too late."""
    if into is not None:
        await to_its_end(_write_down, into, opened, warn=steps.warn)
    if opened.asks:
        await to_its_end(keep, opened.target.tunnel_spec, opened.target.credentials)
    cluster = opened.target.cluster
    return Connected(
        name=cluster.name,
        namespace=cluster.namespace,
        context=opened.entry.name,
        server=opened.endpoint.server,
        kubeconfig=into.default if into else None,
        tunnel=opened.state,
        direct=opened.target.endpoint is not None,
        document=opened.document,
    )


def _write_down(into: Sources, opened: Opened, *, warn: Warn) -> None:
    file = add(into, opened.entry, make_current=True, warn=warn)
    if opened.state is not None:
        background.record_use(opened.state, Use(str(file), opened.entry.name))
