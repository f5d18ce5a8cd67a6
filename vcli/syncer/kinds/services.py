"""Services: the same on the host, under the same ClusterIP wherever the host still has that free.

Both API servers give out addresses and ports from one range, each without knowing of the other. A virtual
Service asks the host for its own; what somebody else has there the host chooses, and the virtual Service
follows: by a change where a Service can be changed, else as another object (`service_recreation`). An address
that a tenant has named is none to be chosen: without it there is no host Service, and an event says so.
"""

from typing import Final

from vcli.kube.errors import ApiError, Invalid, ServerError
from vcli.kube.resources import SERVICES
from vcli.kube.types import is_terminating, uid
from vcli.syncer.engine.context import Object, SyncContext, name_of
from vcli.syncer.engine.controller import Controller, RequeueAfter
from vcli.syncer.engine.enqueue import enqueue_on_host, enqueue_on_virtual
from vcli.syncer.kinds.external_ips import ExternalIPs
from vcli.syncer.kinds.service_recreation import ServiceRecreation, taken
from vcli.syncer.metrics_api.registration import service_name
from vcli.syncer.sync.rejections import IGNORED, emit_warning, warn_on_rejection
from vcli.syncer.sync.to_host import update_virtual_status
from vcli.syncer.translate import managers, traffic
from vcli.syncer.translate import services as translate
from vcli.syncer.translate.metadata import virtual_uid_of
from vcli.syncer.translate.names import VirtualName

API_SERVICE: Final = VirtualName("default", "kubernetes")


