"""The HTTP half of the client against a scripted server."""

import asyncio
import time
from typing import Any

import pytest

from vcli.kube.access import Access
from vcli.kube.client import Client
from vcli.kube.errors import ApiError, NotFound, ServerError, TooManyRequests, Unreachable
from vcli.kube.resources import CONFIGMAPS, PODS, SECRETS
from vcli.kube.websocket import open_websocket


def client_of(server: Any, **more: Any) -> Client:
    return Client(Access(server=server.url), **more)


async def test_requests_share_a_connection_and_carry_the_credentials(server):
    async def handler(exchange):
        while await exchange.request():
            await exchange.answer(body=b'{"a":1}')

    async def token():
        return f"token-{len(server.exchanges[0].requests) if server.exchanges else 0}"

    server.handler = handler
    access = Access(
        server=server.url + "/k8s/clusters/c-1",
        token=token,
        impersonate={"Impersonate-User": "jane", "Impersonate-Group": ("dev", "ops")},
    )
    async with Client(access, user_agent="vcli/test") as client:
        for _ in range(3):
            assert await client.get(CONFIGMAPS, "x") == {"a": 1}
    assert len(server.exchanges) == 1
    first, *_, last = (request.decode() for request in server.exchanges[0].requests)
    assert first.startswith("GET /k8s/clusters/c-1/api/v1/namespaces/default/configmaps/x HTTP/1.1\r\n")
    assert f"Host: 127.0.0.1:{server.port}\r\n" in first
    assert "User-Agent: vcli/test\r\n" in first
    assert "Impersonate-User: jane\r\n" in first
    assert "Impersonate-Group: dev\r\nImpersonate-Group: ops\r\n" in first
    # Asked for again at each request: a frozen exec-plugin token would fail after some minutes.
    assert "Authorization: Bearer token-0\r\n" in first
    assert "Authorization: Bearer token-2\r\n" in last


async def test_a_get_on_a_connection_that_the_server_has_closed_is_repeated_once(server):
    async def handler(exchange):
        await exchange.request()
        await exchange.answer()
        if exchange.number == 1:
            await exchange.request()  # and closes without an answer
        else:
            await exchange.request()
            await exchange.answer()

    server.handler = handler
    async with client_of(server) as client:
        await client.get(PODS, "a")
        await client.get(PODS, "a")
    assert [len(exchange.requests) for exchange in server.exchanges] == [2, 1]


async def test_a_post_that_may_have_arrived_is_not_repeated(server):
    async def handler(exchange):
        await exchange.request()
        await exchange.answer()
        await exchange.request()

    server.handler = handler
    async with client_of(server) as client:
        await client.get(PODS, "a")
        with pytest.raises(Unreachable, match="it closed the connection without an answer"):
            await client.create(PODS, {"metadata": {"name": "a"}})
    assert [len(exchange.requests) for exchange in server.exchanges] == [2]


async def test_a_connection_known_to_be_closed_is_not_used_not_even_for_a_post(server):
    async def handler(exchange):
        await exchange.request()
        await exchange.answer(headers="" if exchange.number == 1 else "Connection: close\r\n")

    server.handler = handler
    async with client_of(server) as client:
        for _ in range(3):
            await client.create(PODS, {"metadata": {"name": "a"}})
            await asyncio.sleep(0.02)
    assert [len(exchange.requests) for exchange in server.exchanges] == [1, 1, 1]


async def test_a_cancelled_request_does_not_leave_its_answer_to_the_next(server):
    async def handler(exchange):
        first = await exchange.request()
        if b"/pods/slow" in first:
            await asyncio.sleep(0.2)
        await exchange.answer(body=b'{"path":"%s"}' % first.split(b" ")[1])
        await exchange.request()

    server.handler = handler
    async with client_of(server) as client:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await client.get(PODS, "slow")
        assert (await client.get(PODS, "fast"))["path"].endswith("/fast")


async def test_retry_after_is_honoured(server):
    async def handler(exchange):
        await exchange.request()
        await exchange.answer(429, b"busy", "Retry-After: 0.2\r\n")
        await exchange.request()
        await exchange.answer(503, b"busy", "Retry-After: 0\r\n")
        await exchange.request()
        await exchange.answer()

    server.handler = handler
    started = time.monotonic()
    async with client_of(server) as client:
        await client.create(PODS, {"metadata": {"name": "a"}})
    assert time.monotonic() - started >= 0.2


async def test_a_server_busy_for_ever_is_an_error_in_the_end(server):
    async def handler(exchange):
        while await exchange.request():
            await exchange.answer(429, b"busy", "Retry-After: 0\r\n")

    server.handler = handler
    async with client_of(server) as client:
        with pytest.raises(TooManyRequests) as caught:
            await client.get(PODS, "a")
    assert caught.value.retry_after == 0
    assert len(server.exchanges[0].requests) == 4


