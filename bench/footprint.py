"""What a virtual cluster costs when nothing happens, and while pods come at two a second."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping

from bench.containers import Use, total, use
from bench.measure import Row
from bench.sizes import Sizes
from bench.stage import Stage
from bench.wave import wave

_SETTLE = 15.0
_PACE = 0.5
_BUDGETS: Mapping[str, tuple[float, float]] = {"control plane": (300.0, 40.0), "syncer": (60.0, 5.0)}
"""Idle: MiB, and thousandths of a CPU."""


async def footprint(stage: Stage, sizes: Sizes) -> AsyncIterator[Row]:
    """Memory and CPU of each container, and of all together."""
    pod = await stage.control_plane()
    await asyncio.sleep(min(_SETTLE, sizes.window))
    for row in _rows("idle", await use(stage.host, pod, window=sizes.window), _BUDGETS):
        yield row
    async with wave(stage.ours) as made:
        measuring = asyncio.create_task(use(stage.host, pod, window=sizes.window))
        await made.make(round(sizes.window / _PACE), pace=_PACE)
        loaded = await measuring
    for row in _rows("pods at 2/s", loaded, {}):
        yield row


def _rows(when: str, uses: Mapping[str, Use], budgets: Mapping[str, tuple[float, float]]) -> Iterator[Row]:
    for name, each in {"control plane": total(uses), **uses}.items():
        memory, cpu = budgets.get(name, (None, None))
        yield Row(what=f"{name}, {when}: memory", ours=each.memory, unit="MiB", judged="own", budget=memory)
        yield Row(what=f"{name}, {when}: CPU", ours=each.cpu, unit="m", judged="own", budget=cpu)
