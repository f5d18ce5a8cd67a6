"""The connections of which it is not known yet who opened them.

Every pod of the host can open one, and each takes memory: some hundred kilobytes with TLS. So they are few,
and they are short. Where there are too many, the source that has most of them gives up its oldest: one that
opens a thousand crowds out its own, and another one gets in.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Final

from vcli.syncer.engine.allowance import Allowance

LIMIT: Final = 64
"""Connections of others at a time."""
OWN_LIMIT: Final = 512
"""Connections of our own pod at a time: kube-apiserver opens one for each log that is followed."""
SECONDS: Final = 10.0
"""Until a client certificate or a token was accepted."""
_BURST: Final = 64
_PER_SECOND: Final = 16
_SOURCES: Final = 1024


Drop = Callable[[], object]


class Visit:
    """One connection at the gate.

    Attributes:
        source: the address that it comes from.
        drop: ends it; to be set by whoever serves it.
        known: whether it is known who opened it: then the gate does not concern it any more.
    """

    def __init__(self, source: str, leave: "Callable[[Visit], None]") -> None:
        self.source = source
        self.drop: Drop = _nothing
        self.known = False
        self._leave = leave

    def admit(self) -> None:
        """It is known now who opened it."""
        self.known = True
        self._leave(self)

    def end(self) -> None:
        """It is over."""
        self._leave(self)


class Gate:
    """Bounds how many such connections there are, how long, and how often another one may come.

    Args:
        limit: how many of others; those of our own pod have a bound of their own.
        own_limit: how many of our own pod.
        seconds: how long each may take until it is known who it is.
        hurried: whether a source that opens more than a few a second is turned away. Where a kubelet comes to
            look whether we live, it must not be: others may come by the same address.
    """

    def __init__(
        self,
        *,
        limit: int = LIMIT,
        own_limit: int = OWN_LIMIT,
        seconds: float = SECONDS,
        hurried: bool = True,
    ) -> None:
        self._others = _Room(limit)
        self._own = _Room(own_limit)
        self._seconds = seconds
        self._hurried = hurried
        self._paces: dict[str, Allowance] = {}
        self._timers: dict[Visit, asyncio.TimerHandle] = {}

    def __len__(self) -> int:
        """How many are here."""
        return len(self._timers)

    def enter(self, source: str, *, own: bool) -> Visit | None:
        """Another connection has come; None if it is to be closed at once.

        Args:
            source: the address that it comes from.
            own: whether that is our own pod.
        """
        if not own and self._hurried and not self._is_in_time(source):
            return None
        visit = Visit(source, self._leave)
        loop = asyncio.get_running_loop()
        self._timers[visit] = loop.call_later(self._seconds, self._drop, visit)
        crowded_out = (self._own if own else self._others).add(visit)
        if crowded_out is not None:
            self._drop(crowded_out)
        return visit

    def _is_in_time(self, source: str) -> bool:
        pace = self._paces.pop(source, None) or Allowance(burst=_BURST, per_second=_PER_SECOND)
        self._paces[source] = pace  # back at the end: who has not come for long is forgotten first
        if len(self._paces) > _SOURCES:
            del self._paces[next(iter(self._paces))]
        return pace.take(asyncio.get_running_loop().time())

    def _drop(self, visit: Visit) -> None:
        self._leave(visit)
        visit.drop()

    def _leave(self, visit: Visit) -> None:
        timer = self._timers.pop(visit, None)
        if timer is not None:
            timer.cancel()
            self._others.discard(visit)
            self._own.discard(visit)


class _Room:
    """Visits in the order in which they came."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._visits: dict[Visit, None] = {}
        self._of: Counter[str] = Counter()

    def add(self, visit: Visit) -> Visit | None:
        """Let one in; gives the one that must go for it."""
        self._visits[visit] = None
        self._of[visit.source] += 1
        if len(self._visits) <= self._limit:
            return None
        most = max(self._of.values())
        return next(each for each in self._visits if self._of[each.source] == most)

    def discard(self, visit: Visit) -> None:
        """One is not here any more, or never was."""
        if visit in self._visits:
            del self._visits[visit]
            self._of[visit.source] -= 1
            if not self._of[visit.source]:
                del self._of[visit.source]


def _nothing() -> None:
    """What is not served yet needs no end."""
