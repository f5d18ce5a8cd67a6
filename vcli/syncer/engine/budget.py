"""How often the host is written to for one object: as often as users change objects, not as programs can.

A tenant can change an object as quickly as its API server answers, and create and delete it in turn. The host
need not see each of these states, only the last one: so an object is written a number of times in a row, then
every other second, and all that are written so often share a rate. Deletes are never held up.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from typing import Final

from vcli.errors import VcliError
from vcli.kube.resources import Resource
from vcli.kube.types import Object
from vcli.syncer.engine.bucket import Buckets, TokenBucket
from vcli.syncer.engine.log import Log
from vcli.syncer.engine.prometheus import Sample

log = Log("vcli.syncer.budget")

BURST: Final = 20
EACH: Final = 0.5
"""Writes of one object in a row, and a second after that."""
ALL_BURST: Final = 100
ALL: Final = 20.0
"""The same of all objects together that have used up half of their own."""

Key = tuple[Resource, str, str]
"""An object: its resource, namespace and name."""


def key_of(resource: Resource, obj: Object) -> Key:
    """Which object it is, whatever it is like."""
    metadata = obj["metadata"]
    return resource, metadata.get("namespace", ""), metadata["name"]


class WriteLaterError(VcliError):
    """An object was written too often, or too many were: the next time is in so many seconds.

    Attributes:
        seconds: how long to wait.
    """

    def __init__(self, seconds: float, message: str = "") -> None:
        super().__init__(message or f"changed again and again; written in {seconds:.0f} seconds")
        self.seconds = seconds


class Budget:
    """Counts writes to one cluster.

    Attributes:
        delayed: how often a kind had to wait.
    """

    def __init__(self) -> None:
        self._each = Buckets[Key](burst=BURST, per_second=EACH)
        self._all = TokenBucket(burst=ALL_BURST, per_second=ALL)
        self.delayed: Counter[str] = Counter()

    def admit(self, resource: Resource, obj: Object) -> None:
        """Count a write that is about to happen.

        Raises:
            WriteLaterError: not now.
        """
        now = asyncio.get_running_loop().time()
        key = key_of(resource, obj)
        bucket = self._each.of(key, now)
        if not bucket.take(now):
            self._delay(key, 1 / EACH)
        if bucket.is_below_half and not self._all.take(now):
            self._delay(key, 1.0)

    def samples(self) -> Iterator[Sample]:
        """For the metrics."""
        for plural, count in sorted(self.delayed.items()):
            yield "vcli_syncer_writes_delayed_total", f'{{resource="{plural}"}}', count, None

    def _delay(self, key: Key, seconds: float) -> None:
        resource, _, name = key
        self.delayed[resource.plural] += 1
        log.debug("written later, as it changes again and again", resource=resource.plural, name=name)
        raise WriteLaterError(seconds)
