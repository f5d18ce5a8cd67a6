"""Asking a syncer whether it is ready: the kubelet asks every second, and the API shows it later still."""

import asyncio
from dataclasses import replace
from typing import Final

from vcli.contract import ports
from vcli.kube.client import Client
from vcli.kube.errors import ApiError, Unreachable
from vcli.kube.resources import PODS
from vcli.kube.types import Object, is_terminating
from vcli.operations.readiness import serves
from vcli.operations.resolve import VirtualCluster
from vcli.portforward.link import open_link

_LONGEST: Final = 25.0
_SHORTEST: Final = 1.0  # seconds for a syncer that runs to say that it is ready now
# The syncer answers when it is ready, which includes that the virtual API is.
_QUESTION: Final = b"GET /readyz?wait HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
_YES: Final = b"HTTP/1.1 200 "


async def is_ready(
    client: Client,
    *,
    namespace: str,
    pod: str,
    timeout: float = _LONGEST,  # noqa: ASYNC109  no answer is an answer
) -> bool:
    """Wait for the syncer's answer.

    Args:
        client: of the host.
        namespace: of the pod.
        pod: of a control plane.
        timeout: seconds to wait for its answer.

    Returns:
        Whether it is ready. False also when it can't be asked, or does not listen yet.
    """
    try:
        async with asyncio.timeout(timeout):
            link = await open_link(client, namespace=namespace, pod=pod, port=ports.HEALTH)
            try:
                await link.send(_QUESTION)
                return (await link.recv()).startswith(_YES)
            finally:
                await link.close()
    except (ApiError, Unreachable, TimeoutError):
        return False


async def recounted(client: Client, cluster: VirtualCluster) -> VirtualCluster:
    """The cluster with the pods counted that serve now; its workload counts them up to seconds later.

    One that is ready already, paused or being deleted, or that vcli did not make, costs no request. Where the
    host does not let us look, the workload's count stays.

    Args:
        client: of the host.
        cluster: as its workload shows it.

    Raises:
        Unreachable: the host does not answer.
    """
    if cluster.status not in ("Starting", "Degraded") or not cluster.ours:
        return cluster
    try:
        found = await client.list(PODS, namespace=cluster.namespace, label_selector=cluster.selector)
    except ApiError:
        return cluster
    serving = await asyncio.gather(*(_is_serving(client, pod) for pod in found["items"]))
    return replace(cluster, ready=max(cluster.ready, sum(serving)))


async def _is_serving(client: Client, pod: Object) -> bool:
    if serves(pod):
        return True
    metadata = pod["metadata"]
    if is_terminating(pod) or pod.get("status", {}).get("phase") != "Running":
        return False
    return await is_ready(client, namespace=metadata["namespace"], pod=metadata["name"], timeout=_SHORTEST)
