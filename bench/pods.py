"""Pods: how long one takes that comes alone, and how long many take that come at once."""

from collections.abc import AsyncIterator
from statistics import median

from bench.measure import Row
from bench.sizes import Sizes
from bench.stage import Stage
from bench.wave import wave

_PACE = 0.5
_LATENCY_ADDED = 0.030
_BURST_RATIO = 1.10


async def latency(stage: Stage, sizes: Sizes) -> AsyncIterator[Row]:
    """One pod after the other, two a second, in turn on either side."""
    ours: list[float] = []
    direct: list[float] = []
    for _ in range(sizes.runs):
        for side, times in ((stage.direct, direct), (stage.ours, ours)):
            async with wave(side) as made:
                await made.make(sizes.latency, pace=_PACE)
                times.extend(made.latencies)
    yield Row(
        what="pod create to Running at 2/s, p50",
        ours=median(ours),
        direct=median(direct),
        direct_is=f"{len(direct)} pods on the host",
        judged="added",
        budget=_LATENCY_ADDED,
        runs=len(ours),
    )


async def burst(stage: Stage, sizes: Sizes) -> AsyncIterator[Row]:
    """Many pods at once, in turn on either side."""
    ours: list[float] = []
    direct: list[float] = []
    for _ in range(sizes.runs):
        for side, times in ((stage.direct, direct), (stage.ours, ours)):
            async with wave(side) as made:
                await made.make(sizes.burst)
                times.append(made.duration)
    yield Row(
        what=f"{sizes.burst} pods at once, all Running",
        ours=median(ours),
        direct=median(direct),
        direct_is="on the host",
        budget=_BURST_RATIO,
        runs=sizes.runs,
    )
