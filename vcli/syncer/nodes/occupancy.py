"""How much of the host's nodes others use, so that a scheduler inside sees what is left of them."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

from vcli.kube.resources import PODS
from vcli.kube.types import Object
from vcli.syncer.engine.context import SyncContext
from vcli.syncer.translate.requests import uncounted, virtual_name

ALL_PODS: Final = "pods of all namespaces"
"""The key of the host's cache of pods of all namespaces, as `occupant`s."""
BY_OCCUPIED_NODE: Final = "occupied node"
_SETTLE: Final = 1.0
"""Seconds in which changes are gathered: many pods may start or end at once, and each costs a status."""


def by_occupied_node(kept: Object) -> tuple[str, ...]:
    """Indexer for `BY_OCCUPIED_NODE`."""
    return (kept["node"],) if "node" in kept else ()


class Occupancy:
    """What is requested of each node of the host beside what the virtual cluster counts itself.

    Nothing, while the host does not let us list the pods of all namespaces.

    Args:
        ctx: both clusters; the host's has a cache of `ALL_PODS`.
    """

    def __init__(self, ctx: SyncContext) -> None:
        self._ctx = ctx
        self._pods = ctx.host[ALL_PODS]
        self._handlers: list[Callable[[str], None]] = []
        self._changed: set[str] = set()
        self._pods.subscribe(self._pod_changed)
        self._pods.subscribe_availability(self._availability_changed)

    def of(self, node: str) -> Mapping[str, int]:
        """The amounts that a node has not for the virtual cluster, by resource."""
        if not self._pods.available:
            return {}
        occupants = self._pods.by_index(BY_OCCUPIED_NODE, node)
        return uncounted((kept, self._virtual(kept)) for kept in occupants)

    def subscribe(self, handler: Callable[[str], None]) -> None:
        """Call ``handler(node)`` some time after it has changed."""
        self._handlers.append(handler)

    def _virtual(self, kept: Object) -> Object | None:
        """The virtual pod of one of ours, if that is bound to the node too."""
        name = virtual_name(kept)
        found = self._ctx.in_virtual(PODS, name) if name is not None else None
        return found if found is not None and found["spec"].get("nodeName") == kept["node"] else None

    def _pod_changed(self, old: Object | None, new: Object | None) -> None:
        before, after = (_occupies(each) for each in (old, new))
        if before != after:
            self._note({node for node, _ in (before, after) if node})

    def _availability_changed(self, _: object) -> None:
        self._note({node for each in self._pods.items() for node in by_occupied_node(each)})

    def _note(self, nodes: set[str]) -> None:
        if nodes and not self._changed:
            asyncio.get_running_loop().call_later(_SETTLE, self._tell)
        self._changed |= nodes

    def _tell(self) -> None:
        nodes, self._changed = self._changed, set()
        for node in nodes:
            for handler in self._handlers:
                handler(node)


def _occupies(kept: Object | None) -> tuple[str, Mapping[str, int]]:
    return ("", {}) if kept is None else (kept.get("node", ""), kept.get("requests", {}))
