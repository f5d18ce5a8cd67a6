"""Ending the pods of a virtual cluster that is deleted, however long a grace they were given."""

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from vcli.controlplane.apply import together
from vcli.kube.client import Client
from vcli.kube.errors import Conflict, Forbidden, NotFound, Object
from vcli.kube.resources import PODS

_GRACE: Final = 30  # seconds; what Kubernetes gives a pod that asks for nothing
_KUBELET: Final = 10.0  # seconds that a kubelet may take to say that a pod has ended
_AT_ONCE: Final = 20  # as the garbage collector
_SHARE: Final = 0.5  # of the whole time, for the grace of pods
_IN_USE: Final = {"kubernetes.io/pvc-protection", "kubernetes.io/pv-protection"}
_OF_KUBERNETES: Final = _IN_USE | {"foregroundDeletion", "orphan"}


@dataclass(slots=True)
class Schedule:
    """How long pods get: their own grace, a shorter one if that is long, then none.

    Without a grace the API server forgets a pod at once, though a node that does not answer may still run it.

    Args:
        timeout: seconds that the whole deletion may take.
        force: whether pods may be forgotten; not where their volumes are used again.
    """

    timeout: float = 2.0 * _GRACE
    force: bool = True
    _started: float = field(default_factory=time.monotonic)
    _asked: dict[str, int] = field(default_factory=dict)

    @property
    def longest(self) -> int:
        """Seconds of grace at most."""
        return max(1, min(_GRACE, int(self.timeout * _SHARE)))

    def next_grace(self, pod: Object) -> int | None:
        """The grace to delete a pod with now, in seconds; -1 is the pod's own, None is not to.

        Args:
            pod: its metadata.
        """
        metadata = pod["metadata"]
        asked = self._asked.get(metadata["uid"])
        over = min(self.longest + _KUBELET, 0.8 * self.timeout)
        if self.force and time.monotonic() - self._started > over:
            wanted = 0
        elif "deletionTimestamp" not in metadata:
            wanted = -1
        elif (metadata.get("deletionGracePeriodSeconds") or 0) > self.longest:
            wanted = self.longest
        else:
            return None
        if asked == wanted:
            return None
        self._asked[metadata["uid"]] = wanted
        return wanted

    def forget(self, pod: Object) -> None:
        """Ask again for what was asked for last."""
        self._asked.pop(pod["metadata"]["uid"], None)


async def end_pods(client: Client, pods: Iterable[Object], schedule: Schedule) -> None:
    """Delete pods, or shorten the grace of those that are ending.

    Args:
        client: of the host.
        pods: their metadata.
        schedule: how long they get.

    Raises:
        ApiError: the host says no.
    """
    slots = asyncio.Semaphore(_AT_ONCE)

    async def end(pod: Object) -> None:
        async with slots:
            await _end(client, pod, schedule)

    await together(end(pod) for pod in pods)


async def _end(client: Client, pod: Object, schedule: Schedule) -> None:
    while (grace := schedule.next_grace(pod)) is not None:
        metadata = pod["metadata"]
        try:
            answer = await client.delete(
                PODS,
                metadata["name"],
                namespace=metadata["namespace"],
                uid=metadata["uid"],
                grace=None if grace < 0 else grace,
            )
        except (NotFound, Forbidden):  # gone; or left to the garbage collector
            return
        except Conflict:  # another one by now; or it was changed at the same moment
            schedule.forget(pod)
            return
        if answer.get("kind") != PODS.kind:
            return
        pod = answer  # says which grace it has


def finalizers(obj: Object) -> list[str]:
    """The finalizers that hold up a deletion, without those that Kubernetes itself removes in time."""
    metadata = obj["metadata"]
    names = metadata.get("finalizers") or ()
    return [each for each in names if each not in _OF_KUBERNETES] if "deletionTimestamp" in metadata else []


def reason_left(obj: Object) -> str:
    """Why an object that was deleted is still there, as far as its metadata says; empty when it does not."""
    metadata = obj["metadata"]
    if held := finalizers(obj):
        return f"finalizers: {', '.join(held)}"
    if "deletionTimestamp" not in metadata:
        return ""
    if obj["kind"] == PODS.kind:
        return f"it is ending, with a grace of {metadata.get('deletionGracePeriodSeconds') or 0} seconds"
    return "a pod still uses it" if _IN_USE & set(metadata.get("finalizers") or ()) else ""
