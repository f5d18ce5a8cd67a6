"""Moving bytes between two connections, until one of them ends; and never leaving one of them behind."""

import asyncio
import contextlib
from asyncio import StreamReader, StreamWriter, Task
from collections.abc import Coroutine
from typing import Any, Final

_CHUNK: Final = 64 * 1024
# How long a peer may take to swallow the last bytes before its connection is cut.
_LINGER: Final = 10.0


async def splice(left: tuple[StreamReader, StreamWriter], right: tuple[StreamReader, StreamWriter]) -> None:
    """Copy both ways until either side ends, what it has sent arrived on the other; then close both.

    Both writers hold their reader back while the peer is slow. There is no time limit: a shell may idle for
    hours. TLS knows no half-closed connection in Python, and neither SPDY nor WebSocket has a use for one:
    their streams end by frames of their own.
    """
    try:
        await first_of(_copy(left[0], right[1]), _copy(right[0], left[1]))
    except BaseException:
        left[1].transport.abort()
        right[1].transport.abort()
        raise
    await asyncio.gather(close(left[1]), close(right[1]))


async def _copy(reader: StreamReader, writer: StreamWriter) -> None:
    # A reset is an end as good as any here: there is nobody left to answer.
    with contextlib.suppress(OSError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()


async def until_gone(reader: StreamReader) -> None:
    """Return when the peer has closed its connection; anything it still says is dropped."""
    with contextlib.suppress(OSError):
        while await reader.read(_CHUNK):
            pass


async def first_of(*works: Coroutine[Any, Any, None]) -> None:
    """Run all until one is done, and end the others. What the first one raised is raised here."""
    tasks: list[Task[None]] = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


async def close(writer: StreamWriter, *, linger: float = _LINGER) -> None:
    """Close a connection: what is written goes out first, but a peer that takes nothing is cut off."""
    writer.close()
    try:
        async with asyncio.timeout(linger):
            await writer.wait_closed()
    except (OSError, TimeoutError) as error:
        drop_traceback(error)
    finally:
        writer.transport.abort()


def drop_traceback(error: BaseException) -> None:
    """Remove from a handled error what it refers to.

    A reader keeps the error that its connection ended with, whose traceback keeps the reader, its buffers and
    those of TLS: half a megabyte that stays until the garbage collector runs, which is seldom.
    """
    error.__traceback__ = None
