"""The command line's own time, beside kubectl's."""

import asyncio
from collections.abc import AsyncIterator

from bench.measure import Row, command
from bench.sizes import Sizes
from bench.stage import Stage

_KUBECTL = ("kubectl", "version", "--client")


async def startup(stage: Stage, sizes: Sizes) -> AsyncIterator[Row]:
    """Start-up, list and connect."""
    runs = sizes.runs * 3
    direct = await asyncio.to_thread(command, _KUBECTL, runs=runs)
    for what, argv, budget in (
        ("vcli --version", ("vcli", "--version"), 2.0),
        ("vcli list", ("vcli", "list"), 4.0),
        ("vcli connect NAME -- true", ("vcli", "connect", stage.name, "--", "true"), 7.0),
    ):
        yield Row(
            what=what,
            ours=await asyncio.to_thread(command, argv, runs=runs),
            direct=direct,
            direct_is=" ".join(_KUBECTL),
            budget=budget,
            runs=runs,
        )
