"""The virtual Nodes, their kubelets and their leases.

A Node for each `spec.nodeName` in use, created when the first pod is bound to it and removed some time after
the last one that is not a DaemonSet's has gone; one that the tenant has cordoned, tainted or labelled stays,
and so do those that the source wants in any case. What a Node shows is the source's. All state is in the Node
itself: its kubelet's port is found there again after a restart. A Node without our label is the tenant's and
never touched.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from math import inf
from typing import Any, Final

from vcli.errors import NotFoundError, VcliError
from vcli.kube.errors import AlreadyExists, Conflict, NotFound
from vcli.kube.resources import LEASES, NODES
from vcli.kube.types import Object, labels, uid
from vcli.syncer.engine.context import SyncContext
from vcli.syncer.engine.log import Log
from vcli.syncer.kinds.indexes import is_daemon
from vcli.syncer.kubelet import KubeletServer
from vcli.syncer.nodes.source import NodeSource
from vcli.syncer.nodes.status import kubelet_port, refreshed_status
from vcli.syncer.translate.node_patch import patch_of_node
from vcli.syncer.translate.nodes import is_ours, lease
from vcli.syncer.translate.taints import says_something

log = Log(__name__)


LEASE_NAMESPACE: Final = "kube-node-lease"
# Seconds. The first two are the kubelet's own; the grace lets a rolling update replace the last pod of a
# node.
RENEW_EVERY: Final = 10.0
REPORT_EVERY: Final = 300.0
GRACE: Final = 30.0


class Nodes:
    """Keeps the virtual Nodes that pods need, and their kubelets listening.

    Args:
        ctx: both clusters.
        server: the kubelets.
        source: what Nodes there are, and what they show.
        pods_on: gives the virtual pods that are bound to a node.
    """

    name = "nodes"
    needs_leadership = True

    def __init__(
        self,
        ctx: SyncContext,
        server: KubeletServer,
        source: NodeSource,
        *,
        pods_on: Callable[[str], Iterable[Object]],
    ) -> None:
        self._source = source
        self._syncs_back = ctx.settings.node_changes
        self._client = ctx.virtual.client
        self._nodes = ctx.virtual[NODES]
        self._server = server
        self._pods_on = pods_on
        self._addresses: dict[str, tuple[str, ...]] = {}
        self._needed_at: dict[str, float] = {}
        self._reported_at: dict[str, float] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._woken: set[str] = set()
        self._wake = asyncio.Event()
        self._nodes.subscribe(self._changed)
        source.subscribe(self._source_changed)

    async def start(self) -> None:
        """Listen again for all Nodes that are ours, on the ports in them. The caches must be full."""
        for node in self._nodes.items():
            if is_ours(node):
                try:
                    await self._adopt(node)
                except VcliError as error:  # `run` tries again
                    log.warning("node not adopted", node=node["metadata"]["name"], error=error.message)

    async def ensure(self, name: str, *, internal_ips: Sequence[str]) -> None:
        """Make sure that a pod can be bound to a node.

        Args:
            name: of the node; the same on the host and in the virtual cluster.
            internal_ips: its addresses, `status.hostIPs` of a pod on it.

        Raises:
            ApiError: as the virtual API answers.
            ConflictError: no port is free.
            NotFoundError: the host has no such node.
        """
        self._needed_at[name] = _now()
        addresses = tuple(internal_ips)
        if self._is_ensured(name, addresses):
            return
        async with self._lock(name):
            # Many pods may come at once: the first created the Node while the others waited.
            if not self._is_ensured(name, addresses):
                self._addresses[name] = addresses or self._addresses.get(name, ())
                await self._report(name)

    async def run(self) -> None:
        """Renew leases, report status, and remove Nodes that nobody needs; until cancelled."""
        due, task = _now(), asyncio.current_task()
        # A request that ends just when this is cancelled must not keep it going.
        while task is None or not task.cancelling():
            self._wake.clear()
            names, woken = {*self._addresses, *self._source.standing()}, self._woken
            self._woken = set()
            if _now() < due:
                names &= woken
            else:
                due = _now() + RENEW_EVERY
            for name in names:
                try:
                    async with self._lock(name):
                        await self._reconcile(name)
                except VcliError as error:
                    log.warning("node not reconciled", node=name, error=error.message)
            with suppress(TimeoutError):
                async with asyncio.timeout_at(due):
                    await self._wake.wait()

    def _lock(self, name: str) -> asyncio.Lock:
        return self._locks.setdefault(name, asyncio.Lock())

    def _is_ensured(self, name: str, addresses: tuple[str, ...]) -> bool:
        node = self._nodes.get(None, name)
        if node is None or not is_ours(node):
            return node is not None
        return name in self._addresses and (not addresses or self._addresses[name] == addresses)

    def _changed(self, old: Object | None, new: Object | None) -> None:
        """Somebody deleted a Node of ours: it must come back before its pods are taken for lost.

        Or somebody changed it, and the host's is to follow.
        """
        if new is None and old is not None and old["metadata"]["name"] in self._addresses:
            self._wake_for(old["metadata"]["name"])
        elif self._syncs_back and new is not None and old is not None and _says(old) != _says(new):
            self._source_changed(new["metadata"]["name"])

    def _source_changed(self, name: str) -> None:
        """The host's Node has changed, or ours: one is to follow the other now."""
        self._reported_at.pop(name, None)
        self._wake_for(name)

    def _wake_for(self, name: str) -> None:
        self._woken.add(name)
        self._wake.set()

    async def _adopt(self, node: Object) -> None:
        name = node["metadata"]["name"]
        addresses = node.get("status", {}).get("addresses") or ()
        self._addresses[name] = tuple(a["address"] for a in addresses if a["type"] == "InternalIP")
        self._needed_at[name] = _now()
        async with self._lock(name):
            await self._server.listen(name, kubelet_port(node))
            await self._report(name)

    async def _reconcile(self, name: str) -> None:
        node = self._nodes.get(None, name)
        if node is not None and not is_ours(node):
            # The tenant took its label off, or created one of this name.
            await self._forget(name)
            return
        if self._source.is_gone(name):
            await self._remove(name, node)
            return
        if self._is_needed(name, node):
            self._needed_at[name] = _now()
        if _now() - self._needed_at.get(name, 0.0) > GRACE:
            await self._remove(name, node)
        elif node is None or _now() - self._reported_at.get(name, -inf) > REPORT_EVERY:
            await self._report(name)
        else:
            await self._renew(name, node)

    def _is_needed(self, name: str, node: Object | None) -> bool:
        if name in self._source.standing() or (node is not None and says_something(node)):
            return True
        return any(not is_daemon(pod) for pod in self._pods_on(name))

    async def _report(self, name: str) -> None:
        """Create the Node or update its status, and its lease."""
        # Before anything is read: a change that comes while it is written takes this away again, so that the
        # Node is written once more.
        self._reported_at[name] = _now()
        try:
            await self._write(name)
        except BaseException:
            self._reported_at.pop(name, None)
            raise

    async def _write(self, name: str) -> None:
        port = await self._server.listen(name)
        addresses = self._addresses.setdefault(name, ())
        known = self._nodes.get(None, name)
        if known is not None and is_ours(known):
            await self._source.sync_back(known)
        fresh = await self._source.node(name, internal_ips=addresses, kubelet_port=port)
        if fresh is None:
            raise NotFoundError(f"the host has no node {name}")
        # What was synced back, and no newer one: a tenant's change since is a conflict, and synced first.
        node = known or self._nodes.get(None, name)
        if node is None:
            try:
                # A kubelet registers with its status as well: the API takes it on create, for nodes alone.
                node = await self._client.create(NODES, fresh)
                log.info("node created", node=name, port=port)
            except AlreadyExists:
                node = await self._client.get(NODES, name)
        if not is_ours(node):
            return
        node = await self._update(node, fresh)
        self._nodes.store(node)
        await self._renew(name, node)

    async def _update(self, node: Object, fresh: Object) -> Object:
        name = node["metadata"]["name"]
        if patch := patch_of_node(node, fresh):
            version = {"resourceVersion": node["metadata"]["resourceVersion"]}
            patch["metadata"] = {**patch.get("metadata", {}), **version}
            node = await self._client.patch(NODES, name, patch)
        status = refreshed_status(node.get("status") or {}, fresh["status"])
        return await self._client.patch(NODES, name, {"status": status}, subresource="status")

    async def _renew(self, name: str, node: Object | None) -> None:
        if not self._source.is_alive(name):
            return
        now = _timestamp(timespec="microseconds")
        try:
            await self._client.patch(LEASES, name, {"spec": {"renewTime": now}}, namespace=LEASE_NAMESPACE)
        except NotFound:
            body = lease(name, now=now, node_uid=uid(node) if node else None)
            await self._client.create(LEASES, body, namespace=LEASE_NAMESPACE)

    async def _remove(self, name: str, node: Object | None) -> None:
        # From here on `ensure` must not take the Node for granted: it waits for us, and creates a new one.
        self._addresses.pop(name, None)
        with suppress(NotFound, Conflict):
            if node is not None:
                await self._client.delete(NODES, name, uid=uid(node))
        with suppress(NotFound):
            await self._client.delete(LEASES, name, namespace=LEASE_NAMESPACE)
        log.info("node removed, no pod needs it", node=name)
        await self._forget(name)

    async def _forget(self, name: str) -> None:
        await self._server.stop(name)
        for known in (self._addresses, self._needed_at, self._reported_at):
            known.pop(name, None)


def _says(node: Object) -> tuple[Any, ...]:
    spec = node.get("spec") or {}
    return labels(node), spec.get("taints"), spec.get("unschedulable")


def _now() -> float:
    return asyncio.get_running_loop().time()


def _timestamp(*, timespec: str = "seconds") -> str:
    return datetime.now(UTC).isoformat(timespec=timespec).replace("+00:00", "Z")
