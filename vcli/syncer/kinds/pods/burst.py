"""Many pods at once: how many are being started, which may go first, which a quota has no room for."""

import asyncio
from collections.abc import Callable
from typing import Final

from vcli.syncer.translate.names import VirtualName

_LONGEST_START: Final = 30.0
"""Seconds. A pod that takes longer waits for something else than the machine: a volume, an image."""

_LONGEST_ADMISSION: Final = 0.3
"""Seconds that others wait for the tokens of one pod."""


class StartingPods:
    """The pods whose containers the host creates now."""

    def __init__(self) -> None:
        self._since: dict[VirtualName, float] = {}

    def __len__(self) -> int:
        """How many there are, without those that take too long."""
        since = asyncio.get_running_loop().time() - _LONGEST_START
        count = 0
        for began in reversed(self._since.values()):
            if began < since:
                break
            count += 1
        return count

    def add(self, name: VirtualName) -> None:
        """The pod is being started, or still is."""
        self._since.setdefault(name, asyncio.get_running_loop().time())

    def discard(self, name: VirtualName) -> None:
        """It runs, or never will."""
        self._since.pop(name, None)


class AdmissionLimiter:
    """Lets few pods at a time onto the host: those whose tokens are still to come.

    A kubelet looks for the tokens of a pod as soon as it has the pod, and half a second later again. They
    are in time while they are few. Of many pods created at once the host starts the last ones no earlier
    anyway.

    Args:
        slots: how many pods at a time.
        on_slot: called with the name of each pod that had to wait, in their order, when it has a slot.
    """

    def __init__(self, slots: int, *, on_slot: Callable[[VirtualName], None]) -> None:
        self._slots = slots
        self._on_slot = on_slot
        self._admitted: dict[VirtualName, asyncio.TimerHandle] = {}
        self._waiting: dict[VirtualName, None] = {}

    def acquire(self, name: VirtualName) -> bool:
        """Whether the pod has a slot now; if not, `on_slot` is called when it has."""
        if name not in self._admitted:
            if len(self._admitted) >= self._slots:
                self._waiting[name] = None
                return False
            self._admit(name)
        return True

    def release(self, name: VirtualName) -> None:
        """The pod has its tokens, or gets none; also for one that had no slot."""
        self._waiting.pop(name, None)
        timeout = self._admitted.pop(name, None)
        if timeout is None:
            return
        timeout.cancel()
        if self._waiting:
            first = next(iter(self._waiting))
            self._admit(first)
            self._on_slot(first)

    def _admit(self, name: VirtualName) -> None:
        self._waiting.pop(name, None)
        # A pod that gets no node gets no tokens either, and must not keep its slot.
        self._admitted[name] = asyncio.get_running_loop().call_later(_LONGEST_ADMISSION, self.release, name)


class QuotaQueue:
    """The pods that a ResourceQuota of the host rejects; the one that was rejected longest ago is first.

    Each is retried with backoff. When the quota may have room again, the first one is retried at once, and
    when that succeeds, the next: the room is used up quickly, at the cost of one rejected request.

    Args:
        retry: called with the name of a pod.
    """

    def __init__(self, *, retry: Callable[[VirtualName], None]) -> None:
        self._retry = retry
        self._rejected: dict[VirtualName, None] = {}

    def rejected(self, name: VirtualName) -> None:
        """A quota has rejected the pod, for the first time or again."""
        self.discard(name)
        self._rejected[name] = None

    def created(self, name: VirtualName) -> None:
        """The pod is on the host."""
        if name in self._rejected:
            self.discard(name)
            self.retry_first()

    def discard(self, name: VirtualName) -> None:
        """The pod is deleted, or was rejected for another reason."""
        self._rejected.pop(name, None)

    def retry_first(self) -> None:
        """The quota may have room for a pod."""
        first = next(iter(self._rejected), None)
        if first is not None:
            self._retry(first)
