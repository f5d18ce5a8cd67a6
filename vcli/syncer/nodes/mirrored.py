"""Nodes that show the host's: labels, taints, capacity, conditions and addresses."""

from collections.abc import Callable, Collection, Sequence
from typing import Final

from vcli.kube.errors import ApiError, NotFound
from vcli.kube.resources import NODES
from vcli.kube.types import Object, conditions, is_terminating
from vcli.syncer.engine.context import SyncContext
from vcli.syncer.nodes.occupancy import Occupancy
from vcli.syncer.nodes.synthetic import SyntheticNodes
from vcli.syncer.sync.rejections import rejection, warn_on_rejection
from vcli.syncer.translate.mirrored_nodes import mirrored_node
from vcli.syncer.translate.node_changes import changes_for_host

_UNKNOWN: Final = "Unknown"


class MirroredNodes:
    """Nodes as the host has them; made up while it does not let us list them: see `NodeSource`.

    Args:
        ctx: both clusters; the host's has a cache of Nodes, which holds those that are selected.
        occupancy: what others use of them, where that matters inside.
    """

    def __init__(self, ctx: SyncContext, occupancy: Occupancy | None = None) -> None:
        self._ctx = ctx
        self._client = ctx.host.client
        self._nodes = ctx.host[NODES]
        self._settings = ctx.settings
        self._synthetic = SyntheticNodes(ctx)
        self._occupancy = occupancy

    async def node(self, name: str, *, internal_ips: Sequence[str], kubelet_port: int) -> Object | None:
        """The host's Node, with our kubelet's address."""
        if not self._nodes.available:
            return await self._synthetic.node(name, internal_ips=internal_ips, kubelet_port=kubelet_port)
        host = self._nodes.get(None, name)
        if host is None:  # a new one, which a pod has been faster to tell of; or one that is not selected
            try:
                host = await self._client.get(NODES, name)
            except NotFound:
                return None
        return mirrored_node(
            host,
            kubelet_host=self._settings.kubelet_host,
            kubelet_port=kubelet_port,
            images=self._settings.node_images,
            used=self._occupancy.of(name) if self._occupancy is not None else None,
            remember_values=self._settings.node_changes,
        )

    async def sync_back(self, node: Object) -> None:
        """Patch the host's Node; what the host rejects is said in an event, and changed back."""
        host = self._host(node["metadata"]["name"]) if self._settings.node_changes else None
        patch = changes_for_host(node, host) if host is not None else None
        if host is None or patch is None:
            return
        try:
            async with warn_on_rejection(self._ctx, NODES, node):
                await self._ctx.host.writer.patch(NODES, host, patch)
        except ApiError as error:
            if not rejection(error):  # as when it has changed meanwhile: the watch brings the Node here again
                raise

    def standing(self) -> Collection[str]:
        """All that are selected; with ``used``, none."""
        if self._settings.nodes == "used" or not self._nodes.available:
            return ()
        return {node["metadata"]["name"] for node in self._nodes.items()}

    def is_gone(self, name: str) -> bool:
        """Whether an up to date list of all nodes lacks it."""
        return self._nodes.available and not self._settings.node_labels and self._host(name) is None

    def is_alive(self, name: str) -> bool:
        """Whether the host's own controller has heard from it lately."""
        host = self._host(name)
        ready = (each["status"] for each in conditions(host) if each["type"] == "Ready") if host else ()
        return next(iter(ready), "") != _UNKNOWN

    def subscribe(self, handler: Callable[[str], None]) -> None:
        """Call it at each change of a host Node, and of what others use of it."""

        def changed(old: Object | None, new: Object | None) -> None:
            handler((new or old or {})["metadata"]["name"])

        self._nodes.subscribe(changed)
        if self._occupancy is not None:
            self._occupancy.subscribe(handler)

    def _host(self, name: str) -> Object | None:
        node = self._nodes.get(None, name)
        return None if node is None or is_terminating(node) else node
