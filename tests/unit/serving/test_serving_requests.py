import asyncio
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vcli.syncer.serving.requests import Refused, Request, chunk, parse_head, read_request, response

TOKEN = st.text("abcdefghijklmnopqrstuvwxyzABCXYZ0189-_!#", min_size=1, max_size=12)
VALUE = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=20)


def reader_of(data: bytes) -> asyncio.StreamReader:
    reader = asyncio.StreamReader(limit=1024)
    reader.feed_data(data)
    reader.feed_eof()
    return reader


@given(
    method=st.sampled_from(["GET", "POST"]),
    path=st.text("abc/%2F.-", max_size=20).map("/".__add__),
    query=st.one_of(st.just(""), st.text("abc=&%?20", max_size=20)),
    headers=st.lists(st.tuples(TOKEN, VALUE), max_size=5),
)
def test_what_was_sent_is_what_is_read(
    method: str, path: str, query: str, headers: list[tuple[str, str]]
) -> None:
    lines = [f"{method} {path}{'?' + query if query else ''} HTTP/1.1", *(f"{n}: {v}" for n, v in headers)]
    request = parse_head(("\r\n".join(lines) + "\r\n\r\n").encode())
    assert (request.method, request.target, request.query) == (method, path, query)
    assert list(request.headers) == headers


@given(st.binary(max_size=200))
def test_garbage_is_rejected_and_nothing_else_happens(head: bytes) -> None:
    with contextlib.suppress(Refused):
        assert isinstance(parse_head(head + b"\r\n\r\n"), Request)


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET / HTTP/2.0", 505),
        (b"GET /a b HTTP/1.1", 400),
        (b"GET http://elsewhere/ HTTP/1.1", 400),
        (b"GET / HTTP/1.1\r\n folded: line", 400),
        (b"GET / HTTP/1.1\r\nname : value", 400),
        (b"GET / HTTP/1.1\r\nname: a\nTransfer-Encoding: chunked", 400),
        (b"GET / HTTP/1.1\r\nname: nul\0", 400),
    ],
)
def test_heads_that_parsers_disagree_on_are_rejected(head: bytes, status: int) -> None:
    with pytest.raises(Refused) as caught:
        parse_head(head + b"\r\n\r\n")
    assert caught.value.status == status


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (b"Connection: Upgrade\r\nUpgrade: SPDY/3.1", "SPDY/3.1"),
        (b"Connection: keep-alive, upgrade\r\nupgrade: websocket", "websocket"),
        (b"Upgrade: websocket", None),
        (b"Connection: close", None),
    ],
)
def test_upgrade_needs_both_headers(headers: bytes, expected: str | None) -> None:
    assert parse_head(b"GET / HTTP/1.1\r\n" + headers + b"\r\n\r\n").upgrade == expected


async def test_requests_follow_each_other_and_bodies_are_dropped() -> None:
    reader = reader_of(
        b"POST /a HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"
        b"POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nB\r\nhello world\r\n0\r\nTrailer: x\r\n\r\n"
        b"GET /b HTTP/1.1\r\nConnection: close\r\n\r\n"
    )
    first, between, second = [await read_request(reader) for _ in range(3)]
    assert between is not None
    assert between.target == "/c"
    assert first is not None
    assert second is not None
    assert (first.target, first.keep_alive) == ("/a", True)
    assert (second.target, second.keep_alive) == ("/b", False)
    assert await read_request(reader) is None


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 3000 + b"\r\n\r\n", 431),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n0\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\na", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 9999999\r\n\r\n", 413),
    ],
)
async def test_bodies_of_doubtful_length_are_rejected(data: bytes, status: int) -> None:
    with pytest.raises(Refused) as caught:
        await read_request(reader_of(data), max_head=2048)
    assert caught.value.status == status


@pytest.mark.parametrize("size", [900, 1023, 1024, 1025, 2047, 2048, 5000])
async def test_a_head_may_have_more_than_the_reader_holds(size: int) -> None:
    head = b"GET / HTTP/1.1\r\nX: "
    head += b"x" * (size - len(head) - 4) + b"\r\n\r\n"
    reader = reader_of(head + b"GET /b HTTP/1.1\r\n\r\n")
    request = await read_request(reader, max_head=size)
    assert request is not None
    assert len(request.header("x") or "") == size - 23
    following = await read_request(reader)
    assert following is not None
    assert following.target == "/b"
    with pytest.raises(Refused) as caught:
        await read_request(reader_of(head), max_head=size - 1)
    assert caught.value.status == 431


async def test_a_head_without_end_is_rejected_before_its_end() -> None:
    reader = asyncio.StreamReader(limit=1024)
    reader.feed_data(b"GET / HTTP/1.1\r\nX: " + b"x" * 4000)
    with pytest.raises(Refused) as caught:
        await asyncio.wait_for(read_request(reader, max_head=2048), 1)
    assert caught.value.status == 431


@pytest.mark.parametrize("data", [b"", b"GET / HT", b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhel"])
async def test_a_client_that_leaves_in_between_gets_no_answer(data: bytes) -> None:
    assert await read_request(reader_of(data)) is None


def test_responses() -> None:
    whole = response(404, b"no", content_type="text/plain", keep_alive=True)
    assert whole.startswith(b"HTTP/1.1 404 Not Found\r\n")
    assert b"\r\nContent-Length: 2\r\n" in whole
    assert whole.endswith(b"\r\n\r\nno")
    assert chunk(b"x" * 26) == b"1a\r\n" + b"x" * 26 + b"\r\n"
    assert chunk(b"") == b"0\r\n\r\n"
