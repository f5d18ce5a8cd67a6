"""Several virtual clusters on one host: what the last one takes, and what all cost together."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial

from bench.containers import total, use
from bench.measure import Row, run, seconds
from bench.sizes import Sizes
from bench.stage import open_host, pod_of

_NAME = "bench-many"
_LIGHT = "controlPlane.distro.k8s.apiServer.resources.requests.cpu=50m"
"""Ten of them request no more CPU than two cores have."""


async def many(sizes: Sizes) -> AsyncIterator[Row]:
    """Create one after the other, then look at all of them idle."""
    names = [f"{_NAME}-{number}" for number in range(sizes.clusters)]
    try:
        taken = [await asyncio.to_thread(seconds, partial(_create, name)) for name in names]
        async with open_host() as host:
            pods = [await pod_of(host, name) for name in names]
            uses = await asyncio.gather(*(use(host, pod, window=sizes.window) for pod in pods))
    finally:
        for name in names:
            await asyncio.to_thread(run, "vcli", "delete", name, "--ignore-not-found")
    together = [total(each) for each in uses]
    yield Row(
        what=f"create of virtual cluster {len(names)} of {len(names)}",
        ours=taken[-1],
        direct=taken[0],
        direct_is="create of the first",
    )
    what = f"{len(names)} idle virtual clusters"
    yield Row(what=f"{what}: memory", ours=sum(x.memory for x in together), unit="MiB", judged="own")
    yield Row(what=f"{what}: CPU", ours=sum(x.cpu for x in together), unit="m", judged="own")


def _create(name: str) -> None:
    run("vcli", "create", name, "--no-connect", "--ephemeral", "--set", _LIGHT)
