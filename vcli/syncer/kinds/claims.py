"""PersistentVolumeClaims: the host provisions and binds, the virtual claim shows what came of it."""

from vcli.kube.resources import PVCS
from vcli.syncer.engine.controller import Controller, RequeueAfter
from vcli.syncer.engine.feed import feed_host, feed_virtual
from vcli.syncer.engine.patching import merge_patch
from vcli.syncer.engine.world import Object, World, name_of, uid_of
from vcli.syncer.engine.writing import apply, delete
from vcli.syncer.kinds.refusals import told
from vcli.syncer.translate import pvcs as translate
from vcli.syncer.translate.metadata import virtual_uid_of
from vcli.syncer.translate.names import VirtualName


class Claims:
    """The controller of PersistentVolumeClaims."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.controller: Controller[VirtualName] = Controller("claims", self._reconcile)
        feed_virtual(world.virtual[PVCS], self.controller.queue)
        feed_host(world.host[PVCS], self.controller.queue, kind="PersistentVolumeClaim", scope=world.scope)

    async def _reconcile(self, name: VirtualName) -> RequeueAfter | None:
        world = self._world
        virtual, host = world.in_virtual(PVCS, name), world.on_host(PVCS, name)
        if virtual is None or (host is not None and virtual_uid_of(host) != uid_of(virtual)):
            if host is not None:
                await delete(world.host, PVCS, host)
            return None
        desired = translate.to_host(virtual, scope=world.scope)
        async with told(world, PVCS, virtual):
            host = await apply(world.host, PVCS, desired, current=host)
        await self._tell_back(virtual, host)
        return None

    async def _tell_back(self, virtual: Object, host: Object) -> None:
        world, name = self._world, name_of(virtual)
        patch = translate.virtual_patch(host, virtual)
        if patch is not None:
            metadata = {**(patch.get("metadata") or {}), "uid": uid_of(virtual)}
            virtual = await world.virtual.client.patch(
                PVCS, name.name, {**patch, "metadata": metadata}, namespace=name.namespace
            )
            world.virtual[PVCS].store(virtual)
        status = merge_patch(virtual.get("status") or {}, translate.virtual_status(host))
        if status:
            body = {"metadata": {"uid": uid_of(virtual)}, "status": status}
            answer = await world.virtual.client.patch(
                PVCS, name.name, body, namespace=name.namespace, subresource="status"
            )
            world.virtual[PVCS].store(answer)
