"""What has to happen before the syncer is ready, each thing once."""

import asyncio
import contextlib
from collections.abc import Iterable


class Gates:
    """Things to wait for, by name.

    Args:
        names: of all of them; ready once each was reached.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._reached = {name: asyncio.Event() for name in names}
        self._complete = asyncio.Event()
        self._excused = False
        self._look()

    @property
    def missing(self) -> list[str]:
        """What was not reached yet, sorted; nothing where that does not matter."""
        return (
            [] if self._excused else sorted(name for name, gate in self._reached.items() if not gate.is_set())
        )

    def reached(self, name: str) -> None:
        """One thing fewer to wait for."""
        self._reached[name].set()
        self._look()

    def excuse(self) -> None:
        """Be ready without: another syncer leads, and has done all that. What `wait` waits for stays."""
        self._excused = True
        self._look()

    async def wait(self, name: str) -> None:
        """Until this was reached."""
        await self._reached[name].wait()

    async def wait_all(self, *, longest: float | None = None) -> None:
        """Return when nothing is missing, or after so many seconds."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._complete.wait(), longest)

    def _look(self) -> None:
        if not self.missing:
            self._complete.set()
