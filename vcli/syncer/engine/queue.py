"""The work queue of a controller: `Schedule` with the loop's clock, takers that wait, and backoff."""

import asyncio
import random
from collections import deque
from typing import Final, Generic

from vcli.syncer.engine.bucket import TokenBucket
from vcli.syncer.engine.schedule import NORMAL, Key, Schedule

FIRST_RETRY = 0.005
LONGEST_RETRY = 60.0
QUICK_RETRIES: Final = 5
"""A key that has failed more often than this is subject to the rates below."""
_BURST: Final = 100
_PER_SECOND: Final = 10
"""Attempts for all such keys together, by events; and as many by backoff, of what is rejected."""


class WorkQueue(Generic[Key]):
    """Names to work on. Belongs to one event loop, whose clock it uses; never touch it from another thread.

    An event about a key that keeps failing may be what it waits for, so it is tried at once. But a tenant can
    make any number of events about many such keys: beyond a rate, keys wait for their backoff.

    Args:
        first_retry: seconds until a key that failed once is tried again; doubles with each failure.
        longest_retry: the bound of that, before up to a tenth of jitter.
    """

    def __init__(self, *, first_retry: float = FIRST_RETRY, longest_retry: float = LONGEST_RETRY) -> None:
        self._first_retry = first_retry
        self._longest_retry = longest_retry
        self._schedule: Schedule[Key] = Schedule()
        self._failures: dict[Key, int] = {}
        self._postponed: set[Key] = set()
        self._retries = TokenBucket(burst=_BURST, per_second=_PER_SECOND)
        self._wakes = TokenBucket(burst=_BURST, per_second=_PER_SECOND)
        self._takers: deque[asyncio.Future[None]] = deque()
        self._alarm: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._schedule)

    @property
    def waited(self) -> float:
        """Seconds from when keys were due until a worker took them, of all together."""
        return self._schedule.waited

    def add(self, key: Key, *, after: float = 0.0, priority: int = NORMAL) -> None:
        """Want `key` worked on, in `after` seconds at the earliest."""
        now = _now()
        failures = self._failures.get(key, 0)
        if failures > QUICK_RETRIES and not self._wakes.take(now):
            if self._schedule.waits(key):
                return
            if self._schedule.runs(key):  # see `done` and `forget`
                self._postponed.add(key)
                return
            after = max(after, self._backoff(failures))
        self._schedule.add(key, at=now + after, now=now, priority=priority)
        self._wake()

    def retry(self, key: Key, *, at_least: float = 0.0, quickly: bool = True) -> float:
        """Want `key` again after its backoff; returns the delay in seconds.

        Args:
            key: what failed.
            at_least: a wait that the server asked for (Retry-After).
            quickly: whether an attempt in a moment may succeed; if not, the shortest delays are left out.
        """
        now = _now()
        failures = max(self._failures.get(key, 0), 0 if quickly else QUICK_RETRIES)
        self._failures[key] = failures + 1
        self._postponed.discard(key)
        delay = max(at_least, self._backoff(failures))
        if not quickly:  # other failures end all at once, when a server is back
            delay = max(delay, self._retries.reserve(now))
        self._schedule.add(key, at=now + delay, now=now)
        self._wake()
        return delay

    def give_up(self, key: Key) -> None:
        """Do not try `key` again until an event adds it; it still counts as failing then."""
        self._failures[key] = max(self._failures.get(key, 0), QUICK_RETRIES) + 1

    def _backoff(self, failures: int) -> float:
        delay: float = min(self._first_retry * 2 ** min(failures, 30), self._longest_retry)
        return delay * (1 + random.random() / 10)  # noqa: S311 - spreading load, not a secret

    def failures(self, key: Key) -> int:
        """How often the key has failed since it last succeeded."""
        return self._failures.get(key, 0)

    def forget(self, key: Key) -> None:
        """The key's work succeeded (or is pointless): its next failure counts as the first."""
        self._failures.pop(key, None)
        if key in self._postponed:  # the event may have come after the work had read the caches
            self._postponed.discard(key)
            self.add(key)

    async def get(self) -> Key:
        """The next key; the caller owes a `done` for it."""
        while True:
            key = self._schedule.take(now=_now())
            if key is not None:
                self._wake()
                return key
            taker: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._takers.append(taker)
            self._wake()
            try:
                await taker
            except asyncio.CancelledError:
                if taker in self._takers:
                    self._takers.remove(taker)
                else:  # woken for a key that it will not take now: somebody else must
                    self._wake()
                raise

    def done(self, key: Key) -> None:
        """The work on `key` ended, well or not."""
        self._schedule.done(key, now=_now())
        if key in self._postponed:
            self._postponed.discard(key)
            self.add(key, after=self._backoff(self.failures(key)))
        self._wake()

    def _wake(self) -> None:
        """Wake one taker if a key is due (it wakes the next one), else set the alarm for the first."""
        upcoming = self._schedule.next_at()
        if upcoming is None or not self._takers:
            return
        if upcoming <= _now():
            taker = self._takers.popleft()
            if not taker.done():
                taker.set_result(None)
            return
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = asyncio.get_running_loop().call_at(upcoming, self._wake)


def _now() -> float:
    return asyncio.get_running_loop().time()
