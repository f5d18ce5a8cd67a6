"""HTTP/1.1 as far as a kubelet needs it: request heads in, response heads and chunks out.

Parsing is strict and pure: what does not look exactly like a request of kube-apiserver, a metrics-server or
a person with curl is rejected, because a head that two parsers read differently is how requests get smuggled.
"""

import re
from asyncio import IncompleteReadError, LimitOverrunError, StreamReader
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus

# The API server takes heads of 1 MiB; a command argument can't exceed 128 KiB on Linux, escaped three times
# that.
MAX_HEAD_BYTES = 512 * 1024
FIRST_HEAD_BYTES = 16 * 1024
"""Bytes of a head before the client is authenticated: there is room for a token."""
_MAX_BODY_BYTES = 64 * 1024
_MAX_LENGTH_DIGITS = 18

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")
_TARGET = re.compile(r"/[\x21-\x7e]*\Z")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*\Z")

Header = tuple[str, str]


class Refused(Exception):  # noqa: N818 - it is an answer, not a failure of ours
    """The request gets this answer instead of what it asked for.

    Attributes:
        status: HTTP status code.
        message: plain text, shown to the client as it is: no name of the host may be in it.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request head. `target` is the path, still percent-encoded; `query` what follows the question mark."""

    method: str
    target: str
    query: str
    version: str
    headers: tuple[Header, ...]

    def header(self, name: str) -> str | None:
        """Give the first value of a header; names are compared without case."""
        return next(iter(self.header_values(name)), None)

    def header_values(self, name: str) -> list[str]:
        """Give all values of a header that may be repeated, such as X-Stream-Protocol-Version."""
        wanted = name.lower()
        return [value for key, value in self.headers if key.lower() == wanted]

    @property
    def upgrade(self) -> str | None:
        """The protocol that the client wants to change to: `SPDY/3.1`, `websocket`, or nothing."""
        tokens = {
            token.strip().lower() for value in self.header_values("connection") for token in value.split(",")
        }
        return self.header("upgrade") if "upgrade" in tokens else None

    @property
    def keep_alive(self) -> bool:
        """Whether the connection may carry another request after this one."""
        tokens = ",".join(self.header_values("connection")).lower()
        return self.version == "HTTP/1.1" and "close" not in tokens


def parse_head(head: bytes) -> Request:
    r"""Parse a request head, up to and including the empty line.

    Raises:
        Refused: it is not a well-formed HTTP/1.x head.
    """
    lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    parts = lines[0].split(" ")
    if len(parts) != 3:  # noqa: PLR2004 - method, target, version
        raise Refused(400, "malformed request line")
    method, target, version = parts
    if version not in ("HTTP/1.1", "HTTP/1.0"):
        raise Refused(505, "only HTTP/1.1 is spoken here")
    if not _TOKEN.match(method) or not _TARGET.match(target):
        raise Refused(400, "malformed request line")
    headers = tuple(_parse_header(line) for line in lines[1:])
    path, _, query = target.partition("?")
    return Request(method=method, target=path, query=query, version=version, headers=headers)


def _parse_header(line: str) -> Header:
    name, colon, value = line.partition(":")
    value = value.strip(" \t")
    # A line that begins with a space (folding) has no token in front and falls through here as well.
    if not colon or not _TOKEN.match(name) or not _VALUE.match(value):
        raise Refused(400, "malformed header")
    return name, value


async def read_request(reader: StreamReader, *, max_head: int = MAX_HEAD_BYTES) -> Request | None:
    """Read the next request head and drop its body, which no route of a kubelet has a use for.

    Args:
        reader: whose own limit is no limit of a head.
        max_head: bytes of a head at the most.

    Returns:
        None when the client closed the connection instead of sending a (whole) request.

    Raises:
        Refused: malformed or too large.
    """
    try:
        request = parse_head(await _head(reader, max_head))
        await _drop_body(request, reader)
    except IncompleteReadError:
        return None
    except LimitOverrunError:  # in a body
        raise Refused(400, "malformed request body") from None
    return request


async def _head(reader: StreamReader, most: int) -> bytes:
    head = bytearray()
    while True:
        try:
            head += await reader.readuntil(b"\r\n\r\n")
        except LimitOverrunError as more:
            if len(head) + more.consumed <= most:
                head += await reader.readexactly(more.consumed)
                continue
            raise Refused(431, "the request head is too large") from None
        if len(head) > most:
            raise Refused(431, "the request head is too large")
        return bytes(head)


async def _drop_body(request: Request, reader: StreamReader) -> None:
    lengths = set(request.header_values("content-length"))
    codings = request.header_values("transfer-encoding")
    if codings == ["chunked"] and not lengths:
        await _drop_chunks(reader)
    elif codings or len(lengths) > 1:
        raise Refused(400, "the length of the request body is not clear")
    elif lengths:
        await reader.readexactly(_length(lengths.pop(), digits="0123456789"))


async def _drop_chunks(reader: StreamReader) -> None:
    dropped = 0
    while size := _length((await _line(reader)).decode("latin-1"), digits="0123456789abcdefABCDEF"):
        dropped += size
        if dropped > _MAX_BODY_BYTES:
            raise Refused(413, "the request body is too large")
        await reader.readexactly(size + 2)
    while await _line(reader):  # trailers
        pass


async def _line(reader: StreamReader) -> bytes:
    return (await reader.readuntil(b"\r\n"))[:-2]


def _length(text: str, *, digits: str) -> int:
    if not text or text.strip(digits) or len(text) > _MAX_LENGTH_DIGITS:
        raise Refused(400, "malformed length of the request body")
    length = int(text, len(set(digits.lower())))
    if length > _MAX_BODY_BYTES:
        raise Refused(413, "the request body is too large")
    return length


def response_head(status: int, headers: Iterable[Header], *, reason: str | None = None) -> bytes:
    """Build a response head, the empty line included."""
    phrase = reason if reason is not None else _phrase(status)
    lines = [f"HTTP/1.1 {status} {phrase}", *(f"{name}: {value}" for name, value in headers)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def response(status: int, body: bytes, *, content_type: str, keep_alive: bool) -> bytes:
    """Build a whole response of known length."""
    headers = [
        ("Content-Type", content_type),
        ("Content-Length", str(len(body))),
        ("X-Content-Type-Options", "nosniff"),
        ("Connection", "keep-alive" if keep_alive else "close"),
    ]
    return response_head(status, headers) + body


def chunk(data: bytes) -> bytes:
    """Frame one piece of a chunked body. An empty piece is the end of it."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
