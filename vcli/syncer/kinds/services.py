"""Services: the same on the host, under the same ClusterIP wherever the host still has that free.

Both API servers give out addresses from one range, each without knowing of the other. A virtual Service
asks the host for its own address; only on a clash does the virtual Service become another object, with an
address that the host gave. It is deleted for that, and what shall come after it stands in an annotation of
the host Service first: whoever is killed in between finds it there.
"""

import json
from typing import Any, Final

from vcli.kube.errors import AlreadyExists, ApiError, Invalid
from vcli.kube.resources import SERVICES
from vcli.syncer.engine.controller import Controller, RequeueAfter
from vcli.syncer.engine.feed import feed_host, feed_virtual
from vcli.syncer.engine.log import Log
from vcli.syncer.engine.patching import merge_patch
from vcli.syncer.engine.world import Object, World, is_going, name_of, uid_of
from vcli.syncer.engine.writing import apply, delete
from vcli.syncer.kinds.refusals import told
from vcli.syncer.translate import services as translate
from vcli.syncer.translate.metadata import virtual_uid_of
from vcli.syncer.translate.names import VirtualName
from vcli.syncer.usage.registration import service_name

log = Log("vcli.syncer.services")

API_SERVICE: Final = VirtualName("default", "kubernetes")

SUCCESSOR: Final = "vcli.dev/successor"
"""Annotation of a host Service: JSON of the virtual Service to be created in place of a deleted one."""

_TAKEN_AGAIN: Final = 3


class Services:
    """The controller of Services, all but those that the syncer makes."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.controller: Controller[VirtualName] = Controller("services", self._reconcile, workers=8)
        feed_virtual(world.virtual[SERVICES], self.controller.queue)
        feed_host(world.host[SERVICES], self.controller.queue, kind="Service", scope=world.scope)

    async def _reconcile(self, name: VirtualName) -> RequeueAfter | None:
        world = self._world
        if is_own(name, world):
            return None
        virtual, host = world.in_virtual(SERVICES, name), world.on_host(SERVICES, name)
        if virtual is None:
            if host is not None and not await self._succeed(host):
                await delete(world.host, SERVICES, host)
            return None
        if is_going(virtual):
            return None
        async with told(world, SERVICES, virtual):
            host = await self._bring(virtual, host)
            if await self._agree_on_address(virtual, host):
                await self._tell_back(virtual, host)
        return None

    async def _bring(self, virtual: Object, host: Object | None) -> Object:
        """Make the host Service; what it can't have of the virtual one's numbers the host chooses."""
        own_ip, own_ports = True, True
        if host is not None and virtual_uid_of(host) != uid_of(virtual):
            # Another Service of this name: an address may only stay where it is the one it asks for.
            if host["spec"].get("clusterIP") != virtual["spec"].get("clusterIP"):
                await delete(self._world.host, SERVICES, host)
                host = None
        elif host is not None:
            own_ip = _addresses(host) in ([], _addresses(virtual))
        for _ in range(_TAKEN_AGAIN):
            desired = translate.to_host(
                virtual, scope=self._world.scope, cluster_ip=own_ip, node_ports=own_ports
            )
            try:
                return await apply(self._world.host, SERVICES, desired, current=host)
            except Invalid as error:
                fields = _fields(error)
                if own_ip and any("clusterIP" in field for field in fields):
                    own_ip = False
                elif own_ports and any("odePort" in field for field in fields):
                    own_ports = False
                else:
                    raise
        raise AssertionError  # the third refusal is raised above

    async def _agree_on_address(self, virtual: Object, host: Object) -> bool:
        """Give the virtual Service the host's ClusterIPs; True if it has them already."""
        given = _addresses(host)
        if not given or _addresses(virtual) == given or virtual["spec"].get("type") == "ExternalName":
            return True
        if not await self._is_free(virtual, given):
            # Another virtual Service sits on it, and will get an address of its own in its turn.
            await delete(self._world.host, SERVICES, host)
            return False
        successor = translate.recreate_with(virtual, given)
        body = {"metadata": {"annotations": {SUCCESSOR: json.dumps(successor, separators=(",", ":"))}}}
        name = name_of(virtual)
        log.info("service moves to an address that the host has free", service=name, address=given[0])
        await self._world.host.client.patch(
            SERVICES, host["metadata"]["name"], body, namespace=self._world.namespace
        )
        await delete(self._world.virtual, SERVICES, virtual)
        await self._create(successor)
        return False

    async def _is_free(self, virtual: Object, addresses: list[str]) -> bool:
        """Whether the virtual API would take a Service with these addresses; asked before the deletion."""
        trial = translate.recreate_with(virtual, addresses)
        metadata = {"generateName": "vcli-trial-", "namespace": virtual["metadata"]["namespace"]}
        ports = [{k: v for k, v in p.items() if k != "nodePort"} for p in trial["spec"].get("ports") or ()]
        spec = {k: v for k, v in trial["spec"].items() if k != "healthCheckNodePort"} | {"ports": ports}
        try:
            await self._world.virtual.client.create(
                SERVICES, {**trial, "metadata": metadata, "spec": spec}, dry_run=True
            )
        except Invalid as error:
            if any("clusterIP" in field for field in _fields(error)):
                return False
            raise
        return True

    async def _succeed(self, host: Object) -> bool:
        """Create the virtual Service that the host one stands for, if it was deleted for a new address."""
        text = (host["metadata"].get("annotations") or {}).get(SUCCESSOR)
        if not text:
            return False
        await self._create(json.loads(text))
        return True

    async def _create(self, successor: Object) -> None:
        try:
            made = await self._world.virtual.client.create(SERVICES, successor)
        except AlreadyExists:
            return
        self._world.virtual[SERVICES].store(made)

    async def _tell_back(self, virtual: Object, host: Object) -> None:
        """Node ports that the host chose, and the load balancer's address."""
        world, name = self._world, name_of(virtual)
        ports = translate.node_ports_from_host(virtual, host)
        if ports is not None:
            virtual = await world.virtual.client.patch(
                SERVICES, name.name, _guarded(ports, virtual), namespace=name.namespace
            )
            world.virtual[SERVICES].store(virtual)
        patch = merge_patch(virtual.get("status") or {}, translate.status_to_virtual(host, virtual))
        if patch:
            body = _guarded({"status": patch}, virtual)
            answer = await world.virtual.client.patch(
                SERVICES, name.name, body, namespace=name.namespace, subresource="status"
            )
            world.virtual[SERVICES].store(answer)
        if SUCCESSOR in (host["metadata"].get("annotations") or {}):
            gone = {"metadata": {"annotations": {SUCCESSOR: None}}}
            await world.host.client.patch(SERVICES, host["metadata"]["name"], gone, namespace=world.namespace)


def is_own(name: VirtualName, world: World) -> bool:
    """Whether a virtual Service is one that the syncer makes: those lead to the control plane's own pod."""
    return name in (API_SERVICE, service_name(world.settings.kubelet_host))


def _guarded(patch: Object, obj: Object) -> Object:
    """A patch that only applies to this very object."""
    return {**patch, "metadata": {"uid": uid_of(obj)}}


def _addresses(service: Object) -> list[str]:
    """The ClusterIPs that were given out; none for headless ones and ExternalName."""
    spec: dict[str, Any] = service["spec"]
    found = spec.get("clusterIPs") or [spec.get("clusterIP")]
    return [address for address in found if address and address != "None"]


def _fields(error: ApiError) -> list[str]:
    causes = (error.details or {}).get("causes") or ()
    return [str(cause.get("field", "")) for cause in causes]
