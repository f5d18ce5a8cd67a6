"""PersistentVolumeClaims: the host provisions and binds, the virtual claim shows what came of it."""

from typing import Final

from vcli.kube.resources import PVCS, PVS
from vcli.syncer.engine.controller import Controller, RequeueAfter
from vcli.syncer.engine.feed import appeared_or_gone, feed, feed_host, feed_virtual
from vcli.syncer.engine.patching import merge_patch
from vcli.syncer.engine.world import Object, World, is_going, name_of, uid_of
from vcli.syncer.engine.writing import apply, delete
from vcli.syncer.kinds.indexes import BY_VOLUME
from vcli.syncer.kinds.refusals import IGNORED, tell, told
from vcli.syncer.kinds.volumes import Volumes, is_bound
from vcli.syncer.translate import dropped
from vcli.syncer.translate import pvcs as translate
from vcli.syncer.translate.metadata import virtual_uid_of
from vcli.syncer.translate.names import VirtualName
from vcli.syncer.translate.pvs import is_ours

LOST: Final = "ClaimLost"
NOT_ON_HOST: Final = "VolumeNotOnHost"


class Claims:
    """The controller of PersistentVolumeClaims.

    Args:
        world: both clusters.
        volumes: shows the volumes that claims are bound to.
    """

    def __init__(self, world: World, volumes: Volumes) -> None:
        self._world = world
        self._volumes = volumes
        self.controller: Controller[VirtualName] = Controller("claims", self._reconcile)
        queue = self.controller.queue
        feed_virtual(world.virtual[PVCS], queue)
        feed_host(world.host[PVCS], queue, kind="PersistentVolumeClaim", scope=world.scope)
        feed(world.virtual[PVS], queue, self._claims_of, when=appeared_or_gone)

    async def _reconcile(self, name: VirtualName) -> RequeueAfter | None:
        world = self._world
        virtual, host = world.in_virtual(PVCS, name), world.on_host(PVCS, name)
        if virtual is None or (host is not None and virtual_uid_of(host) != uid_of(virtual)):
            if host is not None and not is_going(host):
                await delete(world.host, PVCS, host)
            return None
        if (host is None or not is_bound(host)) and await self._asks_for_a_tenants_volume(virtual):
            if host is not None:
                await delete(world.host, PVCS, host)
            return None
        if host is not None:
            # First, so that what the host refuses below does not hide what it says.
            virtual = await self._tell_back(virtual, host)
        elif is_going(virtual):
            return None
        desired = translate.to_host(virtual, scope=world.scope, host=host)
        async with told(world, PVCS, virtual):
            made = await apply(world.host, PVCS, desired, current=host)
        if made is not host:
            for sentence in dropped.sentences(desired, made):
                await tell(world, PVCS, virtual, sentence, reason=IGNORED)
        if host is None and translate.has_lost(virtual, made):
            volume = virtual["spec"]["volumeName"]
            await tell(world, PVCS, virtual, f"the host no longer has this claim to {volume}", reason=LOST)
        return None

    async def _tell_back(self, virtual: Object, host: Object) -> Object:
        """Show what came of the claim; returns it as it is then."""
        world, name = self._world, name_of(virtual)
        patch = translate.virtual_patch(host, virtual, scope=world.scope)
        if patch is not None:
            metadata = {**(patch.get("metadata") or {}), "uid": uid_of(virtual)}
            virtual = await world.virtual.client.patch(
                PVCS, name.name, {**patch, "metadata": metadata}, namespace=name.namespace
            )
            world.virtual[PVCS].store(virtual)
        if is_bound(host):
            await self._volumes.show(virtual, host)
        wanted = translate.virtual_status(host, virtual, scope=world.scope)
        status = merge_patch(virtual.get("status") or {}, wanted)
        if status:
            body = {"metadata": {"uid": uid_of(virtual)}, "status": status}
            virtual = await world.virtual.client.patch(
                PVCS, name.name, body, namespace=name.namespace, subresource="status"
            )
            world.virtual[PVCS].store(virtual)
        return virtual

    async def _asks_for_a_tenants_volume(self, virtual: Object) -> bool:
        """Whether it wants a volume that only the virtual cluster has, which no pod could mount.

        The host may have another one of that name: it must not be taken for this one.
        """
        name = virtual["spec"].get("volumeName")
        volume = self._world.virtual[PVS].get(None, name) if name else None
        if volume is None or is_ours(volume):
            return False
        message = f"PersistentVolume {name} was made in the virtual cluster, and the host does not have it"
        await tell(self._world, PVCS, virtual, message, reason=NOT_ON_HOST)
        return True

    def _claims_of(self, volume: Object) -> list[VirtualName]:
        return [
            name_of(each)
            for each in self._world.virtual[PVCS].by_index(BY_VOLUME, volume["metadata"]["name"])
        ]
