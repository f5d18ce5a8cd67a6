"""A WebSocket server on loopback that speaks the port-forward protocol as a script tells it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, BytesMessage, CloseConnection, Ping, Request

from vcli.kube.access import Access
from vcli.kube.client import Client
from vcli.portforward.link import Link, open_link

Script = Callable[["Peer"], Awaitable[None]]


class Peer:
    """The server's side of one WebSocket."""

    def __init__(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.number = number
        self.pings = 0
        self.answers_pings = True
        self._reader = reader
        self._writer = writer
        self._protocol = WSConnection(ConnectionType.SERVER)
        self._received = bytearray()
        self._fresh = True

    async def accept(self) -> str:
        """Answer the handshake; returns the target."""
        while True:
            self._protocol.receive_data(await self._reader.read(65536))
            for event in self._protocol.events():
                if isinstance(event, Request):
                    assert event.subprotocols == ["v4.channel.k8s.io"]
                    self._write(AcceptConnection(subprotocol=event.subprotocols[0]))
                    for channel in (0, 1):
                        await self.send(channel, (8443).to_bytes(2, "little"))
                    return event.target

    async def send(self, channel: int, data: bytes) -> None:
        self._write(BytesMessage(data=bytes([channel]) + data))
        await self._writer.drain()

    async def recv(self, length: int) -> bytes:
        """So many bytes of the data channel; fewer at the end."""
        while len(self._received) < length:
            data = await self._reader.read(65536)
            if not data:
                break
            self._protocol.receive_data(data)
            for event in self._protocol.events():
                if isinstance(event, BytesMessage):
                    self._received += event.data[self._fresh :]  # without the channel's number
                    self._fresh = event.message_finished
                elif isinstance(event, Ping):
                    self.pings += 1
                    if self.answers_pings:
                        self._write(event.response())
                elif isinstance(event, CloseConnection):
                    return bytes(self._received)
        taken, self._received = self._received[:length], self._received[length:]
        return bytes(taken)

    def close(self) -> None:
        self._write(CloseConnection(code=1000))

    def _write(self, event: object) -> None:
        self._writer.write(self._protocol.send(event))  # type: ignore[arg-type]


class Pods:
    """Opens links to itself; each is served by the script."""

    def __init__(self) -> None:
        self.script: Script | None = None
        self.peers: list[Peer] = []
        self.failures: list[BaseException] = []

    async def start(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        self.client = Client(Access(server=f"http://127.0.0.1:{port}"))

    async def stop(self) -> None:
        await self.client.aclose()
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def link(self) -> Link:
        return await open_link(self.client, namespace="team-a", pod="demo-0", port=8443)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(len(self.peers) + 1, reader, writer)
        self.peers.append(peer)
        try:
            target = await peer.accept()
            assert target == "/api/v1/namespaces/team-a/pods/demo-0/portforward?ports=8443"
            assert self.script is not None
            await self.script(peer)
        except ConnectionError:
            pass
        except Exception as error:  # noqa: BLE001 - told to the test at its end
            self.failures.append(error)
        finally:
            writer.close()


@pytest.fixture
async def pods() -> AsyncIterator[Pods]:
    pods = Pods()
    await pods.start()
    yield pods
    await pods.stop()
    assert pods.failures == []
