"""What a virtual Node shows, and how long it stays."""

from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from vcli.kube.types import Object


class NodeSource(Protocol):
    """Where the Nodes of a virtual cluster come from."""

    async def node(self, name: str, *, internal_ips: Sequence[str], kubelet_port: int) -> Object | None:
        """The Node as it is to be, with its status.

        Args:
            name: of the node; the same on the host and in the virtual cluster.
            internal_ips: its addresses, as a pod on it has them.
            kubelet_port: the syncer's port for this node.

        Returns:
            None: the host has no such node.

        Raises:
            ApiError: as the host answers.
        """

    async def sync_back(self, node: Object) -> None:
        """Give to the host what a tenant has changed of a virtual Node, where that is asked for.

        Raises:
            ApiError: as the host answers.
        """

    def standing(self) -> Collection[str]:
        """The Nodes that there are whether pods use them or not."""

    def is_gone(self, name: str) -> bool:
        """Whether the host certainly has no such node any more."""

    def is_alive(self, name: str) -> bool:
        """Whether the host hears from its kubelet: then the virtual Node's lease is renewed."""

    def subscribe(self, handler: Callable[[str], None]) -> None:
        """Call ``handler(name)`` when there is another answer to one of these questions."""
