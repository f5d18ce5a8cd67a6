"""Asking a syncer itself whether it is ready: the kubelet asks every second, and tells others later still."""

import asyncio
from typing import Final

from vcli.contract import ports
from vcli.kube.client import Client
from vcli.kube.errors import ApiError, Unreachable
from vcli.portforward.link import open_link

_LONGEST: Final = 25.0
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
