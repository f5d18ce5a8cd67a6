"""WebSockets to an API server (exec, attach, port-forward): framing by wsproto on ``Client.upgrade``."""

import asyncio
import base64
import contextlib
import hashlib
import os
from collections.abc import Sequence

from wsproto.connection import Connection as Framing
from wsproto.connection import ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Message, Ping, Pong, TextMessage
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from vcli.kube.client import Client
from vcli.kube.errors import Unreachable
from vcli.kube.raw import Params
from vcli.kube.transport import Connection

_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3
_READ = 256 * 1024
_GOODBYE = 1.0


class WebSocket:
    """One connection. One task may receive while others send.

    Attributes:
        subprotocol: the one that the server chose, empty if none.
    """

    def __init__(self, connection: Connection) -> None:
        self.subprotocol = connection.headers.get("sec-websocket-protocol", "")
        self._waiting_since: float | None = None
        self._reader = connection.reader
        self._writer = connection.writer
        self._framing = Framing(ConnectionType.CLIENT)
        self._messages: list[bytes | str] = []
        self._parts: list[bytes | str] = []
        self._ended = False

    async def recv(self) -> bytes | str | None:
        """The next whole message, None once the connection is closed, by whomever and however."""
        while not self._messages:
            if self._ended:
                return None
            try:
                self._waiting_since = asyncio.get_running_loop().time()
                data = await self._reader.read(_READ)
                if not data:
                    self._ended = True
                    continue
                self._framing.receive_data(data)
                await self._handle_events()
            except (OSError, RemoteProtocolError, LocalProtocolError):
                self._ended = True
            finally:
                self._waiting_since = None
        return self._messages.pop(0)

    async def send(self, data: bytes) -> None:
        """Send a binary message; waits while the connection is full.

        Raises:
            Unreachable: the connection is gone.
        """
        await self._send(BytesMessage(data=data))

    async def ping(self) -> None:
        """Ask for a sign of life; the answer ends the ``silence``.

        Raises:
            Unreachable: the connection is gone.
        """
        await self._send(Ping())

    @property
    def silence(self) -> float:
        """Seconds that ``recv`` has waited in vain; 0 while nobody calls it."""
        if self._waiting_since is None:
            return 0.0
        return asyncio.get_running_loop().time() - self._waiting_since

    def abort(self) -> None:
        """Close without goodbye: ``recv`` returns None, ``send`` raises."""
        self._writer.transport.abort()

    async def close(self) -> None:
        """Say goodbye and close the socket; waits a second at most."""
        if not self._writer.is_closing():
            with contextlib.suppress(LocalProtocolError, OSError):
                self._writer.write(self._framing.send(CloseConnection(code=1000)))
            self._writer.close()
        self._ended = True
        try:
            async with asyncio.timeout(_GOODBYE):
                await self._writer.wait_closed()
        except OSError:
            pass
        finally:
            # Also if we are cancelled: asyncio would wait for TLS' goodbye, for longer than we live.
            self._writer.transport.abort()

    async def _handle_events(self) -> None:
        for event in self._framing.events():
            if isinstance(event, Message):
                self._parts.append(event.data if isinstance(event, TextMessage) else bytes(event.data))
                if event.message_finished:
                    self._messages.append(_joined(self._parts))
                    self._parts = []
            elif isinstance(event, Ping):
                self._writer.write(self._framing.send(Pong(payload=event.payload)))
                await self._writer.drain()
            elif isinstance(event, CloseConnection):
                self._ended = True
                self._writer.write(self._framing.send(event.response()))

    async def _send(self, event: BytesMessage | Ping) -> None:
        try:
            if self._writer.is_closing():
                raise ConnectionResetError("closed")
            self._writer.write(self._framing.send(event))
            await self._writer.drain()
        except (OSError, LocalProtocolError) as error:
            raise Unreachable(f"the WebSocket is closed: {error}") from error


def _joined(parts: list[bytes | str]) -> bytes | str:
    if len(parts) == 1:
        return parts[0]
    if isinstance(parts[0], str):
        return "".join(part for part in parts if isinstance(part, str))
    return b"".join(part for part in parts if isinstance(part, bytes))


async def open_websocket(
    client: Client, path: str, *, params: Params | None = None, subprotocols: Sequence[str] = ()
) -> WebSocket:
    """Open a WebSocket to a path of the API.

    Raises:
        ApiError: the server refused, with its reason.
        Unreachable: no connection, or what answered is no WebSocket server.
    """
    key = base64.b64encode(os.urandom(16))
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": key.decode(),
    }
    if subprotocols:
        headers["Sec-WebSocket-Protocol"] = ", ".join(subprotocols)
    connection = await client.upgrade("GET", path, params=params, headers=headers)
    expected = base64.b64encode(hashlib.sha1(key + _MAGIC, usedforsecurity=False).digest()).decode()
    if connection.headers.get("sec-websocket-accept") != expected:
        connection.writer.close()
        raise Unreachable(f"{path}: what answered is not a WebSocket server")
    return WebSocket(connection)