@pytest.mark.parametrize(("call", "sent"), [("eviction", 1), ("binding", 4)])
async def test_a_refused_eviction_is_not_repeated(server, call, sent):
    async def handler(exchange):
        while await exchange.request():
            await exchange.answer(429, b"budget", "Retry-After: 0\r\n")

    server.handler = handler
    async with client_of(server) as client:
        with pytest.raises(TooManyRequests):
            await client.create_subresource(PODS, "a", call, {})
    assert len(server.exchanges[0].requests) == sent


async def test_503_without_retry_after_is_raised_at_once(server):
    async def handler(exchange):
        await exchange.request()
        await exchange.answer(503, b"<html>down</html>")

    server.handler = handler
    async with client_of(server) as client:
        with pytest.raises(
            ServerError,
            match=r"answered 503 to /api/.*/a with an HTML page: the API server is down",
        ) as caught:
            await client.get(PODS, "a")
    assert "<html>" not in caught.value.message


async def test_a_server_that_does_not_answer_is_named(server):
    async def handler(exchange):
        await exchange.request()
        await asyncio.sleep(5)

    server.handler = handler
    async with client_of(server, timeout=0.1) as client:
        with pytest.raises(Unreachable, match=rf"{server.port}: no answer to GET /api/.*/a within 0.1"):
            await client.get(PODS, "a")


async def test_an_answer_cut_in_the_middle_is_unreachable_not_half_an_object(server):
    async def handler(exchange):
        await exchange.request()
        exchange.writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"a":')

    server.handler = handler
    async with client_of(server) as client:
        with pytest.raises(Unreachable):
            await client.get(PODS, "a")


async def test_a_login_page_is_not_an_answer(server):
    async def handler(exchange):
        await exchange.request()
        await exchange.answer(200, b"<html>Please log in</html>")

    server.handler = handler
    async with client_of(server) as client:
        with pytest.raises(
            Unreachable, match=rf"{server.port} answered /api/.*/a with an HTML page: it is not a Kubernetes"
        ):
            await client.get(PODS, "a")


async def test_a_redirect_names_the_place_without_its_query(server):
    async def handler(exchange):
        while await exchange.request():
            await exchange.answer(302, b"", "Location: https://login.example/sso?token=x\r\n")

    server.handler = handler
    async with client_of(server) as client:
        with pytest.raises(
            Unreachable, match=r"redirects GET /api.* to https://login.example/sso \(302\)"
        ) as caught:
            await client.get(PODS, "a")
        assert "token" not in caught.value.message
        with pytest.raises(Unreachable, match="redirects GET /log"):
            async with client.stream("GET", "/log"):
                pass


async def test_the_first_answer_must_come_soon_later_ones_may_take_their_time(server, monkeypatch):
    from vcli.kube import wait  # noqa: PLC0415

    monkeypatch.setattr(wait, "FIRST_ANSWER", 0.2)

    async def handler(exchange):
        while request := await exchange.request():
            if b"/slow" in request:
                await asyncio.sleep(0.4)
            exchange.writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{")
            await exchange.writer.drain()
            if b"/body" in request:
                await asyncio.sleep(0.4)
            exchange.writer.write(b"}")

    server.handler = handler
    async with client_of(server) as client:
        with pytest.raises(Unreachable, match=r"no answer to GET /slow within 0.2 seconds"):
            await client.request("GET", "/slow")
        with pytest.raises(Unreachable, match=r"no answer to GET /slow within 0.2 seconds"):
            async with client.stream("GET", "/slow"):
                pass
        await client.request("GET", "/body")
        await client.request("GET", "/slow")


async def test_half_a_head_is_an_error(server):
    async def handler(exchange):
        await exchange.request()
        exchange.writer.write(b"HTTP/1.1 200 OK\r\nContent-")
        await asyncio.sleep(5)

    server.handler = handler
    async with client_of(server, timeout=0.1) as client:
        with pytest.raises(Unreachable, match=r"within 0\.1 seconds, only the beginning of one"):
            await client.get(PODS, "a")


async def test_something_else_than_http_is_unreachable(server):
    async def handler(exchange):
        exchange.writer.write(b"SSH-2.0-OpenSSH_9.9\r\n\r\n")
        await exchange.reader.read()

    server.handler = handler
    async with client_of(server) as client:
        with pytest.raises(Unreachable, match="not a proper HTTP answer"):
            await client.get(PODS, "a")


async def test_a_large_body_comes_whole(server):
    body = b'"' + b"x" * 5_000_000 + b'"'

    async def handler(exchange):
        await exchange.request()
        exchange.writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for start in range(0, len(body), 1_000_000):
            part = body[start : start + 1_000_000]
            exchange.writer.write(b"%x\r\n%b\r\n" % (len(part), part))
            await exchange.writer.drain()
        exchange.writer.write(b"0\r\n\r\n")

    server.handler = handler
    async with client_of(server) as client:
        assert (await client.request("GET", "/x")).body == body


async def test_after_an_upgrade_not_a_byte_is_lost(server):
    """The server's first words come in the same packet as its 101."""

    async def handler(exchange):
        await exchange.request()
        exchange.writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\nhello"
        )
        assert await exchange.reader.readexactly(3) == b"you"

    server.handler = handler
    async with client_of(server) as client:
        headers = {"Connection": "Upgrade", "Upgrade": "SPDY/3.1"}
        connection = await client.upgrade("POST", "/exec", headers=headers)
        assert connection.status == 101
        assert connection.headers["upgrade"] == "SPDY/3.1"
        assert await connection.reader.readexactly(5) == b"hello"
        connection.writer.write(b"you")
        assert await connection.reader.read() == b""
        connection.writer.close()


