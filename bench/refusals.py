"""What the host's API server is asked while it refuses pods for good: a quota that is used up."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path

from bench.audit import Asked, asked, log_of_host
from bench.measure import Row, run
from bench.sizes import Sizes

_NAME = "bench-refused"
_NAMESPACE = f"vcluster-{_NAME}"
_PODS = 12
_IMAGE = "registry.k8s.io/pause:3.10.2"
_FORBIDDEN = 403


async def refusals(sizes: Sizes) -> AsyncIterator[Row]:
    """Requests a second of a syncer whose pods are refused, beside the same one that has none."""
    log = await asyncio.to_thread(log_of_host)
    try:
        await asyncio.to_thread(_create)
        idle = await _in_a_window(log, sizes.window)
        await asyncio.to_thread(_refuse)
        loaded = await _in_a_window(log, sizes.window)
    finally:
        await asyncio.to_thread(run, "vcli", "delete", _NAME, "--delete-namespace", "--ignore-not-found")
    refused = sum(count for (_, _, code), count in loaded.items() if code == _FORBIDDEN)
    what = f"{_PODS} pods refused by quota: requests to the host"
    yield Row(
        what=what,
        ours=loaded.total() / sizes.window,
        direct=idle.total() / sizes.window,
        direct_is="the same without pods",
        unit="/s",
        judged="own",
    )
    yield Row(what=f"{what} that it refuses", ours=refused / sizes.window, unit="/s", judged="own")


async def _in_a_window(log: Path, window: float) -> Asked:
    since = dt.datetime.now(dt.UTC)
    await asyncio.sleep(window)
    user = f"system:serviceaccount:{_NAMESPACE}:vc-{_NAME}"
    return await asyncio.to_thread(asked, log, user=user, since=since, until=dt.datetime.now(dt.UTC))


def _create() -> None:
    run("vcli", "create", _NAME, "--no-connect", "--ephemeral", "--set", "controlPlane.coredns.enabled=false")


def _refuse() -> None:
    used = len(run("kubectl", "-n", _NAMESPACE, "get", "pods", "-o", "name").splitlines())
    run("kubectl", "-n", _NAMESPACE, "create", "quota", _NAME, f"--hard=count/pods={used}")
    made = ("kubectl", "create", "deployment", "refused", f"--image={_IMAGE}", f"--replicas={_PODS}")
    run("vcli", "connect", _NAME, "--", *made)
