"""How long an answer may take."""

import asyncio

from vcli import invocation

# Seconds for the first answer of a server, unless --timeout gives more: a silent one is as good as down.
FIRST_ANSWER = 10.0
_LEAST = 1.0


class Wait:
    """The time for an answer: for its head, if it is the server's first, and for the whole.

    Args:
        timeout: seconds for the whole; ``--timeout`` may make it less.
        answered: whether the server has answered before.
    """

    def __init__(self, timeout: float, *, answered: bool) -> None:
        as_given = answered or invocation.current().seconds is not None
        self._whole = timeout
        self._asked = timeout if as_given else min(timeout, FIRST_ANSWER)
        # What has answered is asked once more near the deadline: silence of some milliseconds says nothing.
        least = min(self._asked, _LEAST) if answered else 0.0
        self._limit = max(invocation.within(self._asked), least)
        self._clock: asyncio.Timeout | None = None

    def limited(self) -> asyncio.Timeout:
        """The block that takes so long at most."""
        self._clock = asyncio.timeout(self._limit)
        return self._clock

    def extend(self) -> None:
        """The head is there."""
        due = self._clock.when() if self._clock else None
        if self._clock and due is not None and self._asked < self._whole:
            self._clock.reschedule(due + self._whole - self._asked)
            self._asked = self._limit = self._whole

    @property
    def spoken(self) -> str:
        """For messages: ``within 10 seconds``."""
        return invocation.spoken(self._limit, self._asked)