async def test_a_refused_upgrade_is_the_servers_error(server):
    status = b'{"kind":"Status","reason":"NotFound","message":"pods \\"x\\" not found","code":404}'

    async def handler(exchange):
        await exchange.request()
        await exchange.answer(404, status)

    server.handler = handler
    async with client_of(server) as client:
        with pytest.raises(NotFound, match='pods "x" not found'):
            await client.upgrade("GET", "/exec", headers={"Connection": "Upgrade", "Upgrade": "x"})
        with pytest.raises(NotFound, match='pods "x" not found'):
            await open_websocket(client, "/exec")


async def test_a_200_is_no_websocket(server):
    async def handler(exchange):
        await exchange.request()
        await exchange.answer()

    server.handler = handler
    async with client_of(server) as client:
        with pytest.raises(ApiError):
            await open_websocket(client, "/exec")


async def test_a_refused_connection_is_raised_at_once_with_the_address():
    async with Client(Access(server="http://127.0.0.1:1")) as client:
        with pytest.raises(Unreachable, match=r"http://127.0.0.1:1: connection refused") as caught:
            await client.get(PODS, "a")
        assert caught.value.exit_code == 6
        assert not await client.ready()


async def test_a_name_that_does_not_resolve_is_an_error():
    async with Client(Access(server="https://nowhere.invalid")) as client:
        with pytest.raises(Unreachable, match=r"the name nowhere.invalid can't be resolved"):
            await client.get(PODS, "a")


async def test_connect_goes_through_the_proxy(server):
    """The same server plays proxy and, behind it, API server."""

    async def handler(exchange):
        connect = await exchange.request()
        assert connect.startswith(b"CONNECT api.example:6443 HTTP/1.1\r\n")
        assert b"Proxy-Authorization: Basic dTpw\r\n" in connect
        exchange.writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        assert (await exchange.request()).startswith(b"GET /version HTTP/1.1\r\n")
        await exchange.answer(body=b'{"gitVersion":"v1"}')

    server.handler = handler
    proxy = f"http://u:p@127.0.0.1:{server.port}"
    async with Client(Access(server="http://api.example:6443", proxy_url=proxy)) as client:
        assert await client.version() == {"gitVersion": "v1"}


async def test_a_proxy_that_refuses_is_named_without_its_password(server):
    async def handler(exchange):
        await exchange.request()
        await exchange.answer(407)

    server.handler = handler
    proxy = f"http://user:hunter2@127.0.0.1:{server.port}"
    async with Client(Access(server="https://api.example", proxy_url=proxy)) as client:
        with pytest.raises(
            Unreachable, match=rf"proxy http://127.0.0.1:{server.port}: .*does not accept .*407"
        ) as caught:
            await client.version()
    assert "hunter2" not in caught.value.message


async def test_a_secret_never_reaches_a_message(server):
    status = (
        b'{"kind":"Status","reason":"Invalid","code":422,"message":"Secret \\"x\\" is invalid: '
        b'data[a]: Invalid value: \\"c3VwZXJzZWNyZXQ=\\": must be something"}'
    )

    async def handler(exchange):
        await exchange.request()
        await exchange.answer(422, status)
        await exchange.request()
        await exchange.answer(400, b'can\'t parse {"data": {"a": "c3VwZXJzZWNyZXQ="}}')

    server.handler = handler
    async with client_of(server) as client:
        for _ in range(2):
            with pytest.raises(ApiError) as caught:
                await client.create(SECRETS, {"metadata": {"name": "x"}})
            assert "c3VwZXJzZWNyZXQ" not in caught.value.message
