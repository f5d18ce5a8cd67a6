"""Whether many pods are being made at once: then what can wait leaves the machine to them."""

import asyncio
from typing import Final

from vcli.syncer.translate.names import VirtualName

_LONGEST: Final = 30.0
"""Seconds. A pod that takes longer waits for something else than the machine: a volume, an image."""


class Starting:
    """The pods whose containers the host is making now."""

    def __init__(self) -> None:
        self._since: dict[VirtualName, float] = {}

    def __len__(self) -> int:
        """How many there are, without those that have been at it for too long."""
        since = asyncio.get_running_loop().time() - _LONGEST
        count = 0
        for began in reversed(self._since.values()):
            if began < since:
                break
            count += 1
        return count

    def add(self, name: VirtualName) -> None:
        """The pod is being made, or still is."""
        self._since.setdefault(name, asyncio.get_running_loop().time())

    def discard(self, name: VirtualName) -> None:
        """It runs, or never will."""
        self._since.pop(name, None)
