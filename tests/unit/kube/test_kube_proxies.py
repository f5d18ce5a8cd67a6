"""Through real proxies on loopback."""

import asyncio
import ssl

import pytest

from proxyserver import ProxyServer
from vcli.controlplane.certificates import issue
from vcli.kube.access import Access
from vcli.kube.client import Client
from vcli.kube.errors import Unreachable
from vcli.kube.websocket import open_websocket

LOGIN = ("jane", "p@ss:word")
QUOTED = ("jane", "p%40ss%3Aword")


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    """The authority, and a context for a server on 127.0.0.1."""
    folder = tmp_path_factory.mktemp("pki")
    files = issue({"apiserver": ["127.0.0.1"]})
    for name in ("apiserver.crt", "apiserver.key"):
        (folder / name).write_bytes(files[name])
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "apiserver.crt", folder / "apiserver.key")
    return files["ca.crt"], context


@pytest.fixture(params=["http", "https", "socks5"])
async def proxy(request, pki):
    tls = pki[1] if request.param == "https" else None
    async with ProxyServer(request.param, login=LOGIN, names={"api.hidden": "127.0.0.1"}, tls=tls) as running:
        yield running


async def version(exchange):
    while await exchange.request():
        await exchange.answer(body=b'{"gitVersion":"v1"}')


@pytest.mark.parametrize("host", ["127.0.0.1", "api.hidden"])
async def test_the_proxy_connects_and_resolves(server, proxy, pki, host):
    server.handler = version
    access = Access(server=f"http://{host}:{server.port}", proxy_url=proxy.url(QUOTED), ca=pki[0])
    async with Client(access) as client:
        assert await client.version() == {"gitVersion": "v1"}
    assert proxy.targets == [(host, server.port)]


async def test_both_kinds_of_socks5_resolve_at_the_proxy(server):
    server.handler = version
    async with ProxyServer("socks5", names={"api.hidden": "127.0.0.1"}) as proxy:
        for scheme in ("socks5", "socks5h"):
            access = Access(server=f"http://api.hidden:{server.port}", proxy_url=proxy.url(scheme=scheme))
            async with Client(access) as client:
                assert await client.version() == {"gitVersion": "v1"}


async def test_streams_and_upgrades_go_through_it(server, proxy, pki):
    async def handler(exchange):
        request = await exchange.request()
        if b"/watch" in request:
            exchange.writer.write(
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
            )
            return
        exchange.writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nhi"
        )
        assert await exchange.reader.readexactly(3) == b"you"

    server.handler = handler
    access = Access(server=server.url, proxy_url=proxy.url(QUOTED), ca=pki[0])
    async with Client(access) as client:
        async with client.stream("GET", "/watch") as answer:
            assert b"".join([chunk async for chunk in answer]) == b"hello"
        switched = await client.upgrade("GET", "/x", headers={"Connection": "Upgrade", "Upgrade": "x"})
        assert await switched.reader.readexactly(2) == b"hi"
        switched.writer.write(b"you")
        assert await switched.reader.read() == b""
        switched.writer.close()
        with pytest.raises(Unreachable):
            await open_websocket(client, "/not-a-websocket")
    assert len(proxy.targets) == 3


async def test_tls_inside(proxy, pki):
    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 19\r\n\r\n{"gitVersion":"v1"}')
        await writer.drain()
        writer.close()

    behind = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=pki[1])
    port = behind.sockets[0].getsockname()[1]
    async with behind:
        access = Access(server=f"https://127.0.0.1:{port}", proxy_url=proxy.url(QUOTED), ca=pki[0])
        async with Client(access) as client:
            assert await client.version() == {"gitVersion": "v1"}


@pytest.mark.parametrize(
    ("login", "message"),
    [
        (None, "wants a user and a password"),
        (("jane", "hunter2"), "does not accept the user and the password"),
    ],
)
async def test_the_error_of_a_wrong_login_lacks_the_password(proxy, pki, login, message):
    access = Access(server="https://api.hidden", proxy_url=proxy.url(login), ca=pki[0])
    async with Client(access) as client:
        with pytest.raises(Unreachable, match=rf"through the proxy {proxy.url()}: .*{message}") as caught:
            await client.version()
    assert "hunter2" not in caught.value.message


async def test_an_https_proxy_must_show_a_certificate_that_is_trusted(pki):
    async with ProxyServer("https", tls=pki[1]) as proxy:
        access = Access(server="https://api.hidden", proxy_url=proxy.url(), ca=issue({})["ca.crt"])
        async with Client(access) as client:
            with pytest.raises(
                Unreachable, match="the proxy can't be reached: its certificate is not trusted"
            ):
                await client.version()


@pytest.mark.parametrize("scheme", ["http", "https", "socks5"])
async def test_a_proxy_that_is_not_there_is_the_one_to_blame(scheme):
    access = Access(server="https://api.hidden", proxy_url=f"{scheme}://127.0.0.1:1")
    async with Client(access) as client:
        with pytest.raises(Unreachable, match="the proxy can't be reached: connection refused"):
            await client.version()


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (b"\x05\x00\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00", "the proxy says: connection refused"),
        (b"\x05\x00\x05\x02\x00\x01\x00\x00\x00\x00\x00\x00", "its rules do not allow that address"),
        (b"\x05\x00\x05\x63\x00\x01\x00\x00\x00\x00\x00\x00", "it answered with code 99"),
        (b"\x05\x01", "a kind of login that was not offered"),
        (b"\x05\x00\x05\x00", "the proxy closed the connection"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "it does not speak SOCKS5"),
    ],
)
async def test_what_a_socks_proxy_may_say(server, answer, message):
    async def handler(exchange):
        exchange.writer.write(answer)
        exchange.writer.write_eof()
        await exchange.reader.read()

    server.handler = handler
    access = Access(server="https://api.hidden", proxy_url=f"socks5://127.0.0.1:{server.port}")
    async with Client(access) as client:
        with pytest.raises(Unreachable, match=message):
            await client.version()


async def test_a_silent_proxy_is_waited_for_no_longer_than_a_server(server):
    async def handler(exchange):
        await exchange.reader.read()

    server.handler = handler
    for scheme in ("http", "socks5"):
        access = Access(server="https://api.hidden", proxy_url=f"{scheme}://127.0.0.1:{server.port}")
        async with Client(access) as client:
            client._transport._connect_timeout = 0.1
            with pytest.raises(Unreachable, match=r"through the proxy .*not complete within 0.1 seconds"):
                await client.version()
