"""A virtual cluster that answers on this machine, and what leads there, made once for all who need it."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vcli.kube.types import Object
from vcli.kubeconfig.merge import standalone
from vcli.kubeconfig.model import Entry
from vcli.kubeconfig.private import private_kubeconfig
from vcli.operations.endpoint import Endpoint
from vcli.portforward.state import TunnelState
from vcli.portforward.tunnel import Tunnel

if TYPE_CHECKING:
    from vcli.operations.target import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """What a program needs that is to work in a virtual cluster.

    Attributes:
        kubeconfig: a file of mode 0600.
        variables: KUBECONFIG, VCLI_NAME, VCLI_NAMESPACE.
    """

    kubeconfig: Path
    variables: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A virtual cluster that answers on this machine.

    Attributes:
        target: the virtual cluster.
        endpoint: where it answers: its own, or the tunnel's.
        entry: of kubeconfigs.
        asks: the entry has kubectl ask us for the credentials; otherwise they are in it.
        tunnel: in this process, if there is one.
        state: of the tunnel in the background, if there is one.
    """

    target: "Target"
    endpoint: Endpoint
    entry: Entry
    asks: bool
    tunnel: Tunnel | None
    state: TunnelState | None

    @property
    def document(self) -> Object:
        """A kubeconfig with the one entry."""
        return standalone(self.entry)

    @contextlib.contextmanager
    def environment(self) -> Iterator[Environment]:
        """A kubeconfig of its own while the block runs, and the variables that lead to it."""
        with private_kubeconfig(self.document) as path:
            variables = {
                "KUBECONFIG": str(path),
                "VCLI_NAME": self.target.cluster.name,
                "VCLI_NAMESPACE": self.target.cluster.namespace,
            }
            yield Environment(kubeconfig=path, variables=variables)

    async def until_closed(self) -> None:
        """Wait until the tunnel in this process is closed, which is when the block of `Target.open` ends."""
        if self.tunnel is not None:
            await self.tunnel.serve_forever()
