"""Nodes that are made up, for host nodes that we have no right to read."""

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime

from vcli.kube.types import Object
from vcli.syncer.engine.context import SyncContext
from vcli.syncer.nodes.status import architecture, declared_features
from vcli.syncer.translate.nodes import synthetic_node


class SyntheticNodes:
    """A Node for each ``spec.nodeName`` in use, healthy as long as it is used: see `NodeSource`.

    Args:
        ctx: both clusters.
    """

    def __init__(self, ctx: SyncContext) -> None:
        self._settings = ctx.settings
        self._host_version = ctx.host_version

    async def node(self, name: str, *, internal_ips: Sequence[str], kubelet_port: int) -> Object | None:
        """The Node, by what a pod on it tells."""
        node = synthetic_node(
            name,
            internal_ips=internal_ips,
            kubelet_host=self._settings.kubelet_host,
            kubelet_port=kubelet_port,
            kubernetes_version=self._settings.kubernetes_version,
            now=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            architecture=architecture(),
        )
        node["status"]["declaredFeatures"] = declared_features(self._host_version.known)
        return node

    async def sync_back(self, node: Object) -> None:
        """The host's Nodes can't be reached."""

    def standing(self) -> Collection[str]:
        """None: each is there for its pods."""
        return ()

    def is_gone(self, name: str) -> bool:  # noqa: ARG002
        """Nobody tells."""
        return False

    def is_alive(self, name: str) -> bool:  # noqa: ARG002
        """Nobody says that it is not."""
        return True

    def subscribe(self, handler: Callable[[str], None]) -> None:
        """Nothing ever changes."""
