"""One HTTP/1.1 connection: h11 for the protocol, asyncio streams for the bytes."""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass

import h11

SWITCHING_PROTOCOLS = 101

_READ = 256 * 1024
_LONGEST_HEAD = 128 * 1024

RawHeaders = list[tuple[str, str]]


class Disconnected(ConnectionError):  # noqa: N818
    """The server closed the connection before the first byte of an answer."""


@dataclass(frozen=True, slots=True)
class Head:
    """Status and headers of an answer; header names in lower case, a repeated one joined by a comma."""

    status: int
    headers: dict[str, str]


class HttpConnection:
    """A connection that can carry one exchange after the other.

    Not safe for two exchanges at once: whoever has it, has it alone.
    """

    __slots__ = ("_h11", "_idle_since", "reader", "used", "writer")

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.used = False
        self._h11 = h11.Connection(h11.CLIENT, max_incomplete_event_size=_LONGEST_HEAD)
        self._idle_since = time.monotonic()

    @property
    def open(self) -> bool:
        """Has nobody closed it yet, as far as we can know?"""
        return not (self.reader.at_eof() or self.writer.is_closing() or self.reader.exception())

    @property
    def partial(self) -> bool:
        """Has a part of a head come, but not yet all of it?"""
        return bool(self._h11.trailing_data[0])

    @property
    def idle(self) -> float:
        """Seconds since the last exchange ended."""
        return time.monotonic() - self._idle_since

    async def send(self, method: str, target: str, headers: RawHeaders, body: bytes) -> None:
        """Send a whole request in one write.

        Raises:
            Disconnected: the connection broke while sending.
        """
        if self.used:
            self._h11.start_next_cycle()
        self.used = True
        parts = [
            self._h11.send(h11.Request(method=method, target=target, headers=headers)),
            self._h11.send(h11.Data(data=body)) if body else b"",
            self._h11.send(h11.EndOfMessage()),
        ]
        try:
            self.writer.write(b"".join(part for part in parts if part))
            await self.writer.drain()
        except OSError as error:
            raise Disconnected(str(error)) from error

    async def head(self) -> Head:
        """Wait for status and headers.

        Raises:
            Disconnected: nothing came.
            ConnectionError: something else than HTTP came, or only a part.
        """
        while True:
            event = await self._next_event()
            if isinstance(event, h11.Response) or (
                isinstance(event, h11.InformationalResponse) and event.status_code == SWITCHING_PROTOCOLS
            ):
                return Head(event.status_code, _join(event.headers))
            if not isinstance(event, h11.InformationalResponse):
                raise Disconnected("it closed the connection without an answer")

    async def upgraded_head(self) -> Head:
        """Like ``head``, but takes not one byte more than the head from the reader.

        So after 101 the streams are exactly at the start of the other protocol.
        """
        try:
            raw = await self.reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as error:
            raise Disconnected("it closed the connection without an answer") from error
        except asyncio.LimitOverrunError as error:
            raise ConnectionError("the head of the answer is too long") from error
        self._h11.receive_data(raw)
        return await self.head()

    async def chunks(self) -> AsyncGenerator[bytes]:
        """The body, piece by piece as it comes.

        Raises:
            ConnectionError: it ended in the middle.
        """
        while True:
            event = await self._next_event()
            if isinstance(event, h11.Data):
                yield bytes(event.data)
            else:
                return

    def finished(self) -> bool:
        """Mark the exchange as over; True if the connection may carry another one."""
        self._idle_since = time.monotonic()
        return self._h11.our_state is h11.DONE and self._h11.their_state is h11.DONE and self.open

    def close(self) -> None:
        """Throw the connection away, with whatever was on its way; no time is lost on TLS' goodbye."""
        self.writer.transport.abort()

    async def wait_closed(self) -> None:
        """Wait until the socket is gone, which takes a turn of the event loop after ``close``."""
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()

    async def _next_event(self) -> object:
        try:
            while (event := self._h11.next_event()) is h11.NEED_DATA:
                data = await self.reader.read(_READ)
                if not data and self._h11.their_state is h11.SEND_RESPONSE:
                    if self._h11.trailing_data[0]:
                        raise ConnectionError("it closed the connection in the middle of the answer's head")
                    raise Disconnected("it closed the connection without an answer")
                self._h11.receive_data(data)
        except h11.RemoteProtocolError as error:
            raise ConnectionError(f"not a proper HTTP answer: {error}") from error
        return event


def _join(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined
