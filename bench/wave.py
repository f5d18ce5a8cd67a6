"""Pods that are made together, and when each of them runs."""

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from bench.stage import Side
from vcli.kube.errors import Unreachable
from vcli.kube.resources import PODS
from vcli.kube.watch import list_watch

Object = dict[str, Any]

IMAGE = "registry.k8s.io/pause:3.10.1"
_LABEL = "vcli.dev/bench"
_TIMEOUT = 600.0
_SETTLE = 2.0


@dataclass(slots=True)
class Wave:
    """Pods that are made together, and when each was seen running."""

    side: Side
    name: str = field(default_factory=lambda: f"wave-{secrets.token_hex(3)}")
    asked: dict[str, float] = field(default_factory=dict)
    running: dict[str, float] = field(default_factory=dict)
    there: set[str] = field(default_factory=set)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def selector(self) -> str:
        """Of its pods."""
        return f"{_LABEL}={self.name}"

    @property
    def latencies(self) -> list[float]:
        """Seconds from asked to running, of each pod."""
        return [self.running[name] - self.asked[name] for name in self.running]

    @property
    def duration(self) -> float:
        """Seconds from the first one asked for to the last one running."""
        return max(self.running.values()) - min(self.asked.values())

    async def make(
        self, count: int, *, pace: float = 0.0, spec: Mapping[str, Any] | None = None, at_once: int = 32
    ) -> None:
        """Make more pods, and wait until all run.

        Args:
            count: how many.
            pace: seconds from one to the next.
            spec: more of the pods' spec.
            at_once: how many requests may be under way.
        """
        free = asyncio.Semaphore(at_once)
        first = len(self.asked)

        async def one(number: int) -> None:
            name = f"{self.name}-{first + number}"
            if pace:
                await asyncio.sleep(number * pace)
            async with free:
                self.asked[name] = time.monotonic()
                await self.side.client.create(PODS, self._body(name, spec), namespace=self.side.namespace)

        async with asyncio.TaskGroup() as group:
            for number in range(count):
                group.create_task(one(number))
        await self._until(lambda: len(self.running) == first + count)

    async def remove(self) -> None:
        """Delete the pods, and wait until the last one is gone."""
        async with asyncio.timeout(_TIMEOUT):
            while not await self._delete():
                pass
        await self._until(lambda: not self.there)

    async def _delete(self) -> bool:
        """Delete them; False if they are so many that no request lasts long enough."""
        try:
            await self.side.client.delete_collection(
                PODS, namespace=self.side.namespace, label_selector=self.selector
            )
        except Unreachable:
            return False
        return True

    async def follow(self) -> None:
        """Watch them until cancelled."""
        stream = list_watch(
            self.side.client, PODS, namespace=self.side.namespace, label_selector=self.selector
        )
        async with aclosing(stream):
            async for change in stream:
                for pod in change.object["items"] if change.type == "LISTED" else [change.object]:
                    self._saw(pod, gone=change.type == "DELETED")
                async with self.changed:
                    self.changed.notify_all()

    def _saw(self, pod: Object, *, gone: bool) -> None:
        name = pod["metadata"].get("name")
        if name is None:  # a bookmark
            return
        (self.there.discard if gone else self.there.add)(name)
        if (pod.get("status") or {}).get("phase") == "Running":
            self.running.setdefault(name, time.monotonic())

    async def _until(self, done: Callable[[], bool]) -> None:
        async with asyncio.timeout(_TIMEOUT), self.changed:
            await self.changed.wait_for(done)

    def _body(self, name: str, spec: Mapping[str, Any] | None) -> Object:
        return {
            "metadata": {"name": name, "labels": {_LABEL: self.name}},
            "spec": {
                "terminationGracePeriodSeconds": 1,
                "containers": [{"name": "main", "image": IMAGE}],
                **(spec or {}),
            },
        }


@asynccontextmanager
async def wave(side: Side) -> AsyncIterator[Wave]:
    """A wave that is being watched; it is removed at the end."""
    made = Wave(side)
    watching = asyncio.create_task(made.follow())
    try:
        yield made
    finally:
        await made.remove()
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching
        await asyncio.sleep(_SETTLE)
