"""A real API server behind real proxies: requests, watches and upgrades."""

import asyncio
import dataclasses
import ssl

import pytest

from proxyserver import ProxyServer
from vcli.kube.client import Client
from vcli.kube.errors import ApiError, NotFound
from vcli.kube.resources import CONFIGMAPS
from vcli.kube.watch import list_watch
from vcli.kube.websocket import open_websocket

LOGIN = ("jane", "secret")
HIDDEN = "kubernetes.default.svc"  # in the server's certificate, and known to the proxy alone


@pytest.fixture(params=["http", "https", "socks5"])
async def proxy(request, api_server):
    tls = None
    if request.param == "https":
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(api_server.pki / "apiserver.crt", api_server.pki / "apiserver.key")
    names = {HIDDEN: "127.0.0.1"}
    async with ProxyServer(request.param, login=LOGIN, names=names, tls=tls) as running:
        yield running


@pytest.fixture
def behind(access, api_server, proxy):
    """The administrator's access, by a name that only the proxy resolves."""
    server = f"https://{HIDDEN}:{api_server.port}"
    return dataclasses.replace(access, server=server, proxy_url=proxy.url(LOGIN))


async def test_loopback_through_the_kubeconfigs_proxy(access, api_server, proxy):
    async with Client(dataclasses.replace(access, proxy_url=proxy.url(LOGIN))) as client:
        assert (await client.version())["major"] == "1"
    assert proxy.targets == [("127.0.0.1", api_server.port)]


async def test_requests_and_watches(behind, proxy, namespace):
    async with Client(behind) as client:
        events = list_watch(client, CONFIGMAPS, namespace=namespace)
        async with asyncio.timeout(20):
            assert (await anext(events)).type == "LISTED"
            await client.create(CONFIGMAPS, {"metadata": {"name": "a"}}, namespace=namespace)
            names = [event.object["metadata"]["name"] async for event in until(events, "ADDED")]
        assert names[-1] == "a"
    assert {host for host, _ in proxy.targets} == {HIDDEN}


async def until(events, kind):
    async for event in events:
        if event.type != "BOOKMARK":
            yield event
        if event.type == kind:
            return


async def test_an_upgrade_reaches_the_server(behind, proxy, namespace):
    """There is no kubelet to carry it on: the answer about the pod has to come from the API server."""
    async with Client(behind) as client:
        path = f"/api/v1/namespaces/{namespace}/pods/nothing/portforward"
        with pytest.raises(ApiError) as caught:
            await open_websocket(client, path, subprotocols=["SPDY/3.1+portforward.k8s.io"])
    assert isinstance(caught.value, NotFound)
    assert 'pods "nothing" not found' in caught.value.message
    assert proxy.forwarded > 0
