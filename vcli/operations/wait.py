"""Waiting for a control plane: watched, not polled, and given up as soon as nothing can come of it."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final

from vcli import invocation
from vcli.errors import NotReadyError, TimedOutError
from vcli.invocation import vcli
from vcli.kube.client import Client
from vcli.kube.types import Object
from vcli.operations.diagnostics import diagnostics
from vcli.operations.readiness import has_condition_ready, lacks_image, progress
from vcli.operations.resolve import VirtualCluster
from vcli.operations.watcher import Watcher

_DIAGNOSTICS_TIMEOUT: Final = 1.5  # seconds, as the time for the command may be over


async def wait_ready(
    client: Client,
    cluster: VirtualCluster,
    *,
    updated: bool = False,
    timeout: float,  # noqa: ASYNC109  it becomes an error that tells why
    detail: Callable[[str], None] = lambda _: None,
) -> None:
    """Wait until a control plane is ready.

    Without ``updated`` that is any pod whose API server is ready; a cluster that is ready already costs no
    request. With it, it is all of the pods of the StatefulSet's present generation.

    Args:
        client: of the host.
        cluster: with the workload as the host answered it.
        updated: the workload was created or changed just now.
        timeout: seconds.
        detail: called with what it waits for, whenever that changes.

    Raises:
        NotReadyError: it never will be: an image, a crash, no node, quota… with events and last log lines.
        TimedOutError: it took too long.
        Forbidden: we may not see its pods.
    """
    if cluster.ready and not updated:
        return
    watcher = Watcher(client, cluster, updated=updated, detail=detail)
    kind: type[TimedOutError] = NotReadyError
    try:
        async with asyncio.timeout(invocation.within(timeout)):
            await _first(watcher.followers())
    except TimeoutError:
        lacking = [pod for pod in watcher.pods if not has_condition_ready(pod)] or watcher.pods
        reason = watcher.reason or f"not ready after {timeout:g} seconds: {progress(lacking)}"
        kind = TimedOutError
    else:
        if watcher.reason is None:
            return
        reason = watcher.reason
    raise kind(
        f"virtual cluster {cluster.name!r} in namespace {cluster.namespace!r}: {reason}"
        + (await _diagnostics(client, watcher.pods[-1]) if watcher.pods else ""),
        hint=_image_hint(cluster, watcher.pods) + _hint(cluster, updated=updated),
    )


def _hint(cluster: VirtualCluster, *, updated: bool) -> str:
    described = vcli("describe", cluster.name, namespace=cluster.namespace)
    if updated:
        return f"{described} shows it; a new one is removed again, unless --keep-on-failure is given"
    logs = vcli("logs", cluster.name, namespace=cluster.namespace)
    return f"{described} and {logs} show more; or wait longer with --timeout"


def _image_hint(cluster: VirtualCluster, pods: Sequence[Object]) -> str:
    """The nodes of an embedded host have the images of its own version, and can often download none."""
    if not cluster.ours or cluster.version is None or not lacks_image(pods):
        return ""
    if cluster.distro != "k8s":
        it = f"an embedded host has no image of {cluster.distro}"
        return f"{it}: vcli host load-image FILE takes an archive of it; "
    if lacks_image(pods, "kine"):
        return "to an embedded host, vcli host up --with kine adds the image of kine; "
    minor = ".".join(cluster.version.removeprefix("v").split(".")[:2])
    return f"to an embedded host, vcli host load-image --kubernetes {minor} gives the images; "


async def _diagnostics(client: Client, pod: Object) -> str:
    try:
        async with asyncio.timeout(_DIAGNOSTICS_TIMEOUT):
            return await diagnostics(client, pod)
    except TimeoutError:
        return ""


async def _first(work: list[Coroutine[Any, Any, None]]) -> None:
    """Run until the first one ends; the others are cancelled."""
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
