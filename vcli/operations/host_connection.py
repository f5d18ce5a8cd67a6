"""The way to the host: read from the kubeconfig once, and used by all that a command does there."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from vcli.kube.client import Client
from vcli.kubeconfig.auth import Loaded, load_access
from vcli.kubeconfig.model import IN_CLUSTER


@dataclass(frozen=True, slots=True)
class HostConnection:
    """An open connection to the host.

    Attributes:
        loaded: how the host was found.
        client: of the host, open.
    """

    loaded: Loaded
    client: Client

    @property
    def kubeconfig(self) -> str:
        """The files that its context is in, as KUBECONFIG would hold them; empty in a pod."""
        return "" if self.loaded.context_name == IN_CLUSTER else str(self.loaded.sources)


@contextlib.asynccontextmanager
async def connect_to_host(
    *, kubeconfig: str | None, context: str | None, shared: HostConnection | None = None
) -> AsyncIterator[HostConnection]:
    """A connection to the host while the block runs.

    Args:
        kubeconfig: ``--kubeconfig``.
        context: ``--context``.
        shared: one that is open already, and stays open: then the kubeconfig is not read again.

    Raises:
        VcliError: see `vcli.kubeconfig.auth.load_access`.
    """
    if shared is not None:
        yield shared
        return
    loaded = load_access(kubeconfig=kubeconfig, context=context)
    async with Client(loaded.access) as client:
        yield HostConnection(loaded, client)
