"""Which key is next: the rules of the work queue, without a clock or an event loop of its own."""

import heapq
import itertools
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)

INITIAL = -10
"""Priority of what an initial list brings: a restart with thousands of objects must not delay a new one."""
NORMAL = 0
"""Priority of what has just changed."""
HIGH = 10
"""Priority of what somebody outside is about to look for."""


@dataclass(slots=True)
class _Entry(Generic[Key]):
    """One request to work on a key. An entry that is no longer in `_waiting` is dead weight on a heap."""

    key: Key
    at: float
    priority: int


class Schedule(Generic[Key]):
    """Keys that wait, keys whose time has not come, and keys that somebody is working on.

    Rules: a key waits at most once; adding it again keeps the earliest time and the highest priority; a key
    that is being worked on is never handed out a second time, and is handed out again afterwards if it was
    added meanwhile. Among those that are due, the higher priority goes first, then the one that came first.

    All times are seconds on whichever clock the caller uses.
    """

    def __init__(self) -> None:
        self._waiting: dict[Key, _Entry[Key]] = {}
        self._running: set[Key] = set()
        self._due: list[tuple[int, int, _Entry[Key]]] = []
        self._later: list[tuple[float, int, _Entry[Key]]] = []
        self._order = itertools.count()
        self.waited = 0.0
        """Seconds from when keys were due until they were handed out, of all together."""

    def __len__(self) -> int:
        """How many keys wait, due or not."""
        return len(self._waiting)

    @property
    def running(self) -> frozenset[Key]:
        """The keys that were handed out and are not done."""
        return frozenset(self._running)

    def waits(self, key: Key) -> bool:
        """Whether the key is going to be handed out, now or later."""
        return key in self._waiting

    def runs(self, key: Key) -> bool:
        """Whether the key was handed out and is not done."""
        return key in self._running

    def add(self, key: Key, *, at: float, now: float, priority: int = NORMAL) -> None:
        """Want `key` worked on, not before `at`."""
        waiting = self._waiting.get(key)
        if waiting is not None:
            if at >= waiting.at and priority <= waiting.priority:
                return
            at, priority = min(at, waiting.at), max(priority, waiting.priority)
        entry = _Entry(key, at, priority)
        self._waiting[key] = entry
        if key not in self._running:
            self._push(entry, now)

    def take(self, *, now: float) -> Key | None:
        """Hand out the key that goes first, or None if nothing is due."""
        self._mature(now)
        while self._due:
            _, _, entry = heapq.heappop(self._due)
            if self._waiting.get(entry.key) is entry:
                del self._waiting[entry.key]
                self._running.add(entry.key)
                self.waited += now - entry.at
                return entry.key
        return None

    def done(self, key: Key, *, now: float) -> None:
        """Give a key back; if it was added while it was out, it waits again."""
        self._running.discard(key)
        entry = self._waiting.get(key)
        if entry is not None:
            self._push(entry, now)

    def next_at(self) -> float | None:
        """When the next key becomes due, in the past if one is already; None if nothing waits for time."""
        while self._due and self._waiting.get(self._due[0][2].key) is not self._due[0][2]:
            heapq.heappop(self._due)
        if self._due:
            return self._due[0][2].at
        while self._later and self._waiting.get(self._later[0][2].key) is not self._later[0][2]:
            heapq.heappop(self._later)
        return self._later[0][0] if self._later else None

    def _push(self, entry: _Entry[Key], now: float) -> None:
        if entry.at > now:
            heapq.heappush(self._later, (entry.at, next(self._order), entry))
        else:
            heapq.heappush(self._due, (-entry.priority, next(self._order), entry))

    def _mature(self, now: float) -> None:
        while self._later and self._later[0][0] <= now:
            _, _, entry = heapq.heappop(self._later)
            if self._waiting.get(entry.key) is entry:
                heapq.heappush(self._due, (-entry.priority, next(self._order), entry))
