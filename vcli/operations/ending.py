"""Ending the pods of a virtual cluster that is deleted or paused, however long a grace they were given."""

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from vcli.controlplane.apply import together
from vcli.kube.client import Client
from vcli.kube.errors import Conflict, Forbidden, NotFound
from vcli.kube.resources import PODS
from vcli.kube.types import Object, ObjectMeta, is_terminating, uid

_GRACE: Final = 30  # seconds; what Kubernetes gives a pod that asks for nothing
_KUBELET: Final = 10.0  # seconds that a kubelet may take to say that a pod has ended
_AT_ONCE: Final = 20  # as the garbage collector
_SHARE: Final = 0.5  # of the whole time, for the grace of pods
_IN_USE: Final = {"kubernetes.io/pvc-protection", "kubernetes.io/pv-protection"}
_OF_KUBERNETES: Final = _IN_USE | {"foregroundDeletion", "orphan"}


@dataclass(slots=True)
class Schedule:
    """How long the pods of a virtual cluster get to end: their own grace, less if that is long, then none.

    A kubelet that has begun to stop a container keeps that moment's grace; later requests do not change it.
    So the first deletion has to name it: that of the garbage collector, or of a namespace, does not. Without
    any grace the API server forgets a pod at once, though its node may still run it.

    Args:
        timeout: seconds that the whole deletion may take.
        most: seconds of grace that a pod may have, and no more than its share of the whole time.
        force: whether pods may be forgotten; not where their volumes are used again.
    """

    timeout: float = 2.0 * _GRACE
    most: float = _GRACE
    force: bool = True
    forgotten: list[str] = field(default_factory=list)
    _started: float = field(default_factory=time.monotonic)
    _asked: dict[str, int] = field(default_factory=dict)

    @property
    def longest(self) -> int:
        """Seconds of grace at most."""
        return max(1, int(min(self.most, self.timeout * _SHARE)))

    def next_grace(self, pod: Object) -> int | None:
        """The grace to delete a pod with now, in seconds; None to leave it alone.

        Args:
            pod: its metadata, and its spec if it is not being deleted yet.
        """
        metadata = pod["metadata"]
        if self.force and self._is_over():
            wanted = 0
        elif not is_terminating(pod):
            own = pod.get("spec", {}).get("terminationGracePeriodSeconds")
            wanted = self.longest if own is None else min(own, self.longest)
        elif (metadata.get("deletionGracePeriodSeconds") or 0) > self.longest:
            wanted = self.longest
        else:
            return None
        if self._asked.get(uid(pod)) == wanted:
            return None
        self._asked[uid(pod)] = wanted
        if not wanted and is_terminating(pod):
            self.forgotten.append(metadata["name"])
        return wanted

    def forget(self, pod: Object) -> None:
        """Ask again for what was asked for last."""
        self._asked.pop(uid(pod), None)

    def _is_over(self) -> bool:
        return time.monotonic() - self._started > min(self.longest + _KUBELET, 0.8 * self.timeout)


async def end_pods(client: Client, pods: Iterable[Object], schedule: Schedule) -> None:
    """Delete pods, or hurry those that are ending.

    Args:
        client: of the host.
        pods: see `Schedule.next_grace`.
        schedule: how long they get.

    Raises:
        ApiError: the host rejected a request.
    """
    slots = asyncio.Semaphore(_AT_ONCE)

    async def end(pod: Object) -> None:
        async with slots:
            await _end(client, pod, schedule)

    await together(end(pod) for pod in pods)


async def _end(client: Client, pod: Object, schedule: Schedule) -> None:
    grace, metadata = schedule.next_grace(pod), pod["metadata"]
    if grace is None:
        return
    try:
        await client.delete(
            PODS, metadata["name"], namespace=metadata["namespace"], uid=uid(pod), grace=grace
        )
    except (NotFound, Forbidden):  # gone; or left to the garbage collector
        return
    except Conflict:  # another one by now; or it was changed at the same moment
        schedule.forget(pod)


def finalizers(obj: Object) -> list[str]:
    """The finalizers that hold up a deletion, without those that Kubernetes itself removes in time."""
    metadata: ObjectMeta = obj["metadata"]
    names = metadata.get("finalizers") or ()
    return [each for each in names if each not in _OF_KUBERNETES] if is_terminating(obj) else []


def reason_left(obj: Object) -> str:
    """Why an object that was deleted is still there, as far as its metadata says; empty when it does not."""
    metadata = obj["metadata"]
    if held := finalizers(obj):
        return f"finalizers: {', '.join(held)}"
    if not is_terminating(obj):
        return ""
    if obj["kind"] == PODS.kind:
        return f"it is ending, with a grace of {metadata.get('deletionGracePeriodSeconds') or 0} seconds"
    return "a pod still uses it" if _IN_USE & set(metadata.get("finalizers") or ()) else ""
