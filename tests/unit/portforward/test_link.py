"""One connection through a WebSocket: the channels, the ends, the signs of life."""

import asyncio

import pytest

from vcli.kube.errors import Unreachable
from vcli.portforward import link as link_module
from vcli.portforward.splice import Local


async def local_pair() -> tuple[asyncio.StreamReader, asyncio.StreamWriter, Local, asyncio.Server]:
    """A program's connection to us, and our end of it."""
    accepted: asyncio.Future[Local] = asyncio.get_running_loop().create_future()
    server = await asyncio.start_server(
        lambda reader, writer: accepted.set_result(Local(reader, writer)), "127.0.0.1", 0
    )
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
    return reader, writer, await accepted, server


async def splice(pods, local: Local) -> None:
    link = await pods.link()
    try:
        await asyncio.wait_for(local.splice(link), 5)
    finally:
        await link.close()


async def test_the_ports_greeting_is_not_data(pods):
    async def script(peer):
        await peer.send(0, b"hello")
        await peer.recv(1)

    pods.script = script
    link = await pods.link()
    assert await link.recv() == b"hello"
    await link.send(b"x")
    assert await link.recv() == b""
    await link.close()


async def test_an_error_ends_the_link_and_says_why(pods):
    async def script(peer):
        await peer.send(1, b"connection refused")
        await peer.recv(1)

    pods.script = script
    link = await pods.link()
    assert await link.recv() == b""
    assert link.error == "connection refused"
    await link.close()


async def test_what_the_pod_said_last_arrives_before_the_end(pods):
    async def script(peer):
        await peer.recv(3)
        for _ in range(100):
            await peer.send(0, b"x" * 50_000)
        peer.close()

    pods.script = script
    reader, writer, local, server = await local_pair()
    writer.write(b"go!")
    task = asyncio.create_task(splice(pods, local))
    await asyncio.sleep(0.2)  # the pod has long closed; the program is slow
    task.add_done_callback(lambda _: asyncio.create_task(local.close()))
    assert len(await reader.read()) == 5_000_000
    await task
    writer.close()
    server.close()


async def test_a_slow_program_slows_the_pod_down(pods):
    sent = 0

    async def script(peer):
        nonlocal sent
        while sent < 200_000_000:
            await peer.send(0, b"x" * 100_000)
            sent += 100_000

    pods.script = script
    _, writer, local, server = await local_pair()
    task = asyncio.create_task(splice(pods, local))
    await asyncio.sleep(0.5)
    before = sent
    await asyncio.sleep(0.3)
    assert sent == before < 50_000_000
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    writer.transport.abort()
    await local.close()
    server.close()


async def test_what_was_said_before_an_answer_is_said_again_to_another_pod(pods):
    """The first pod takes the TLS hello and dies; the program never learns of it."""

    async def script(peer):
        assert await peer.recv(5) == b"hello"
        if peer.number == 1:
            peer.close()
        else:
            await peer.send(0, b"answer")
            await peer.recv(1)
            peer.close()

    pods.script = script
    reader, writer, local, server = await local_pair()
    writer.write(b"hello")
    await splice(pods, local)
    assert not local.committed
    second = asyncio.create_task(splice(pods, local))
    assert await reader.readexactly(6) == b"answer"
    writer.write(b"x")
    await second
    assert local.committed
    writer.close()
    await local.close()
    server.close()


async def test_more_than_a_hello_is_not_said_twice(pods):
    async def script(peer):
        await peer.recv(200_000)
        peer.close()

    pods.script = script
    _, writer, local, server = await local_pair()
    writer.write(b"x" * 200_000)
    await splice(pods, local)
    assert local.committed
    writer.close()
    await local.close()
    server.close()


async def test_a_program_that_has_said_all_still_gets_the_answer(pods):
    async def script(peer):
        await peer.recv(3)
        await asyncio.sleep(0.3)
        await peer.send(0, b"answer")
        await asyncio.sleep(0.3)
        await peer.send(0, b" and more")
        peer.close()

    pods.script = script
    reader, writer, local, server = await local_pair()
    writer.write(b"ask")
    writer.write_eof()
    await splice(pods, local)
    await local.close()
    assert await reader.read() == b"answer and more"
    writer.close()
    server.close()


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(link_module, "_PING_AFTER", 0.1)
    monkeypatch.setattr(link_module, "_DEAD_AFTER", 0.4)


async def test_an_idle_link_stays_while_pings_are_answered(pods, impatient):
    async def script(peer):
        await peer.recv(1)

    pods.script = script
    link = await pods.link()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(link.recv(), 1.0)
    assert pods.peers[0].pings >= 4
    await link.send(b"x")
    assert await link.recv() == b""
    await link.close()


async def test_a_link_whose_pings_are_not_answered_is_dead(pods, impatient):
    async def script(peer):
        peer.answers_pings = False
        await peer.recv(1)

    pods.script = script
    link = await pods.link()
    assert await asyncio.wait_for(link.recv(), 2) == b""
    assert link.error == "silent for 0.4 seconds"
    with pytest.raises(Unreachable):
        await link.send(b"x")
    await link.close()


async def test_a_close_that_is_cancelled_closes_at_once(pods):
    """What the pod has not taken yet is not sent by a connection that nobody has any longer."""
    cancelled = asyncio.Event()
    received = asyncio.get_running_loop().create_future()
    much = 50_000_000

    async def script(peer):
        await cancelled.wait()
        received.set_result(len(await peer.recv(much)))

    pods.script = script
    link = await pods.link()
    sending = asyncio.create_task(link.send(b"x" * much))
    await asyncio.sleep(0.1)
    sending.cancel()
    closing = asyncio.create_task(link.close())
    await asyncio.sleep(0.1)
    closing.cancel()
    await asyncio.gather(sending, closing, return_exceptions=True)
    cancelled.set()
    assert await asyncio.wait_for(received, 5) < much
