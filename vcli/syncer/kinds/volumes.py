"""PersistentVolumes: those that claims are bound to are mirrored, for reading.

What a tenant changes in one is undone. One that a tenant made is left alone: it has no effect, or is given to
the host (`vcli.syncer.kinds.persistentvolumes`).
"""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from vcli.kube.errors import Forbidden, NotFound
from vcli.kube.resources import PVCS, PVS
from vcli.kube.types import is_terminating, uid
from vcli.syncer.engine.context import Object, SyncContext, name_of
from vcli.syncer.engine.controller import Controller, RequeueAfter
from vcli.syncer.engine.enqueue import enqueue_on
from vcli.syncer.engine.log import Log
from vcli.syncer.kinds.indexes import BY_VOLUME, by_volume
from vcli.syncer.kinds.own_volumes import own_name
from vcli.syncer.sync.from_host import covers, mirror
from vcli.syncer.sync.to_host import update_virtual_status
from vcli.syncer.translate import pvs as translate
from vcli.syncer.translate.metadata import virtual_name_of, virtual_uid_of
from vcli.syncer.translate.names import VirtualName, host_name

log = Log("vcli.syncer.volumes")

_ASK_AGAIN: Final = 600.0
"""Seconds until the host is asked once more for what it said we may not read."""
_LOOK_AGAIN: Final = 300.0
"""Seconds until a volume is read again: only claims are watched."""
_TERMINATING: Final = 1.0
"""Seconds until one is read again that is about to be deleted; the longer that takes, the more."""
_GROWTH: Final = 0.25


class Volumes:
    """The controller of PersistentVolumes; its keys are their virtual names."""

    def __init__(self, ctx: SyncContext) -> None:
        self._ctx = ctx
        self._forbidden_until = 0.0
        self.controller: Controller[str] = Controller("volumes", self._reconcile, caches=[ctx.host[PVCS]])
        queue = self.controller.queue
        enqueue_on(ctx.virtual[PVS], queue, lambda volume: (volume["metadata"]["name"],))
        enqueue_on(ctx.virtual[PVCS], queue, by_volume)
        enqueue_on(ctx.host[PVCS], queue, self._of_host_claim)

    async def mirror(self, virtual: Object, host: Object) -> RequeueAfter | None:
        """Have the volume of a bound claim in the virtual cluster; before the claim says that it is bound.

        Args:
            virtual: the virtual claim, with its ``volumeName``.
            host: its host claim.

        Raises:
            ApiError: as either API server answers.
        """
        ctx, name = self._ctx, virtual["spec"]["volumeName"]
        current = ctx.virtual[PVS].get(None, name)
        if current is not None and not translate.is_ours(current, of=virtual):
            return None
        if own_name(ctx, host["spec"]["volumeName"]) is not None:
            return None
        volume = await self._read(host["spec"]["volumeName"])
        desired = translate.to_virtual(virtual, host, scope=ctx.scope, volume=volume)
        if current is not None and _source(current) != _source(desired):
            await self._retire(current)  # immutable: it was synthetic, or is mirrored from another source now
            return None
        mirrored = await mirror(ctx, PVS, desired, current=current, covered=_is_current)
        if mirrored is not None:
            await self._update_phase(mirrored, "Bound")
        return RequeueAfter(_LOOK_AGAIN) if volume is not None else None

    async def _reconcile(self, name: str) -> RequeueAfter | None:
        current = self._ctx.virtual[PVS].get(None, name)
        bound = self._bound(name)
        if bound is not None:
            return await self.mirror(*bound)
        if current is None or not translate.is_ours(current):
            return None
        return await self._follow_released(current)

    def _bound(self, name: str) -> tuple[Object, Object] | None:
        """The virtual claim that has the volume, and its host claim."""
        ctx = self._ctx
        for virtual in ctx.virtual[PVCS].by_index(BY_VOLUME, name):
            host = ctx.on_host(PVCS, name_of(virtual))
            if host is not None and virtual_uid_of(host) == uid(virtual) and is_bound(host):
                return virtual, host
        return None

    async def _follow_released(self, current: Object) -> RequeueAfter | None:
        """The claim is gone: mirror what becomes of the volume, where it can be known, until it goes too."""
        ctx, claim = self._ctx, current["spec"]["claimRef"]
        volume = await self._read(current["metadata"]["name"])
        on_host = host_name(VirtualName(claim["namespace"], claim["name"]), ctx.scope.cluster)
        if volume is None or not translate.belongs_to(volume, on_host, ctx.scope):
            await self._retire(current)
            return None
        phase = (volume.get("status") or {}).get("phase")
        await self._update_phase(current, "Failed" if phase == "Failed" else "Released")
        kept = volume["spec"].get("persistentVolumeReclaimPolicy") == "Retain"
        return RequeueAfter(_LOOK_AGAIN if kept else self._pause(current["metadata"]["name"]))

    def _pause(self, name: str) -> float:
        """Until a released volume is read again: less and less often, where it can't be deleted."""
        since = ((self._ctx.virtual[PVS].get(None, name) or {}).get("status") or {}).get(
            "lastPhaseTransitionTime"
        )
        age = (datetime.now(UTC) - datetime.fromisoformat(since)).total_seconds() if since else 0.0
        return min(max(_TERMINATING, age * _GROWTH), _LOOK_AGAIN)

    async def _retire(self, current: Object) -> None:
        """Delete it; bound ones are protected from that."""
        await self._update_phase(current, "Released")
        if not is_terminating(current):
            await self._ctx.virtual.writer.delete(PVS, current)

    async def _update_phase(self, current: Object, phase: str) -> None:
        since = (current.get("status") or {}).get("lastPhaseTransitionTime")
        status = {"lastPhaseTransitionTime": since, "phase": phase}
        await update_virtual_status(self._ctx, PVS, current, status)

    async def _read(self, name: str) -> Object | None:
        """A volume of the host; None where there is none, or we may not read it."""
        now = asyncio.get_running_loop().time()
        if now < self._forbidden_until:
            return None
        try:
            return await self._ctx.host.client.get(PVS, name)
        except NotFound:
            return None
        except Forbidden:
            self._forbidden_until = now + _ASK_AGAIN
            return None

    def _of_host_claim(self, host: Object) -> Iterable[str]:
        name = virtual_name_of(host, scope=self._ctx.scope, kind="PersistentVolumeClaim")
        virtual = self._ctx.in_virtual(PVCS, name) if name is not None else None
        return by_volume(virtual) if virtual is not None else ()


def is_bound(claim: Object) -> bool:
    """Whether a claim says so itself."""
    return bool((claim.get("status") or {}).get("phase") == "Bound")


def _source(volume: Object) -> Object:
    return {kind: volume["spec"][kind] for kind in translate.SOURCES if kind in volume["spec"]}


def _is_current(current: Object, desired: Object) -> bool:
    """Whether it is as desired; what a tenant adds in labels and annotations may stay."""
    return bool(current["spec"] == desired["spec"]) and covers(current["metadata"], desired["metadata"])
