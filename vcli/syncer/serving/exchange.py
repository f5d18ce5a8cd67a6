"""One request on a connection, and the ways to answer it."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from vcli.syncer.serving.requests import Header, Request, chunk, response, response_head

TEXT: Final = "text/plain; charset=utf-8"


@dataclass(slots=True, kw_only=True)
class Exchange:
    """A request, and the connection that it came on.

    Attributes:
        authenticated: to be called when the client is authenticated by the request itself.
        keep: whether the connection may carry another request afterwards.
        started: whether a part of the answer is on its way already.
    """

    request: Request
    reader: StreamReader
    writer: StreamWriter
    authenticated: Callable[[], None]
    keep: bool = field(init=False)
    started: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self.keep = self.request.keep_alive

    async def reply(self, body: str | bytes, *, status: int = 200, content_type: str = TEXT) -> None:
        """Answer with a body of known length."""
        raw = body.encode() if isinstance(body, str) else body
        self.started = True
        self.writer.write(response(status, raw, content_type=content_type, keep_alive=self.keep))
        await self.writer.drain()

    async def switch_protocols(self, headers: Sequence[Header]) -> None:
        """Answer 101; from here on the connection speaks what the client asked for."""
        self.keep = False
        self.started = True
        self.writer.write(response_head(101, headers))
        await self.writer.drain()

    async def stream(self, pieces: AsyncIterator[bytes]) -> None:
        """Answer with a body of unknown length, each piece as soon as it is there.

        The connection ends with it: it is the only way to hear that a client has lost interest. If `pieces`
        raises, the body stays without its end, so that the client knows that something is missing.
        """
        self.keep = False
        self.started = True
        headers = [
            ("Content-Type", TEXT),
            ("Transfer-Encoding", "chunked"),
            ("X-Content-Type-Options", "nosniff"),
            ("Connection", "close"),
        ]
        self.writer.write(response_head(200, headers))
        await self.writer.drain()
        async for piece in pieces:
            if piece:
                self.writer.write(chunk(piece))
                await self.writer.drain()
                # Without a pause, a fast source and a fast sink would keep everybody else waiting.
                await asyncio.sleep(0)
        self.writer.write(chunk(b""))
        await self.writer.drain()
