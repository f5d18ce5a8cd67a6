"""Services: the same on the host, under the same ClusterIP wherever the host still has that free.

Both API servers give out addresses and ports from one range, each without knowing of the other. A virtual
Service asks the host for its own; what somebody else has there the host chooses, and the virtual Service
follows: by a change where a Service can be changed, else as another object (`service_moves`).
"""

from typing import Final

from vcli.kube.errors import Invalid, ServerError
from vcli.kube.resources import SERVICES
from vcli.syncer.engine.controller import Controller, RequeueAfter
from vcli.syncer.engine.feed import feed_host, feed_virtual
from vcli.syncer.engine.patching import merge_patch
from vcli.syncer.engine.world import Object, World, is_going, name_of, uid_of
from vcli.syncer.engine.writing import apply, delete
from vcli.syncer.kinds.external_ips import ExternalIPs
from vcli.syncer.kinds.refusals import IGNORED, tell, told
from vcli.syncer.kinds.service_moves import ServiceMoves, taken
from vcli.syncer.translate import services as translate
from vcli.syncer.translate import traffic
from vcli.syncer.translate.metadata import virtual_uid_of
from vcli.syncer.translate.names import VirtualName
from vcli.syncer.usage.registration import service_name

API_SERVICE: Final = VirtualName("default", "kubernetes")


class Services:
    """The controller of Services, all but those that the syncer makes.

    Args:
        world: both clusters.
        address: of our own pod, if it is known.
    """

    def __init__(self, world: World, *, address: str = "") -> None:
        self._world = world
        self._moves = ServiceMoves(world)
        self._ignored: dict[VirtualName, tuple[str, list[str]]] = {}
        self.controller: Controller[VirtualName] = Controller("services", self._reconcile, workers=8)
        self._external_ips = ExternalIPs(world, self.controller.queue, address=address)
        feed_virtual(world.virtual[SERVICES], self.controller.queue)
        feed_host(world.host[SERVICES], self.controller.queue, kind="Service", scope=world.scope)

    async def _reconcile(self, name: VirtualName) -> RequeueAfter | None:
        world = self._world
        if is_own(name, world):
            return None
        virtual, host = world.in_virtual(SERVICES, name), world.on_host(SERVICES, name)
        if virtual is None:
            self._ignored.pop(name, None)
            if host is not None and not await self._moves.succeed(host):
                await delete(world.host, SERVICES, host)
            return None
        if is_going(virtual):
            await self._moves.settled(virtual, host)
            return None
        if not translate.is_on_host(virtual):
            await self._moves.settled(virtual, host)
            if host is not None:
                await delete(world.host, SERVICES, host)
            return None
        external_ips, refused = self._external_ips.allowed(virtual)
        without_effect = traffic.without_effect(virtual, world.host_version)
        await self._warn_of_ignored(virtual, [*refused, *translate.unknown_fields(virtual), *without_effect])
        async with told(world, SERVICES, virtual):
            host = await self._bring(virtual, host, external_ips)
            if await self._moves.agree(virtual, host):
                await self._tell_back(virtual, host)
        return None

    async def _warn_of_ignored(self, virtual: Object, sentences: list[str]) -> None:
        """Make an event for each part of a Service that is ignored; again only when that changes."""
        name, known = name_of(virtual), (uid_of(virtual), sentences)
        if self._ignored.get(name, (known[0], [])) == known:
            return
        self._ignored[name] = known
        for sentence in sentences:
            await tell(self._world, SERVICES, virtual, sentence, reason=IGNORED)

    async def _bring(self, virtual: Object, host: Object | None, external_ips: list[str]) -> Object:
        """Make the host Service; what it can't have of the virtual one's numbers the host chooses."""
        left: set[str] = set()
        if host is not None and virtual_uid_of(host) != uid_of(virtual):
            # Another Service of this name: an address may only stay where it is the one it asks for.
            if host["spec"].get("clusterIP") != virtual["spec"].get("clusterIP"):
                await delete(self._world.host, SERVICES, host)
                host = None
        elif host is not None and not translate.may_ask_for_its_own(virtual, host):
            left.add(translate.CLUSTER_IP)
        while True:
            desired = translate.to_host(
                virtual, scope=self._world.scope, left=left, external_ips=external_ips
            )
            desired = traffic.for_host(desired, self._world.host_version)
            try:
                return await apply(self._world.host, SERVICES, desired, current=host)
            except (Invalid, ServerError) as error:
                refused = taken(error) - left
                if not refused:
                    raise
                left |= refused

    async def _tell_back(self, virtual: Object, host: Object) -> None:
        """Node ports that the host chose, and the load balancer's address."""
        world, name = self._world, name_of(virtual)
        ports = translate.node_ports_from_host(virtual, host)
        if ports is not None:
            virtual = await self._show_ports(virtual, ports)
        patch = merge_patch(virtual.get("status") or {}, translate.status_to_virtual(host, virtual))
        if patch:
            body = _guarded({"status": patch}, virtual)
            answer = await world.virtual.client.patch(
                SERVICES, name.name, body, namespace=name.namespace, subresource="status"
            )
            world.virtual[SERVICES].store(answer)
            virtual = answer
        await self._moves.settled(virtual, host)

    async def _show_ports(self, virtual: Object, ports: Object) -> Object:
        world, name = self._world, name_of(virtual)
        try:
            virtual = await world.virtual.client.patch(
                SERVICES, name.name, _guarded(ports, virtual), namespace=name.namespace
            )
        except Invalid as error:
            if "valid range" not in error.message:
                raise
            # The two clusters' ranges of node ports differ. The host's ports work, these don't.
            chosen = ", ".join(str(port["nodePort"]) for port in ports["spec"]["ports"] if "nodePort" in port)
            message = f"the host serves this Service on node port {chosen}, which can't be shown here: "
            await tell(world, SERVICES, virtual, message + error.message)
            return virtual
        world.virtual[SERVICES].store(virtual)
        return virtual


def is_own(name: VirtualName, world: World) -> bool:
    """Whether a virtual Service is one that the syncer makes: those lead to the control plane's own pod."""
    return name in (API_SERVICE, service_name(world.settings.kubelet_host))


def _guarded(patch: Object, obj: Object) -> Object:
    """A patch that only applies to this very object."""
    return {**patch, "metadata": {"uid": uid_of(obj)}}
