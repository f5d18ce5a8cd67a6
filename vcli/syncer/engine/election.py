"""Which of several syncers writes: the one that holds a Lease in the host namespace.

Times are of a monotonic clock. Whoever leads counts from the moment before it asked for the renewal, the
others from when they saw it; it gives up at `renew_deadline`, before they take over after `duration`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Self

from vcli.errors import VcliError
from vcli.kube.client import Client
from vcli.kube.errors import AlreadyExists, Conflict, NotFound
from vcli.kube.resources import LEASES
from vcli.kube.types import Object, annotations
from vcli.syncer.engine.log import Log

log = Log("vcli.syncer.election")

SET_UP: Final = "vcli.dev/set-up"
"""Annotation of the Lease: a leader has made all that a new virtual cluster needs."""
_RELEASED_FOR: Final = 1


class LeadershipLostError(VcliError):
    """Another syncer may lead by now: this one must not write any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Seconds; each is larger than the next.

    Attributes:
        duration: others take over a Lease that was not renewed for so long.
        renew_deadline: whoever leads gives up after so long without a renewal.
        retry: between two attempts.
    """

    duration: int
    renew_deadline: float
    retry: float

    @classmethod
    def load(cls, data: Object) -> Self:
        """From the settings: ``leaseDuration``, ``renewDeadline``, ``retryPeriod``."""
        return cls(
            duration=data["leaseDuration"],
            renew_deadline=data["renewDeadline"],
            retry=data["retryPeriod"],
        )


class Election:
    """Takes the Lease when it is free, and renews it.

    Args:
        client: of the host; one of its own, as a renewal must not wait behind other requests.
        lease: metadata of the Lease: name, namespace, labels, owner.
        identity: of this syncer, no other process has it.
        timing: of the Lease.
        is_healthy: whether this syncer could do its work. One that can't does not renew, and another leads.
    """

    name = "election"
    needs_leadership = False

    def __init__(
        self,
        client: Client,
        lease: Object,
        *,
        identity: str,
        timing: Timing,
        is_healthy: Callable[[], Awaitable[bool]],
    ) -> None:
        self._client = client
        self._lease = lease
        self._identity = identity
        self._timing = timing
        self._is_healthy = is_healthy
        self._leading = asyncio.Event()
        self._until = 0.0
        self._seen: tuple[Any, ...] = ()
        self._seen_at = 0.0
        self._says_set_up = False
        self._news = asyncio.Event()
        self.is_set_up = asyncio.Event()
        """Set when any leader has announced that the virtual cluster is set up."""

    async def elected(self) -> None:
        """Until this syncer leads."""
        await self._leading.wait()

    def announce_set_up(self) -> None:
        """Let the others know that the virtual cluster is set up."""
        self._says_set_up = True
        self._news.set()

    def check(self) -> None:
        """See that a leader still is one; called before each write.

        Raises:
            LeadershipLostError: it is one no more.
        """
        if self._leading.is_set() and _now() >= self._until:
            raise LeadershipLostError("the lease of this syncer was not renewed in time")

    async def run(self) -> None:
        """Take the Lease and keep it, until cancelled.

        Raises:
            LeadershipLostError: it was lost.
        """
        while True:
            began = _now()
            end = self._until if self._leading.is_set() else began + self._timing.renew_deadline
            try:
                async with asyncio.timeout_at(end):
                    await self._attempt(began)
            except LeadershipLostError:
                raise
            except (VcliError, TimeoutError) as error:
                log.warning("lease not taken or renewed", error=error)
            self.check()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), self._timing.retry)
            self._news.clear()
            self.check()

    async def release(self) -> None:
        """Let another one lead at once. Call it when nothing writes any more."""
        if not self._leading.is_set() or _now() >= self._until:
            return
        self._leading.clear()
        try:
            async with asyncio.timeout(self._timing.retry):
                current = await self._current()
                if current["spec"].get("holderIdentity") == self._identity:
                    freed = {**current["spec"], "holderIdentity": "", "leaseDurationSeconds": _RELEASED_FOR}
                    await self._client.replace(LEASES, {**current, "spec": freed})
                    log.info("leadership is given up")
        except (VcliError, TimeoutError) as error:
            log.warning("lease not released, it expires by itself", error=error)

    async def _attempt(self, began: float) -> None:
        try:
            current = await self._current()
        except NotFound:
            current = None
        if current is not None and not self._may_take(current):
            return
        if not await self._is_healthy():
            log.warning("the virtual API does not answer here", leads=self._leading.is_set())
            return
        try:
            await self._write(current)
        except (Conflict, AlreadyExists):  # another one was faster: the next look shows who
            return
        self._until = began + self._timing.renew_deadline
        if not self._leading.is_set():
            self._leading.set()
            log.info("this syncer leads", identity=self._identity)

    async def _current(self) -> Object:
        found = await self._client.get(LEASES, self._lease["name"], namespace=self._lease["namespace"])
        if annotations(found).get(SET_UP):
            self.is_set_up.set()
        return found

    def _may_take(self, current: Object) -> bool:
        """Whether the Lease is ours, free, or has not changed for as long as it says.

        Raises:
            LeadershipLostError: it was ours.
        """
        spec = current.get("spec") or {}
        holder, seen = spec.get("holderIdentity"), (spec.get("holderIdentity"), spec.get("renewTime"))
        if seen != self._seen:
            self._seen, self._seen_at = seen, _now()
        if not holder or holder == self._identity:
            return True
        if self._leading.is_set():
            raise LeadershipLostError(f"{holder} leads instead of {self._identity}")
        return _now() >= self._seen_at + (spec.get("leaseDurationSeconds") or self._timing.duration)

    async def _write(self, current: Object | None) -> None:
        now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        before = (current or {}).get("spec") or {}
        spec = {
            **before,
            "holderIdentity": self._identity,
            "leaseDurationSeconds": self._timing.duration,
            "renewTime": now,
        }
        if before.get("holderIdentity") != self._identity:
            spec["acquireTime"] = now
            spec["leaseTransitions"] = before.get("leaseTransitions", -1) + 1
        obj: Object = {"metadata": self._lease, **(current or {}), "spec": spec}
        if self._says_set_up and not annotations(obj).get(SET_UP):
            noted = {**annotations(obj), SET_UP: "true"}
            obj = {**obj, "metadata": {**obj["metadata"], "annotations": noted}}
        if current is None:
            await self._client.create(LEASES, obj)
        else:
            await self._client.replace(LEASES, obj)  # with its resourceVersion


def _now() -> float:
    return asyncio.get_running_loop().time()
