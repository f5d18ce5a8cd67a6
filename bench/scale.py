"""Thousands of pods on nodes without a kubelet; and a syncer that starts again among them."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.kwok import ON_THEM, nodes
from bench.measure import Row, run
from bench.sizes import Sizes
from bench.stage import Stage
from bench.wave import Wave, wave
from vcli.kube.errors import ApiError

_KB = 1024
_MEMORY_A_POD = 20.0
_QUIET = 2.0
_LOOK_AGAIN = 0.2
_TIMEOUT = 300.0
_REQUESTS = "vcli_syncer_requests_total"
_CPU = "process_cpu_seconds_total"
_MEMORY = "process_resident_memory_bytes"

Metrics = dict[str, float]


async def scale(stage: Stage, sizes: Sizes) -> AsyncIterator[Row]:
    """The same pods directly, and through the virtual cluster; then the syncer's restart."""
    with TemporaryDirectory() as folder:
        async with nodes(stage.host, pods=sizes.scale[-1], folder=Path(folder)):
            async with wave(stage.direct) as made:
                direct = [await _grow(made, count) for count in sizes.scale]
            empty = await stage.syncer_metrics()
            async with wave(stage.ours) as made:
                for count, taken in zip(sizes.scale, direct, strict=True):
                    before, grown = await stage.syncer_metrics(), len(made.running)
                    yield Row(
                        what=f"{count} pods on kwok nodes, all Running",
                        ours=await _grow(made, count),
                        direct=taken,
                        direct_is="on the host",
                    )
                    for row in _cost(before, await stage.syncer_metrics(), pods=count - grown):
                        yield row
                    memory = (await _settled(stage))[_MEMORY]
                    yield Row(
                        what=f"syncer with {count} pods: memory a pod",
                        ours=(memory - empty[_MEMORY]) / count / _KB,
                        unit="KB",
                        judged="own",
                        budget=_MEMORY_A_POD if count == sizes.scale[-1] else None,
                    )
                async for row in _restart(stage, pods=sizes.scale[-1]):
                    yield row


async def _grow(made: Wave, count: int) -> float:
    """Seconds until there are so many, all running."""
    begun = time.monotonic()
    await made.make(count - len(made.running), spec=ON_THEM)
    return time.monotonic() - begun


def _cost(before: Metrics, after: Metrics, *, pods: int) -> list[Row]:
    cpu = (after[_CPU] - before[_CPU]) * 1000
    asked = _requests(after) - _requests(before)
    return [
        Row(what="  syncer: CPU a pod", ours=cpu / pods, unit="ms", judged="own"),
        Row(what="  syncer: requests a pod", ours=asked / pods, unit="requests", judged="own"),
    ]


async def _restart(stage: Stage, *, pods: int) -> AsyncIterator[Row]:
    before = _restarts(await stage.control_plane())
    begun = time.monotonic()
    end = "import os, signal; os.kill(1, signal.SIGTERM)"
    argv = ("kubectl", "-n", stage.namespace, "exec", f"{stage.name}-0", "-c", "syncer", "--")
    await asyncio.to_thread(run, *argv, "python", "-c", end)
    while _restarts(await stage.control_plane()) == before:  # noqa: ASYNC110 - another machine's event
        await asyncio.sleep(_LOOK_AGAIN)
    after = await _settled(stage)
    what = f"syncer restart with {pods} pods"
    yield Row(what=f"{what}: all looked at", ours=time.monotonic() - begun - _QUIET, judged="own")
    yield Row(what=f"{what}: its CPU", ours=after[_CPU], judged="own")
    yield Row(what=f"{what}: requests", ours=_requests(after), unit="requests", judged="own")
    yield Row(what=f"{what}: memory", ours=after[_MEMORY] / _KB / _KB, unit="MiB", judged="own")


async def _settled(stage: Stage) -> Metrics:
    """The syncer's metrics once it has asked for nothing, with nothing to do, for a while."""
    last: Metrics = {}
    since = time.monotonic()
    async with asyncio.timeout(_TIMEOUT):
        while True:
            try:
                now = await stage.syncer_metrics()
            except ApiError:  # it is not there yet
                now = {}
            busy = not now or not _is_ready(now) or _writes(now) != _writes(last)
            last = now
            if busy:
                since = time.monotonic()
            elif time.monotonic() - since > _QUIET:
                return now
            await asyncio.sleep(_LOOK_AGAIN)


def _is_ready(metrics: Metrics) -> bool:
    return any(name.startswith("vcli_syncer_queue_depth") for name in metrics)


def _writes(metrics: Metrics) -> float:
    """Requests but for those that go on for ever: leases of nodes, and events at their own pace."""
    names = [name for name in metrics if name.startswith(_REQUESTS)]
    return sum(
        metrics[name] for name in names if 'resource="leases"' not in name and 'resource="events"' not in name
    )


def _requests(metrics: Metrics) -> float:
    return sum(value for name, value in metrics.items() if name.startswith(_REQUESTS))


def _restarts(pod: dict[str, object]) -> int:
    status = pod["status"]
    assert isinstance(status, dict)  # noqa: S101 - for the type checker
    return int(sum(each["restartCount"] for each in status["containerStatuses"] if each["name"] == "syncer"))
