"""Where kube-apiserver finds `metrics.k8s.io`."""

import socket
import ssl
from pathlib import Path
from typing import Final

from vcli.syncer.serving import Answer, ConnectionLimiter, Listener, ServingContext
from vcli.syncer.serving.sockets import listen_on

PORT: Final = 4443
"""Tried first; any other does as well, as it is in the EndpointSlice."""


class MetricsApiServer:
    """Listens for kube-apiserver, which has the client certificate that an aggregated API knows it by.

    Args:
        answer: answers each request.
        pki: folder with what we serve with, and `front-proxy-ca.crt`.
        limiter: for connections without that certificate so far.
    """

    def __init__(self, answer: Answer, *, pki: Path, limiter: ConnectionLimiter) -> None:
        # Of this CA only kube-apiserver has a certificate: nobody else gets as far as a request.
        self._serving = ServingContext(pki, authority="front-proxy-ca.crt", verify=ssl.CERT_REQUIRED)
        self._listener = Listener("metrics.k8s.io", answer, limiter)

    async def listen(self) -> int:
        """Begin to serve, if that has not been done; gives the port.

        Raises:
            OSError: a certificate can't be read, or nobody may listen.
        """
        if not self._listener.port:
            self._serving.start()
            await self._listener.start(_bind(), self._serving.context)
        return self._listener.port

    async def close(self) -> None:
        """Stop serving."""
        await self._listener.close()
        await self._serving.close()


def _bind() -> socket.socket:
    try:
        return listen_on(PORT)
    except OSError:
        return listen_on(0)
