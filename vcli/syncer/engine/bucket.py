"""Rate limits: a burst, and a steady rate after that; of one thing, or of each of many."""

from typing import Final, Generic, TypeVar

_SWEPT_FROM: Final = 1000
"""Keys from which on those are forgotten whose bucket is full again."""

Key = TypeVar("Key")


class TokenBucket:
    """A token bucket, without a clock of its own: all times are seconds on the caller's.

    Args:
        burst: how often at once.
        per_second: how often after that.
    """

    def __init__(self, *, burst: float, per_second: float) -> None:
        self._burst = burst
        self._per_second = per_second
        self._left = burst
        self._at = 0.0

    def take(self, now: float) -> bool:
        """Whether it may be done now; if so, it counts."""
        self._refill(now)
        if self._left < 1:
            return False
        self._left -= 1
        return True

    def reserve(self, now: float) -> float:
        """Seconds to wait until it may be done. It counts in any case: the next one waits longer."""
        self._refill(now)
        self._left -= 1
        return max(0.0, -self._left / self._per_second)

    def is_full(self, now: float) -> bool:
        """Whether nothing was done for so long that it is as good as new."""
        self._refill(now)
        return self._left >= self._burst

    @property
    def is_below_half(self) -> bool:
        """Whether less than half of the burst was left the last time."""
        return self._left < self._burst / 2

    def _refill(self, now: float) -> None:
        self._left = min(self._burst, self._left + (now - self._at) * self._per_second)
        self._at = now


class Buckets(Generic[Key]):
    """A token bucket for each key, of which only those are remembered that were used lately.

    Args:
        burst: how often at once.
        per_second: how often after that.
    """

    def __init__(self, *, burst: float, per_second: float) -> None:
        self._burst = burst
        self._per_second = per_second
        self._of: dict[Key, TokenBucket] = {}
        self._sweep_at = _SWEPT_FROM

    def of(self, key: Key, now: float) -> TokenBucket:
        """The bucket of a key."""
        found = self._of.get(key)
        if found is None:
            if len(self._of) >= self._sweep_at:
                self._of = {each: old for each, old in self._of.items() if not old.is_full(now)}
                self._sweep_at = max(_SWEPT_FROM, 2 * len(self._of))
            found = self._of[key] = TokenBucket(burst=self._burst, per_second=self._per_second)
            found.is_full(now)  # its clock begins
        return found
