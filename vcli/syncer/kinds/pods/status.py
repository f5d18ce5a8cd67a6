"""Pod status, from the host pod to the virtual one."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from vcli.kube.resources import PODS
from vcli.kube.types import is_terminating
from vcli.syncer.engine.context import Object, SyncContext, name_of
from vcli.syncer.engine.controller import RequeueAfter
from vcli.syncer.kinds.pods.burst import StartingPods
from vcli.syncer.kinds.pods.state import PodState
from vcli.syncer.kinds.pods.status_patch import pod_status_patch
from vcli.syncer.translate import pods as translate

_DELAY: Final = 0.75
"""Seconds. A kubelet writes two or three times while it creates containers; most pods run before this has
passed, and then one write says it all, and none takes its time while the containers are created."""
_DELAY_EACH: Final = 0.2
"""Seconds for each pod that is being started, once they are many: then each of them takes longer."""
_LONGEST_DELAY: Final = 10.0
_CREATING: Final = frozenset({"ContainerCreating", "PodInitializing"})


class PodStatus:
    """Syncs status.

    Args:
        ctx: both clusters.
        starting: pods whose containers the host creates, kept here.
    """

    def __init__(self, ctx: SyncContext, starting: StartingPods) -> None:
        self._ctx = ctx
        self._starting = starting

    async def update_virtual_status(
        self, virtual: Object, host: Object, state: PodState
    ) -> RequeueAfter | None:
        """Make the status of the virtual pod that of the host pod, where they differ.

        Returns:
            When to call again, if the difference can wait a moment for more.

        Raises:
            ApiError: as the virtual API answers.
        """
        if state.status_versions == _versions(virtual, host):
            return None
        status = translate.virtual_status(host, virtual, scope=self._ctx.scope)
        patch = pod_status_patch(virtual.get("status") or {}, status)
        if not patch:
            state.status_versions = _versions(virtual, host)
            return None
        if (delay := self._delay(virtual, host, state)) > 0:
            return RequeueAfter(delay)
        answer = await self._ctx.virtual.writer.patch_status(PODS, virtual, patch, strategy="strategic")
        state.status_versions = _versions(answer, host)
        state.status_delayed_since = None
        return None

    def _delay(self, virtual: Object, host: Object, state: PodState) -> float:
        """Seconds that the difference can wait for more: none if anybody could act on it."""
        if not _is_starting(host):
            self._starting.discard(name_of(virtual))
            return 0.0
        self._starting.add(name_of(virtual))
        now = asyncio.get_running_loop().time()
        if state.status_delayed_since is None:
            state.status_delayed_since = now
        delay = min(max(_DELAY, len(self._starting) * _DELAY_EACH), _LONGEST_DELAY)
        return state.status_delayed_since + delay - now


def has_started(pod: Object) -> bool:
    """Whether a kubelet has taken the pod up; what came after its scheduling can't be undone."""
    status: Mapping[str, Any] = pod.get("status") or {}
    return "startTime" in status or status.get("phase", "Pending") != "Pending"


def _versions(virtual: Object, host: Object) -> tuple[str, str]:
    return virtual["metadata"]["resourceVersion"], host["metadata"]["resourceVersion"]


def _is_starting(host: Object) -> bool:
    """Whether the containers are just being created, with nothing that anybody would act on."""
    status = host.get("status") or {}
    pending = not is_terminating(host) and status.get("phase") == "Pending"
    if not pending or not host["spec"].get("nodeName"):
        return False
    containers = [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]
    return all(_is_created_soon(each.get("state") or {}) for each in containers)


def _is_created_soon(state: Mapping[str, Any]) -> bool:
    waiting = state.get("waiting")
    return waiting is not None and waiting.get("reason") in _CREATING
