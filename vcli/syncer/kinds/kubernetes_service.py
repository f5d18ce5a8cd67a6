"""`default/kubernetes`: how pods inside find their API server.

Its address is the one that the host gave the control plane's Service. kube-apiserver creates this Service by
itself, with the first address of the range, and again within seconds whenever it is missing; on the host
that address is the host's own API server. So it is deleted and created with the address of the control
plane's Service until ours is the one that stays. Its endpoints are the host's for that Service.
"""

import asyncio
from typing import Any, Final

from vcli.contract import ports
from vcli.kube.errors import AlreadyExists
from vcli.kube.resources import ENDPOINTS, ENDPOINTSLICES, SERVICES
from vcli.syncer.engine.context import Object, SyncContext, name_of
from vcli.syncer.engine.controller import Controller, RequeueAfter
from vcli.syncer.engine.enqueue import enqueue_on
from vcli.syncer.engine.log import Log
from vcli.syncer.engine.recorder import COMPONENT
from vcli.syncer.kinds.services import API_SERVICE

log = Log("vcli.syncer.kubernetes_service")

OWN_SLICES: Final = "own EndpointSlices"
"""Key of the host's cache of the EndpointSlices of the control plane's own Service."""
_PORT_NAME: Final = "https"
_LABELS: Final = {"component": "apiserver", "provider": "kubernetes"}
_SKIP_MIRROR: Final = "endpointslice.kubernetes.io/skip-mirror"
_LOOK_AGAIN: Final = 0.2


class KubernetesService:
    """Reconciles `default/kubernetes` and its endpoints.

    Args:
        ctx: both clusters.
    """

    def __init__(self, ctx: SyncContext) -> None:
        self._ctx = ctx
        self._slices = ctx.host[OWN_SLICES]
        self._right = asyncio.Event()
        self._published: list[tuple[str, int, bool]] | None = None
        self.controller: Controller[str] = Controller("kubernetes-service", self._reconcile, workers=1)
        enqueue_on(ctx.virtual[SERVICES], self.controller.queue, _service_key)
        enqueue_on(self._slices, self.controller.queue, lambda _: ("endpoints",))

    def is_right(self) -> bool:
        """Whether pods inside would find their API server."""
        service = self._ctx.in_virtual(SERVICES, API_SERVICE)
        return service is not None and service["spec"].get("clusterIP") == self._ctx.settings.service_ip

    async def wait_right(self) -> None:
        """Until `is_right`."""
        await self._right.wait()

    async def _reconcile(self, key: str) -> RequeueAfter | None:
        if key == "endpoints":
            await self._publish()
            return None
        service = self._ctx.in_virtual(SERVICES, API_SERVICE)
        if service is None:
            await self._create()
        elif not self.is_right():
            await self._ctx.virtual.writer.delete(SERVICES, service)
            await self._create()
        if not self.is_right():
            return RequeueAfter(_LOOK_AGAIN)
        self._right.set()
        return None

    async def _create(self) -> None:
        target = self._ready_port() or ports.API
        port = {"name": _PORT_NAME, "port": self._ctx.settings.service_port, "targetPort": target}
        service = {
            "metadata": {"name": API_SERVICE.name, "namespace": API_SERVICE.namespace, "labels": _LABELS},
            "spec": {"clusterIP": self._ctx.settings.service_ip, "ports": [port], "type": "ClusterIP"},
        }
        virtual = self._ctx.virtual
        try:
            await virtual.writer.create(SERVICES, service)
        except AlreadyExists:  # kube-apiserver was quicker; the next round deletes its one
            there = await virtual.client.get(SERVICES, API_SERVICE.name, namespace=API_SERVICE.namespace)
            virtual.store(SERVICES, there)
        else:
            log.info("service created", service="default/kubernetes", address=self._ctx.settings.service_ip)

    async def _publish(self) -> None:
        """Apply Endpoints and an EndpointSlice, as kube-apiserver does for itself on a plain cluster."""
        found = sorted(set(_endpoints(self._slices.items())))
        if found == self._published:
            return
        metadata = {"name": API_SERVICE.name, "namespace": API_SERVICE.namespace}
        virtual = self._ctx.virtual.client
        port = {"name": _PORT_NAME, "port": found[0][1] if found else ports.API, "protocol": "TCP"}
        ready = [{"ip": address} for address, _, is_ready in found if is_ready]
        await virtual.apply(
            ENDPOINTS,
            {
                "metadata": {**metadata, "labels": {_SKIP_MIRROR: "true"}},
                "subsets": [{"addresses": ready, "ports": [port]}] if ready else [],
            },
            field_manager=COMPONENT,
        )
        await virtual.apply(
            ENDPOINTSLICES,
            {
                "metadata": {**metadata, "labels": {"kubernetes.io/service-name": API_SERVICE.name}},
                "addressType": "IPv6" if found and ":" in found[0][0] else "IPv4",
                "endpoints": [{"addresses": [a], "conditions": {"ready": ready}} for a, _, ready in found],
                "ports": [port],
            },
            field_manager=COMPONENT,
        )
        self._published = found

    def _ready_port(self) -> int | None:
        return next((port for _, port, _ in _endpoints(self._slices.items())), None)


def _service_key(service: Object) -> tuple[str, ...]:
    return ("service",) if name_of(service) == API_SERVICE else ()


def _endpoints(slices: list[Object]) -> list[tuple[str, int, bool]]:
    """Address, port and readiness of the endpoints of the control plane's Service; one address family."""
    family = "IPv4" if any(each["addressType"] == "IPv4" for each in slices) else "IPv6"
    found = []
    for each in slices:
        ports: list[dict[str, Any]] = each.get("ports") or []
        if each["addressType"] != family or not ports:
            continue
        for endpoint in each.get("endpoints") or ():
            ready = (endpoint.get("conditions") or {}).get("ready") is not False
            found += [(address, ports[0]["port"], ready) for address in endpoint["addresses"]]
    return found
