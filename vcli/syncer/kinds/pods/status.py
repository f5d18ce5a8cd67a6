"""Pod status, told from the host pod to the virtual one."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from vcli.kube.resources import PODS
from vcli.syncer.engine.context import Object, SyncContext, name_of, uid_of
from vcli.syncer.engine.controller import RequeueAfter
from vcli.syncer.kinds.pods.burst import Starting
from vcli.syncer.kinds.pods.status_patch import pod_status_patch
from vcli.syncer.translate import pods as translate
from vcli.syncer.translate.metadata import virtual_name_of, virtual_uid_of
from vcli.syncer.translate.names import VirtualName

_PAUSE: Final = 0.75
"""Seconds. A kubelet writes two or three times while it makes containers; most pods run before this has
passed, and then one write tells it all, and none takes its time while the containers are made."""
_PAUSE_EACH: Final = 0.2
"""Seconds for each pod that is being made, once they are many: then each of them takes longer."""
_LONGEST_PAUSE: Final = 10.0
_MAKING: Final = frozenset({"ContainerCreating", "PodInitializing"})


class PodStatus:
    """Tells status, and remembers what can't be looked up any more.

    Args:
        ctx: both clusters.
        starting: pods whose containers the host is making, kept here.
    """

    def __init__(self, ctx: SyncContext, starting: Starting) -> None:
        self._ctx = ctx
        self._starting = starting
        self._told: dict[VirtualName, tuple[str, str]] = {}
        self._postponed: dict[VirtualName, float] = {}
        self._last_words: dict[VirtualName, Object] = {}
        ctx.host[PODS].subscribe(self._remember)

    async def tell(self, virtual: Object, host: Object) -> RequeueAfter | None:
        """Bring the status of the host pod to the virtual one, if it differs.

        Returns:
            When to call again, if what there is to tell can wait a moment for more.

        Raises:
            ApiError: as the virtual API answers.
        """
        name = name_of(virtual)
        if self._told.get(name) == _versions(virtual, host):
            return None
        status = translate.virtual_status(host, virtual, scope=self._ctx.scope)
        patch = pod_status_patch(virtual.get("status") or {}, status)
        if not patch:
            self._told[name] = _versions(virtual, host)
            return None
        if (wait := self._can_wait(name, host)) > 0:
            return RequeueAfter(wait)
        answer = await self._ctx.virtual.writer.patch_status(PODS, virtual, patch, strategy="strategic")
        self._told[name] = _versions(answer, host)
        self._postponed.pop(name, None)
        return None

    def _can_wait(self, name: VirtualName, host: Object) -> float:
        """Seconds that what there is to tell can wait for more: none if anybody could act on it."""
        starting = self._starting
        if not _is_being_made(host):
            starting.discard(name)
            return 0.0
        starting.add(name)
        now = asyncio.get_running_loop().time()
        pause = min(max(_PAUSE, len(starting) * _PAUSE_EACH), _LONGEST_PAUSE)
        return self._postponed.setdefault(name, now) + pause - now

    async def tell_last(self, virtual: Object) -> None:
        """Tell how the pod ended: its last status may have come together with its end.

        Raises:
            ApiError: as the virtual API answers.
        """
        last = self.last_of(virtual)
        if last is not None:
            await self.tell(virtual, last)
        self._last_words.pop(name_of(virtual), None)

    def last_of(self, virtual: Object) -> Object | None:
        """The host pod as it was when it vanished, if this process saw it go."""
        last = self._last_words.get(name_of(virtual))
        return last if last is not None and virtual_uid_of(last) == uid_of(virtual) else None

    def forget(self, name: VirtualName) -> None:
        """The virtual pod is gone."""
        self._starting.discard(name)
        self._told.pop(name, None)
        self._postponed.pop(name, None)
        self._last_words.pop(name, None)

    def _remember(self, old: Object | None, new: Object | None) -> None:
        if old is not None and new is None:
            name = virtual_name_of(old, scope=self._ctx.scope, kind="Pod")
            if name is not None:
                self._last_words[name] = old


def has_started(pod: Object) -> bool:
    """Whether a kubelet has taken the pod up; what came after its scheduling can't be undone."""
    status: Mapping[str, Any] = pod.get("status") or {}
    return "startTime" in status or status.get("phase", "Pending") != "Pending"


def _versions(virtual: Object, host: Object) -> tuple[str, str]:
    return virtual["metadata"]["resourceVersion"], host["metadata"]["resourceVersion"]


def _is_being_made(host: Object) -> bool:
    """Whether the host pod is just being made, with nothing that anybody would act on."""
    status = host.get("status") or {}
    pending = "deletionTimestamp" not in host["metadata"] and status.get("phase") == "Pending"
    if not pending or not host["spec"].get("nodeName"):
        return False
    containers = [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]
    return all(_waits_for_its_making(each.get("state") or {}) for each in containers)


def _waits_for_its_making(state: Mapping[str, Any]) -> bool:
    waiting = state.get("waiting")
    return waiting is not None and waiting.get("reason") in _MAKING
