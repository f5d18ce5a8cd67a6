"""Asking a syncer whether it is ready: the kubelet asks every second, and the API shows it later still."""

import asyncio
from typing import Final

from vcli.contract import ports
from vcli.controlplane.names import Names
from vcli.kube.client import Client
from vcli.kube.errors import ApiError, Unreachable
from vcli.kube.resources import PODS
from vcli.operations.readiness import serves
from vcli.portforward.link import open_link

_LONGEST: Final = 25.0
_SHORTEST: Final = 0.3  # seconds for a syncer that runs to say that it is ready now
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


async def is_serving(client: Client, names: Names) -> bool:
    """Whether the control plane's API serves now; the workload's count of ready pods comes a second later.

    Args:
        client: of the host.
        names: of a virtual cluster that vcli made.

    Raises:
        ApiError: the host does not let us list pods.
        Unreachable: it does not answer.
    """
    selector = ",".join(f"{key}={value}" for key, value in names.selector.items())
    pods = (await client.list(PODS, namespace=names.namespace, label_selector=selector))["items"]
    if any(map(serves, pods)):
        return True
    running = [each["metadata"]["name"] for each in pods if each.get("status", {}).get("phase") == "Running"]
    asked = (is_ready(client, namespace=names.namespace, pod=name, timeout=_SHORTEST) for name in running)
    return any(await asyncio.gather(*asked))
