"""GET through the virtual API, beside a bare kube-apiserver of the same flags, reached the same way."""

import asyncio
import dataclasses
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from statistics import median

from bench.create import bare_pod
from bench.measure import Row, run
from bench.sizes import Sizes
from bench.stage import Stage
from vcli.kube.client import Client
from vcli.kube.resources import NAMESPACES, PODS
from vcli.portforward.tunnel import Tunnel

_BARE = "bench-bare"
_BUDGET = 1.05
"""Nothing of ours is in between, so it is 1.0, and what the measurement may be off by."""
_IN_TURN = 20
_TIMEOUT = 120.0


async def reading(stage: Stage, sizes: Sizes) -> AsyncIterator[Row]:
    """One request after the other, in turn at either server."""
    pod = await asyncio.to_thread(bare_pod, stage.name, stage.namespace, name=_BARE)
    pod["metadata"]["labels"] = {"app": _BARE}
    try:
        await asyncio.to_thread(run, "kubectl", "create", "-f", "-", text=json.dumps(pod))
        async with (
            _server(stage, f"app=vcluster,release={stage.name}") as ours,
            _server(stage, f"app={_BARE}") as bare,
        ):
            times: dict[Client, list[float]] = {ours: [], bare: []}
            for _ in range(max(1, sizes.reads // _IN_TURN)):
                for client, taken in times.items():
                    for _ in range(min(_IN_TURN, sizes.reads)):
                        begun = time.perf_counter()
                        await client.get(NAMESPACES, "kube-system")
                        taken.append(time.perf_counter() - begun)
    finally:
        await stage.host.delete(PODS, _BARE, namespace=stage.namespace, grace=1)
    yield Row(
        what="GET through the virtual API",
        ours=median(times[ours]) * 1000,
        direct=median(times[bare]) * 1000,
        direct_is="a bare kube-apiserver, through a tunnel as well",
        unit="ms",
        budget=_BUDGET,
        runs=len(times[ours]),
    )


@asynccontextmanager
async def _server(stage: Stage, selector: str) -> AsyncIterator[Client]:
    """A client of an API server of the stage's certificates, once it is ready."""
    tunnel = Tunnel(stage.host, namespace=stage.namespace, selector=selector)
    port = await tunnel.start()
    access = dataclasses.replace(stage.ours.client.access, server=f"https://127.0.0.1:{port}")
    try:
        async with Client(access) as client, asyncio.timeout(_TIMEOUT):
            while not await client.ready():  # noqa: ASYNC110 - nothing to await
                await asyncio.sleep(0.1)
            yield client
    finally:
        await tunnel.close()
