"""Kinds that a cluster does not let us list: named where an administrator looks, and else left aside."""

import asyncio
from collections.abc import Awaitable, Callable

from vcli.kube.errors import ApiError
from vcli.syncer.engine.log import Log

log = Log("vcli.syncer.availability")


class Availability:
    """Which kinds are unavailable, each said once: in the log, and by `warn`.

    Args:
        warn: makes a Warning event of a message.
    """

    name = "availability"
    needs_leadership = True

    def __init__(self, warn: Callable[[str], Awaitable[None]] | None = None) -> None:
        self.unavailable: dict[str, str] = {}
        """Reasons, by cluster and kind: ``host persistentvolumeclaims``."""
        self._warn = warn
        self._news: asyncio.Queue[str] = asyncio.Queue()

    def changed(self, kind: str, error: ApiError | None) -> None:
        """The kind is available (None), or is refused."""
        if error is None:
            if self.unavailable.pop(kind, None):
                log.info("available again", kind=kind)
        elif kind not in self.unavailable:
            self.unavailable[kind] = error.message
            log.warning("unavailable, and left aside until it can be listed", kind=kind, error=error)
            self._news.put_nowait(f"{kind} unavailable: {error.message}")

    async def run(self) -> None:
        """Make events until cancelled."""
        while True:
            message = await self._news.get()
            if self._warn is not None:
                await self._warn(message)
