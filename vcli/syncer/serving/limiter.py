"""Limits for connections whose client is not authenticated yet.

Every pod of the host can open such connections, and each takes memory: with TLS, half a megabyte. So there
are few of them, and they are short. When there are too many, the address that has most of them loses its
oldest: a client that opens thousands closes its own, and other clients are served.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Final

from vcli.syncer.engine.bucket import TokenBucket

LIMIT: Final = 64
"""Connections at a time from other pods and nodes."""
OWN_LIMIT: Final = 512
"""Connections at a time from our own pod: kube-apiserver opens one for each log that is followed."""
SECONDS: Final = 10.0
"""Until a client certificate or a token is accepted, TLS handshake included."""
_BURST: Final = 64
_PER_SECOND: Final = 16
_ADDRESSES: Final = 1024
"""Addresses whose rate is remembered."""


Close = Callable[[], object]


class Slot:
    """The place of one connection in the limiter.

    Attributes:
        address: where the client is.
        close: closes the connection; set by the server.
        is_authenticated: whether the client is authenticated; then the limits are over.
    """

    def __init__(self, address: str, release: "Callable[[Slot], None]") -> None:
        self.address = address
        self.close: Close = _nothing
        self.is_authenticated = False
        self._release = release

    def authenticated(self) -> None:
        """The client is authenticated."""
        self.is_authenticated = True
        self._release(self)

    def release(self) -> None:
        """The connection is closed."""
        self._release(self)


class ConnectionLimiter:
    """Limits the number, duration and rate of unauthenticated connections; several servers may share one.

    Args:
        limit: number from other pods and nodes.
        own_limit: number from our own pod.
        seconds: duration of each.
        limits_rate: whether connections beyond a rate from one address are rejected. Not where the kubelet's
            probes come in: other clients may have the same address as the kubelet.
    """

    def __init__(
        self,
        *,
        limit: int = LIMIT,
        own_limit: int = OWN_LIMIT,
        seconds: float = SECONDS,
        limits_rate: bool = True,
    ) -> None:
        self._others = _Slots(limit)
        self._own = _Slots(own_limit)
        self._seconds = seconds
        self._limits_rate = limits_rate
        self._rates: dict[str, TokenBucket] = {}
        self._timers: dict[Slot, asyncio.TimerHandle] = {}

    def __len__(self) -> int:
        """Number of unauthenticated connections."""
        return len(self._timers)

    def acquire(self, address: str, *, own: bool) -> Slot | None:
        """A slot for a new connection, or None: then it has to be closed at once.

        Args:
            address: where the client is.
            own: whether that is our own pod.
        """
        if not own and self._limits_rate and not self._is_within_rate(address):
            return None
        slot = Slot(address, self._release)
        loop = asyncio.get_running_loop()
        self._timers[slot] = loop.call_later(self._seconds, self._close, slot)
        evicted = (self._own if own else self._others).add(slot)
        if evicted is not None:
            self._close(evicted)
        return slot

    def _is_within_rate(self, address: str) -> bool:
        rate = self._rates.pop(address, None) or TokenBucket(burst=_BURST, per_second=_PER_SECOND)
        self._rates[address] = rate  # at the end: the one that was not used for longest is forgotten first
        if len(self._rates) > _ADDRESSES:
            del self._rates[next(iter(self._rates))]
        return rate.take(asyncio.get_running_loop().time())

    def _close(self, slot: Slot) -> None:
        self._release(slot)
        slot.close()

    def _release(self, slot: Slot) -> None:
        timer = self._timers.pop(slot, None)
        if timer is not None:
            timer.cancel()
            self._others.discard(slot)
            self._own.discard(slot)


class _Slots:
    """Slots in use, the oldest first."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._slots: dict[Slot, None] = {}
        self._count: Counter[str] = Counter()

    def add(self, slot: Slot) -> Slot | None:
        """Add a slot; returns the one that has to be closed for it."""
        self._slots[slot] = None
        self._count[slot.address] += 1
        if len(self._slots) <= self._limit:
            return None
        most = max(self._count.values())
        return next(each for each in self._slots if self._count[each.address] == most)

    def discard(self, slot: Slot) -> None:
        """Remove a slot, if it is here."""
        if slot in self._slots:
            del self._slots[slot]
            self._count[slot.address] -= 1
            if not self._count[slot.address]:
                del self._count[slot.address]


def _nothing() -> None:
    """Closes what no server has yet."""
