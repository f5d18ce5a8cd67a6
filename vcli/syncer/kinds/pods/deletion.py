"""The end of a pod, whichever side it begins on."""

from typing import Final

from vcli.kube.errors import NotFound
from vcli.kube.resources import PODS
from vcli.kube.types import is_terminating, uid
from vcli.syncer.engine.context import Object, SyncContext, name_of
from vcli.syncer.engine.controller import RequeueAfter
from vcli.syncer.engine.log import Log
from vcli.syncer.kinds.pods.state import PodState
from vcli.syncer.kinds.pods.status import PodStatus, has_started
from vcli.syncer.translate.metadata import virtual_uid_of
from vcli.syncer.translate.names import VirtualName, host_name

log = Log("vcli.syncer.pods")

_HIDDEN: Final = 5.0
"""Seconds until a host pod that has lost its label is looked at again."""


class PodDeletion:
    """Passes deletions on in both directions. All methods raise `ApiError` as the API servers answer.

    Args:
        ctx: both clusters.
        status: syncs the final status.
    """

    def __init__(self, ctx: SyncContext, status: PodStatus) -> None:
        self._ctx = ctx
        self._status = status

    async def delete_orphan(self, host: Object, virtual: Object | None) -> bool:
        """Delete a host pod that corresponds to no virtual pod, or that no kubelet would end.

        Returns:
            Whether it is such a pod.
        """
        if _is_deleted_without_kubelet(host) or (
            virtual is not None and virtual_uid_of(host) != uid(virtual)
        ):
            await self._ctx.host.writer.delete(PODS, host, grace=0)
            return True
        if virtual is None and not is_terminating(host):
            await self._ctx.host.writer.delete(PODS, host)
        return virtual is None

    async def pass_grace_on(self, virtual: Object, host: Object) -> None:
        """Delete the host pod of a terminating pod, or shorten its grace."""
        grace = virtual["metadata"].get("deletionGracePeriodSeconds") or 0
        if not is_terminating(host) or (host["metadata"].get("deletionGracePeriodSeconds") or 0) > grace:
            await self._ctx.host.writer.delete(PODS, host, grace=grace)

    async def follow(self, virtual: Object, host: Object, state: PodState) -> None:
        """Somebody deletes the pod on the host: eviction, a drained or lost node, a quota's owner."""
        if not has_started(host):
            return  # it is recreated when it is gone
        await self._status.update_virtual_status(virtual, host, state)
        grace = host["metadata"].get("deletionGracePeriodSeconds")
        await self._ctx.virtual.writer.delete(PODS, virtual, grace=grace)

    async def finish(self, virtual: Object, state: PodState) -> RequeueAfter | None:
        """Nothing of the pod is left on the host: sync its final status, and remove the virtual pod."""
        if not is_terminating(virtual) and not await self._is_really_gone(name_of(virtual)):
            return RequeueAfter(_HIDDEN)  # no event comes when it goes
        if state.final_host_pod is not None:
            await self._status.update_virtual_status(virtual, state.final_host_pod, state)
            state.final_host_pod = None
        metadata = virtual["metadata"]
        waits_for_finalizers = metadata.get("finalizers") and metadata.get("deletionGracePeriodSeconds") == 0
        if not waits_for_finalizers:
            await self._ctx.virtual.writer.delete(PODS, virtual, grace=0)
        return None

    async def _is_really_gone(self, name: VirtualName) -> bool:
        """Ask the host itself: a pod whose label somebody took off is missing from the cache alone."""
        on_host = host_name(name, self._ctx.scope.cluster)
        try:
            await self._ctx.host.client.get(PODS, on_host, namespace=self._ctx.namespace)
        except NotFound:
            return True
        log.warning("host pod hidden: its labels were changed", pod=on_host)
        return False


def _is_deleted_without_kubelet(host: Object) -> bool:
    """Whether nobody but the host's pod GC, up to 20 seconds later, would end a pod that has no kubelet.

    The API server first sets the deletion timestamp and then removes the pod; for a client that is gone by
    then it does only the first.
    """
    return is_terminating(host) and not host["spec"].get("nodeName")
