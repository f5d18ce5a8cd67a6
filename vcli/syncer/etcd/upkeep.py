"""What an etcd needs from time to time: less space on the disk, and room when its quota is reached.

kube-apiserver compacts every five minutes, which frees space inside the file alone: the file never becomes
smaller by itself, and it is the file that the quota is about. At the quota etcd raises an alarm and refuses
writes, those of kube-apiserver's compaction too, until somebody makes room and takes the alarm back.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Final

from vcli.errors import VcliError
from vcli.kube.access import Access
from vcli.kube.client import Client
from vcli.syncer.engine.log import Log
from vcli.syncer.engine.prometheus import Sample
from vcli.syncer.etcd.member import NOSPACE, Member, Status

log = Log("vcli.syncer.etcd")

EVERY: Final = 15.0
"""Seconds between two looks."""
FULL: Final = "StoreFull"
"""Reason of the event."""
_MIB: Final = 1024 * 1024
_MUCH: Final = 64 * _MIB
"""Bytes that are worth a pause of the API server, which is a second in a store of some hundred megabytes."""
_QUIET: Final = 2.0
"""Writes a second; a cluster in which nothing happens has less than one."""
_HIGH: Final = 0.8
"""Of the quota: from here a pause is better than the alarm that would follow."""
_FILLED: Final = 0.95
"""Of the quota: with less room than that, the alarm would be back at once."""

Warn = Callable[[str, str], Awaitable[None]]
"""Makes a Warning event: reason, message."""


def frees_much(status: Status, *, rate: float) -> bool:
    """Whether a defragmentation is worth its pause now.

    Args:
        status: of the member.
        rate: writes a second of late.
    """
    free = status.size - status.in_use
    if status.quota and status.size >= _HIGH * status.quota and free >= status.quota / 10:
        return True
    return rate <= _QUIET and free >= _MUCH and free >= status.in_use


def has_room(status: Status) -> bool:
    """Whether writes would be taken, for a while at least."""
    return not status.quota or status.size <= _FILLED * status.quota


class Upkeep:
    """Looks after one member.

    Args:
        member: of etcd.
        warn: tells the host's administrator.

    Attributes:
        status: what the last look has found; None while the member does not answer.
    """

    def __init__(self, member: Member, warn: Warn) -> None:
        self.status: Status | None = None
        self._member = member
        self._warn = warn
        self._full_at = -1  # the revision at which there was no room to be made

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            try:
                await self.look()
            except VcliError as error:
                self.status = None
                log.debug("etcd can't be looked after", error=error)
            await asyncio.sleep(EVERY)

    async def look(self) -> None:
        """Look once, and do what is due.

        Raises:
            VcliError: the member does not answer.
        """
        before, status = self.status, await self._member.status()
        self.status = status
        if NOSPACE in status.alarms:
            await self._make_room(status)
        elif before and frees_much(status, rate=(status.revision - before.revision) / EVERY):
            await self._member.defragment()
            self.status = await self._member.status()
            log.info("etcd was defragmented", before=status.size, after=self.status.size)

    async def _make_room(self, found: Status) -> None:
        """Leave the last state of each object alone; the alarm goes when that is small enough."""
        if found.revision == self._full_at:
            return  # nothing was deleted since
        await self._member.compact(found.revision)
        await self._member.defragment()
        status = self.status = await self._member.status()
        used = f"{status.size / _MIB:.1f} MiB of its quota of {status.quota / _MIB:.1f} MiB"
        if has_room(status):
            await self._member.disarm(status, NOSPACE)
            self.status = await self._member.status()
            message = f"etcd had reached its quota and took no writes; room was made: it has {used} now"
        else:
            self._full_at = status.revision
            message = (
                f"etcd takes no writes: the objects alone take {used}. Delete some, or raise"
                " --quota-backend-bytes in controlPlane.backingStore.etcd.embedded.extraArgs"
            )
        log.warning(message)
        await self._warn(FULL, message)

    def samples(self) -> Iterator[Sample]:
        """For `/metrics`, and by that for `vcli describe`."""
        if self.status is not None:
            yield "vcli_store_size_bytes", "", self.status.size, None
            yield "vcli_store_in_use_bytes", "", self.status.in_use, None
            yield "vcli_store_quota_bytes", "", self.status.quota, None
            for alarm in sorted(self.status.alarms):
                yield "vcli_store_alarm", f'{{alarm="{alarm}"}}', 1, None


@asynccontextmanager
async def looked_after(url: str, warn: Warn) -> AsyncIterator[Callable[[], Iterator[Sample]]]:
    """Look after the etcd at a URL inside the block; gives its metrics. Without a URL there is nothing to do.

    It does not wait for the API server, which may not become ready before there is room.
    """
    if not url:
        yield lambda: iter(())
        return
    async with Client(Access(server=url)) as client:
        upkeep = Upkeep(Member(client), warn)
        task = asyncio.create_task(upkeep.run(), name="etcd upkeep")
        try:
            yield upkeep.samples
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
