import asyncio
import socket
import ssl
import time

import pytest

from vcli.controlplane.certificates import issue
from vcli.errors import UsageError
from vcli.operations.endpoint import Endpoint, on_local_network, reach
from vcli.operations.resolve import VirtualCluster

CLUSTER = VirtualCluster(
    name="demo",
    namespace="team-a",
    kind="StatefulSet",
    replicas=1,
    ready=1,
    version=None,
    distro=None,
    paused=False,
    deleting=False,
    created="",
    ours=True,
    workload={},
)
ROUTES = """\
Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t0100A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
br-1\t000012AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
"""


async def serve(folder, names):
    """A TLS server with a certificate for these names; the CA that signed it, and the port."""
    files = issue({"apiserver": names})
    for name in ("apiserver.crt", "apiserver.key"):
        (folder / name).write_bytes(files[name])
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "apiserver.crt", folder / "apiserver.key")
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    return server, files["ca.crt"], server.sockets[0].getsockname()[1]


@pytest.mark.parametrize(
    ("names", "expected"),
    [(["127.0.0.1"], None), (["demo.team-a"], "demo.team-a"), (["localhost"], "localhost")],
)
async def test_the_certificate_decides_by_which_name_it_is_reached(tmp_path, names, expected):
    server, ca, port = await serve(tmp_path, names)
    async with server:
        assert await reach([("127.0.0.1", port)], CLUSTER, ca=ca) == Endpoint("127.0.0.1", port, expected)


async def test_somebody_elses_server_is_not_ours(tmp_path):
    server, _, port = await serve(tmp_path, ["127.0.0.1", "localhost"])
    async with server:
        assert await reach([("127.0.0.1", port)], CLUSTER, ca=issue({})["ca.crt"]) is None


async def test_what_does_not_answer_costs_little(tmp_path):
    server, ca, port = await serve(tmp_path, ["127.0.0.1"])
    with socket.create_server(("127.0.0.1", 0)) as silent:
        started = time.monotonic()
        places = [silent.getsockname(), ("127.0.0.1", 1), ("127.0.0.1", port)]
        assert await reach(places, CLUSTER, ca=ca) == Endpoint("127.0.0.1", port)
        assert time.monotonic() - started < 6
    server.close()
    assert await reach([], CLUSTER, ca=ca) is None


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("https://x:6443", "https://x:6443"),
        ("x:6443/", "https://x:6443"),
        ("https://x", "https://x"),
        ("https://[::1]:1", "https://[::1]:1"),
    ],
)
def test_urls(text, server):
    assert Endpoint.of(text).server == server


@pytest.mark.parametrize("text", ["http://x", "https://x/prefix", "ftp://x", "https://"])
def test_what_is_no_url_of_an_api_server(text):
    with pytest.raises(UsageError):
        Endpoint.of(text)


@pytest.mark.parametrize(
    ("address", "local"),
    [("172.18.0.2", True), ("172.19.0.2", False), ("10.0.0.1", False), ("fd00::1", False)],
)
def test_routes(address, local):
    assert on_local_network(address, ROUTES) is local


async def test_a_place_that_refuses_at_first_is_tried_again(tmp_path):
    server, ca, port = await serve(tmp_path, ["127.0.0.1"])
    server.close()
    await server.wait_closed()
    trying = asyncio.ensure_future(reach([("127.0.0.1", port)], CLUSTER, ca=ca))
    await asyncio.sleep(0.1)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "apiserver.crt", tmp_path / "apiserver.key")
    again = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", port, ssl=context)
    async with again:
        assert await trying == Endpoint("127.0.0.1", port)
