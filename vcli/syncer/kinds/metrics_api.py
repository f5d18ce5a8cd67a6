"""`metrics.k8s.io` in the virtual cluster, for as long as the host has it and lets us read it.

It is registered when the host is seen to have metrics, at the start or later, and then left to the tenant:
who deletes the APIService to install a metrics-server finds it gone until the syncer restarts, and one
that leads elsewhere is never touched.
"""

import asyncio
from contextlib import suppress
from typing import Final

from vcli.errors import VcliError
from vcli.kube.errors import AlreadyExists, Conflict, NotFound
from vcli.kube.resources import APISERVICES, CLUSTERROLES, ENDPOINTSLICES, NODES, SERVICES
from vcli.kube.types import uid
from vcli.syncer.engine.context import Object, SyncContext
from vcli.syncer.engine.log import Log
from vcli.syncer.engine.recorder import COMPONENT
from vcli.syncer.metrics_api import registration
from vcli.syncer.metrics_api.api import MetricsApi
from vcli.syncer.metrics_api.server import MetricsApiServer
from vcli.syncer.metrics_api.source import HostUsage
from vcli.syncer.serving import ConnectionLimiter

log = Log("vcli.syncer.metrics_api")

LOOK_EVERY: Final = 30.0
"""Seconds."""
_LOOK_AGAIN: Final = 2.0


class MetricsApiService:
    """Registers the API and withdraws it.

    Args:
        ctx: both clusters.
        source: what pods use, where the host has metrics.
        limiter: for unauthenticated connections.
        address: where kube-apiserver finds us; empty if we don't know, and then there is no such API.
    """

    name = "metrics.k8s.io"
    needs_leadership = True

    def __init__(
        self, ctx: SyncContext, source: HostUsage, *, limiter: ConnectionLimiter, address: str
    ) -> None:
        self._client = ctx.virtual.client
        self._source = source
        api = MetricsApi(source, nodes=ctx.virtual[NODES].items)
        self._server = MetricsApiServer(api.answer, pki=ctx.settings.pki, limiter=limiter)
        self._address = address
        self._enabled = ctx.settings.metrics and bool(address)
        self._authority = ctx.settings.pki / "ca.crt"
        self._service = registration.service_name(ctx.settings.kubelet_host)
        self._published = False
        self._registered: bool | None = None

    async def run(self) -> None:
        """Look at the host from time to time, and serve, until cancelled."""
        try:
            while True:
                pause = await self._look()
                await asyncio.sleep(pause)
        finally:
            await self._server.close()

    async def _look(self) -> float:
        """Do what is to be done; gives the seconds until the next look."""
        try:
            await self._reconcile()
        except (VcliError, OSError) as error:
            log.warning("metrics.k8s.io is not reconciled yet", error=error)
            return _LOOK_AGAIN
        return LOOK_EVERY

    async def _reconcile(self) -> None:
        if self._address and not self._published:
            await self._publish()
        offered = await self._source.is_offered() if self._enabled else False
        if offered is None and self._registered is None:
            # An API that an earlier syncer registered must be served, if only with a 503.
            offered = await self._is_registered()
        if offered is None or offered == self._registered:
            return
        await (self._register() if offered else self._withdraw())
        self._registered = offered

    async def _is_registered(self) -> bool:
        current = await self._current()
        return current is not None and registration.is_ours(current, self._service)

    async def _publish(self) -> None:
        """Make the name resolve by which kubelets are found: a metrics-server inside goes by it as well."""
        port = await self._server.listen()
        await self._client.apply(SERVICES, registration.service(self._service), field_manager=COMPONENT)
        where = registration.endpoint_slice(self._service, address=self._address, port=port)
        await self._client.apply(ENDPOINTSLICES, where, field_manager=COMPONENT)
        self._published = True

    async def _register(self) -> None:
        current = await self._current()
        with suppress(AlreadyExists):
            await self._client.create(CLUSTERROLES, registration.readers())
        if current is not None and not registration.is_ours(current, self._service):
            log.info("metrics.k8s.io is served by somebody else")
            return
        wanted = registration.api_service(self._service, authority=self._authority.read_bytes())
        await self._client.apply(APISERVICES, wanted, field_manager=COMPONENT)
        log.info("metrics.k8s.io is served from the host's metrics", address=self._address)

    async def _withdraw(self) -> None:
        current = await self._current()
        if current is None or not registration.is_ours(current, self._service):
            return
        # An API without a server would hold up the deletion of every namespace.
        with suppress(NotFound, Conflict):
            await self._client.delete(APISERVICES, registration.API_SERVICE_NAME, uid=uid(current))
        log.info("metrics.k8s.io is withdrawn, the host has no metrics for us")

    async def _current(self) -> Object | None:
        with suppress(NotFound):
            return await self._client.get(APISERVICES, registration.API_SERVICE_NAME)
        return None
