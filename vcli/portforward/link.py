"""One TCP connection into a pod, as a WebSocket to ``pods/POD/portforward``.

Protocol ``v4.channel.k8s.io``: each message starts with the number of its channel. For one port there are
two: 0 carries the data, 1 an error text; on each the server first sends the port number, two bytes,
little-endian. When the pod closes its connection, the server closes the WebSocket. There is no way to close
one direction alone.
"""

import asyncio
import contextlib
from typing import TYPE_CHECKING

from vcli.kube.client import Client
from vcli.kube.errors import Unreachable
from vcli.kube.resources import PODS

if TYPE_CHECKING:
    from vcli.kube.websocket import WebSocket

PROTOCOL = "v4.channel.k8s.io"
_DATA, _ERROR = 0, 1
_DATA_PREFIX = bytes([_DATA])
_PORT_BYTES = 2
_PING_AFTER = 10.0
_DEAD_AFTER = 25.0


class Link:
    """An open connection to a port of a pod; one task receives, another sends."""

    def __init__(self, socket: "WebSocket") -> None:
        self._socket = socket
        self._greeted: set[int] = set()
        self.error = ""
        self._liveness = asyncio.create_task(self._watch_liveness())

    async def recv(self) -> bytes:
        """The next bytes from the pod, empty when it has closed (``error`` may then say why)."""
        while (message := await self._socket.recv()) is not None:
            if not isinstance(message, bytes) or not message:
                continue
            channel, payload = message[0], message[1:]
            if channel not in self._greeted:
                self._greeted.add(channel)
                payload = payload[_PORT_BYTES:]
            if channel == _DATA and payload:
                return payload
            if channel == _ERROR:
                self.error += payload.decode("utf-8", "replace")
                if self.error:
                    return b""
        return b""

    async def send(self, data: bytes) -> None:
        """Send bytes to the pod; waits while the connection is full.

        Raises:
            Unreachable: the connection is gone.
        """
        await self._socket.send(_DATA_PREFIX + data)

    async def close(self) -> None:
        """Close at once; the pod sees the end of its connection."""
        self._liveness.cancel()
        try:
            await asyncio.gather(self._liveness, return_exceptions=True)
        finally:
            await self._socket.close()

    async def _watch_liveness(self) -> None:
        """Ping while nothing comes; a link that stays silent is cut, so that ``recv`` ends.

        The laptop slept, or a firewall forgot the connection: nobody else would ever tell us.
        """
        with contextlib.suppress(Unreachable):
            while True:
                await asyncio.sleep(_PING_AFTER / 2)
                if self._socket.silence > _DEAD_AFTER:
                    self.error = f"silent for {_DEAD_AFTER:g} seconds"
                    self._socket.abort()
                    return
                if self._socket.silence > _PING_AFTER:
                    await self._socket.ping()


async def open_link(client: Client, *, namespace: str, pod: str, port: int) -> Link:
    """Connect to a port of a pod.

    Raises:
        ApiError: the host refuses; ``NotFound`` if the pod is gone.
        Unreachable: the host doesn't answer.
    """
    # A command that runs beside a tunnel starts before anybody needs it: what it takes is imported meanwhile.
    from vcli.kube.websocket import open_websocket  # noqa: PLC0415

    path = PODS.path(namespace=namespace, name=pod, subresource="portforward")
    return Link(await open_websocket(client, path, params={"ports": port}, subprotocols=[PROTOCOL]))
