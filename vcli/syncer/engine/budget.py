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
from vcli.syncer.engine.bucket import TokenBucket
from vcli.syncer.engine.log import Log
from vcli.syncer.engine.prometheus import Sample

log = Log("vcli.syncer.budget")

BURST: Final = 20
EACH: Final = 0.5
"""Writes of one object in a row, and a second after that."""
ALL_BURST: Final = 100
ALL: Final = 20.0
"""The same of all objects together that have used up half of their own."""
_SWEPT_FROM: Final = 1000
"""Objects from which on those are forgotten that were not written lately."""

_Key = tuple[Resource, str, str]


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
        self._buckets: dict[_Key, TokenBucket] = {}
        self._all = TokenBucket(burst=ALL_BURST, per_second=ALL)
        self._sweep_at = _SWEPT_FROM
        self.delayed: Counter[str] = Counter()

    def admit(self, resource: Resource, obj: Object) -> None:
        """Count a write that is about to happen.

        Raises:
            WriteLaterError: not now.
        """
        now = asyncio.get_running_loop().time()
        metadata = obj["metadata"]
        key = resource, metadata.get("namespace", ""), metadata["name"]
        bucket = self._bucket(key, now)
        if not bucket.take(now):
            self._delay(key, 1 / EACH)
        if bucket.is_below_half and not self._all.take(now):
            self._delay(key, 1.0)

    def samples(self) -> Iterator[Sample]:
        """For the metrics."""
        for plural, count in sorted(self.delayed.items()):
            yield "vcli_syncer_writes_delayed_total", f'{{resource="{plural}"}}', count, None

    def _bucket(self, key: _Key, now: float) -> TokenBucket:
        found = self._buckets.get(key)
        if found is None:
            if len(self._buckets) >= self._sweep_at:
                self._buckets = {each: old for each, old in self._buckets.items() if not old.is_full(now)}
                self._sweep_at = max(_SWEPT_FROM, 2 * len(self._buckets))
            found = self._buckets[key] = TokenBucket(burst=BURST, per_second=EACH)
            found.is_full(now)  # its clock begins
        return found

    def _delay(self, key: _Key, seconds: float) -> None:
        resource, _, name = key
        self.delayed[resource.plural] += 1
        log.debug("written later, as it changes again and again", resource=resource.plural, name=name)
        raise WriteLaterError(seconds)