class Services:
    """The controller of Services, all but those that the syncer makes.

    Args:
        ctx: both clusters.
        address: of our own pod, if it is known.
    """

    def __init__(self, ctx: SyncContext, *, address: str = "") -> None:
        self._ctx = ctx
        self._recreation = ServiceRecreation(ctx)
        self._ignored: dict[VirtualName, tuple[str, list[str]]] = {}
        self.controller: Controller[VirtualName] = Controller("services", self._reconcile, workers=8)
        self._external_ips = ExternalIPs(ctx, self.controller.queue, address=address)
        enqueue_on_virtual(ctx.virtual[SERVICES], self.controller.queue)
        enqueue_on_host(ctx.host[SERVICES], self.controller.queue, kind="Service", scope=ctx.scope)

    async def _reconcile(self, name: VirtualName) -> RequeueAfter | None:
        ctx = self._ctx
        if is_own(name, ctx):
            return None
        virtual, host = ctx.in_virtual(SERVICES, name), ctx.on_host(SERVICES, name)
        if virtual is None:
            self._ignored.pop(name, None)
            if host is not None and not await self._recreation.restore(host):
                await ctx.host.writer.delete(SERVICES, host)
            return None
        if is_terminating(virtual):
            await self._recreation.finish(virtual, host)
            return None
        if not translate.is_on_host(virtual):
            await self._recreation.finish(virtual, host)
            if host is not None:
                await ctx.host.writer.delete(SERVICES, host)
            return None
        external_ips, ignored = self._external_ips.allowed(virtual)
        without_effect = traffic.without_effect(virtual, newer=ctx.host_version.at_least(traffic.SINCE))
        await self._warn_of_ignored(virtual, [*ignored, *translate.unknown_fields(virtual), *without_effect])
        async with warn_on_rejection(ctx, SERVICES, virtual):
            host = await self._sync_host(virtual, host, external_ips)
            if await self._recreation.reconcile_immutable_fields(virtual, host):
                await self._update_virtual(virtual, host)
        return None

    async def _warn_of_ignored(self, virtual: Object, sentences: list[str]) -> None:
        """Make an event for each part of a Service that is ignored; again only when that changes."""
        name, known = name_of(virtual), (uid(virtual), sentences)
        if self._ignored.get(name, (known[0], [])) == known:
            return
        self._ignored[name] = known
        for sentence in sentences:
            await emit_warning(self._ctx, SERVICES, virtual, sentence, reason=IGNORED)

    async def _sync_host(self, virtual: Object, host: Object | None, external_ips: list[str]) -> Object:
        """Make the host Service; what it can't have of the virtual one's numbers the host chooses."""
        left: set[str] = set()
        if host is not None and virtual_uid_of(host) != uid(virtual):
            # Another Service of this name: an address may only stay where it is the one it asks for.
            if host["spec"].get("clusterIP") != virtual["spec"].get("clusterIP"):
                await self._ctx.host.writer.delete(SERVICES, host)
                host = None
        elif host is not None and not translate.may_ask_for_its_own(virtual, host):
            left.add(translate.CLUSTER_IP)
        while True:
            desired = translate.to_host(virtual, scope=self._ctx.scope, left=left, external_ips=external_ips)
            desired = traffic.for_host(desired, newer=self._ctx.host_version.at_least(traffic.SINCE))
            try:
                return await self._ctx.host.writer.apply(SERVICES, desired, current=host)
            except (Invalid, ServerError) as error:
                rejected = taken(error) - left
                if not rejected:
                    raise
                if translate.CLUSTER_IP in rejected and await self._names_address(virtual):
                    raise _without_address(virtual, error) from error
                left |= rejected

    async def _names_address(self, virtual: Object) -> bool:
        """Whether a tenant has named the ClusterIP, rather than leaving it to the virtual API server."""
        found = await self._with_managers(virtual)
        return any(managers.set_by_tenant(found, "spec", field) for field in ("clusterIP", "clusterIPs"))

    async def _with_managers(self, virtual: Object) -> Object:
        """The virtual Service with its managedFields, which a cache does not keep."""
        name = name_of(virtual)
        return await self._ctx.virtual.client.get(SERVICES, name.name, namespace=name.namespace)

    async def _update_virtual(self, virtual: Object, host: Object) -> None:
        """Node ports that the host chose, and the load balancer's address."""
        ctx = self._ctx
        ports = translate.node_ports_from_host(virtual, host)
        if ports is not None:
            virtual = await self._update_node_ports(virtual, ports)
        keep = translate.has_address_of_its_own(virtual, host) and not managers.set_by_syncer_alone(
            await self._with_managers(virtual), "status", "loadBalancer", "ingress"
        )
        status = translate.status_to_virtual(host, virtual, keep=keep)
        virtual = await update_virtual_status(ctx, SERVICES, virtual, status)
        await self._recreation.finish(virtual, host)

    async def _update_node_ports(self, virtual: Object, ports: Object) -> Object:
        found = await self._with_managers(virtual)
        try:
            changed = await self._ctx.virtual.writer.patch(SERVICES, virtual, ports)
        except Invalid as error:
            if "valid range" not in error.message:
                raise
            # The two clusters' ranges of node ports differ. The host's ports work, these don't.
            chosen = ", ".join(str(port["nodePort"]) for port in ports["spec"]["ports"] if "nodePort" in port)
            message = f"the host serves this Service on node port {chosen}, which this cluster can't have: "
            await emit_warning(self._ctx, SERVICES, virtual, message + error.message)
            return virtual
        for number, port, given in translate.changed_node_ports(virtual, ports):
            key = {"port": port["port"], "protocol": port.get("protocol") or "TCP"}
            if managers.set_by_tenant(found, "spec", "ports", key, "nodePort"):
                field = f"spec.ports[{number}].nodePort"
                message = f"{field}: {given} instead of {port['nodePort']}, which the host does not give it"
                await emit_warning(self._ctx, SERVICES, changed, message, reason=IGNORED)
        return changed


def _without_address(virtual: Object, error: ApiError) -> Invalid:
    """The rejection of the one address that a Service is to have."""
    wanted = ", ".join(translate.addresses(virtual))
    message = f"spec.clusterIP: without {wanted}, which it asks for, the Service is not on the host: "
    return Invalid(message + error.message, status=error.status, reason=error.reason, details=error.details)


def is_own(name: VirtualName, ctx: SyncContext) -> bool:
    """Whether a virtual Service is one that the syncer makes: those lead to the control plane's own pod."""
    return name in (API_SERVICE, service_name(ctx.settings.kubelet_host))
