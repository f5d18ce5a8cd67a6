"""Several syncers of one virtual cluster: one leads, the others are ready to, and serve as kubelets."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Final

from vcli.contract.labels import CLUSTER
from vcli.contract.settings import Settings
from vcli.errors import VcliError
from vcli.kube.access import Access
from vcli.kube.client import Client
from vcli.kube.resources import NODES
from vcli.kube.types import Object
from vcli.syncer.engine.context import SyncContext
from vcli.syncer.engine.election import Election, Timing
from vcli.syncer.engine.gates import Gates
from vcli.syncer.engine.log import Log
from vcli.syncer.engine.runnables import Runnable, Work
from vcli.syncer.kubelet import KubeletServer
from vcli.syncer.nodes.status import kubelet_port
from vcli.syncer.translate.nodes import is_ours

log = Log("vcli.syncer.leadership")

_TRY_AGAIN: Final = 1.0


class Leadership:
    """Who leads. Without an election, as where there is one syncer, this one does.

    Args:
        election: None without.
    """

    def __init__(self, election: Election | None) -> None:
        self._election = election
        self._standby: StandbyKubelets | None = None

    def runnables(self, ctx: SyncContext, server: KubeletServer, gates: Gates) -> list[Runnable]:
        """What runs in each syncer for it."""
        election = self._election
        if election is None:
            return []
        self._standby = StandbyKubelets(ctx, server)

        async def wait_ready() -> None:
            """One that could lead at once is ready, if there is a virtual cluster to lead."""
            for caches in (ctx.virtual, ctx.host):
                await caches.wait_synced()
            await election.is_set_up.wait()
            gates.excuse()

        async def announce() -> None:
            await gates.wait_all()
            election.announce_set_up()

        return [
            election,
            self._standby,
            Work("standby", wait_ready, needs_leadership=False),
            Work("announcement", announce),
        ]

    async def elected(self) -> None:
        """Until this syncer leads."""
        if self._election is not None:
            await self._election.elected()
        if self._standby is not None:
            await self._standby.stop()


@asynccontextmanager
async def leadership(
    settings: Settings,
    host: Access,
    *,
    identity: str,
    is_healthy: Callable[[], Awaitable[bool]],
    writers: Iterable[Client],
) -> AsyncIterator[Leadership]:
    """Take part in the election, if there is one; what leads gives up its lease at the end.

    Args:
        settings: whether there is one.
        host: access to the host namespace.
        identity: of this syncer, no other process has it.
        is_healthy: whether it could lead.
        writers: clients that write nothing once leadership is lost.
    """
    if not settings.election:
        yield Leadership(None)
        return
    async with Client(host) as client:
        timing = Timing.load(settings.election)
        election = Election(client, _lease(settings), identity=identity, timing=timing, is_healthy=is_healthy)
        for each in writers:
            each.before_write = election.check
        try:
            yield Leadership(election)
        finally:
            await election.release()


class StandbyKubelets:
    """Serves the Nodes that the leader keeps, on the ports in them: kube-apiserver may ask any syncer."""

    name = "standby kubelets"
    needs_leadership = False

    def __init__(self, ctx: SyncContext, server: KubeletServer) -> None:
        self._nodes = ctx.virtual[NODES]
        self._server = server
        self._ports: dict[str, int] = {}
        self._changed = asyncio.Event()
        self._stopping = False
        self._stopped = asyncio.Event()
        self._nodes.subscribe(lambda _old, _new: self._changed.set())

    async def run(self) -> None:
        """Follow the Nodes until `stop`."""
        try:
            while not self._stopping:
                self._changed.clear()
                await self._follow(self._nodes.items())
                await self._changed.wait()
        finally:
            self._stopped.set()

    async def stop(self) -> None:
        """Leave what is served to whoever leads now: this syncer."""
        self._stopping = True
        self._changed.set()
        await self._stopped.wait()

    async def _follow(self, nodes: Sequence[Object]) -> None:
        wanted = {
            node["metadata"]["name"]: port
            for node in nodes
            if is_ours(node) and (port := kubelet_port(node)) is not None
        }
        for name in [name for name, port in self._ports.items() if wanted.get(name) != port]:
            await self._server.stop(name)
            del self._ports[name]
        for name, port in wanted.items():
            if name in self._ports:
                continue
            try:
                await self._server.listen(name, port)
            except VcliError as error:
                log.warning("no kubelet yet", node=name, error=error)
                asyncio.get_running_loop().call_later(_TRY_AGAIN, self._changed.set)
            else:
                self._ports[name] = port


def _lease(settings: Settings) -> Object:
    owner = {
        "apiVersion": "v1",
        "kind": "Service",
        "name": settings.service,
        "uid": settings.service_uid,
    }
    return {
        "name": f"vc-syncer-{settings.cluster}",
        "namespace": settings.namespace,
        "labels": {CLUSTER: settings.cluster},
        "ownerReferences": [owner],
    }
