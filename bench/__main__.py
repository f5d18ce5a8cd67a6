"""``python -m bench [PART…]``: measure, and print each figure beside the direct one and its budget.

Needs a host that is the current context (``vcli host up``), ``vcli`` and ``kubectl`` on the PATH, and
administrator's rights. What is compared runs in turn, so load affects both alike; the budgets are about a
machine that does nothing else.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace

from bench.create import create
from bench.footprint import footprint
from bench.many import many
from bench.measure import Row, table
from bench.planes import planes, with_images
from bench.pods import burst, latency
from bench.reading import reading
from bench.refusals import refusals
from bench.scale import scale
from bench.sizes import FULL, TINY, Sizes
from bench.stage import Stage, stage
from bench.startup import startup

_ALONE: Mapping[str, Callable[[Sizes], AsyncIterator[Row]]] = {"create": create, "many": many}
_IF_NAMED: Mapping[str, Callable[[Sizes], AsyncIterator[Row]]] = {"refusals": refusals, "planes": planes}
"""They take a host of a certain kind, or many minutes: measured only if named."""
_ON_STAGE: Mapping[str, Callable[[Stage, Sizes], AsyncIterator[Row]]] = {
    "footprint": footprint,  # before anything else has filled its caches
    "startup": startup,
    "latency": latency,
    "burst": burst,
    "reading": reading,
    "scale": scale,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run what was asked for; 1 when a budget does not hold."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parts = [*_ALONE, *_ON_STAGE]
    known = f"of {', '.join(parts)} (default: all of these), {', '.join(_IF_NAMED)}"
    parser.add_argument("parts", nargs="*", metavar="PART", help=known)
    parser.add_argument("--runs", type=int, help=f"of what is short (default: {FULL.runs})")
    parser.add_argument("--pods", type=int, help=f"at scale, at most (default: {FULL.scale[-1]})")
    parser.add_argument(
        "--distro-image",
        action="append",
        default=[],
        metavar="DISTRO=VERSION",
        help="of planes: one more, whose image the host has or can pull, such as k3s=v1.36.3+k3s1",
    )
    parser.add_argument("--tiny", action="store_true", help="a few of everything: only to see that it works")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(argv)
    if unknown := set(options.parts) - {*parts, *_IF_NAMED}:
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    sizes = TINY if options.tiny else FULL
    if options.runs:
        sizes = replace(sizes, runs=options.runs)
    if options.pods:
        sizes = replace(sizes, scale=(*(x for x in sizes.scale if x < options.pods), options.pods))
    if options.distro_image:
        if "planes" not in options.parts:
            parser.error("--distro-image is of the part planes")
        try:
            with_images(options.distro_image)
        except ValueError as error:
            parser.error(str(error))
        sizes = replace(sizes, images=tuple(options.distro_image))
    rows = asyncio.run(_measure(options.parts or parts, sizes))
    print(json.dumps([row.as_json() for row in rows], indent=2) if options.json else table(rows))
    return 0 if all(row.held for row in rows) else 1


async def _measure(parts: Sequence[str], sizes: Sizes) -> list[Row]:
    alone = {**_ALONE, **_IF_NAMED}
    rows = [row for name in alone if name in parts for row in await _part(name, alone[name](sizes))]
    wanted = [name for name in _ON_STAGE if name in parts]
    if wanted:
        async with stage() as on:
            for name in wanted:
                rows += await _part(name, _ON_STAGE[name](on, sizes))
    return rows


async def _part(name: str, rows: AsyncIterator[Row]) -> list[Row]:
    begun = time.monotonic()
    print(f"{name} …", end=" ", file=sys.stderr, flush=True)
    measured = [row async for row in rows]
    print(f"{time.monotonic() - begun:.0f} s", file=sys.stderr)
    return measured


if __name__ == "__main__":
    sys.exit(main())
