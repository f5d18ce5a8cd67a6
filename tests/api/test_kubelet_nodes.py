"""Virtual Nodes against real API servers: made, looked after, found again, removed, and the tenant's left
alone."""

import asyncio
import dataclasses
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any

import pytest
from apiserver import ApiServer, Etcd, binary
from virtualnode import VirtualNodes, virtual_nodes

from vcli.kube.client import Client
from vcli.kube.errors import NotFound
from vcli.kube.resources import LEASES, NODES, PODS
from vcli.syncer.nodes import controller as kind
from vcli.syncer.nodes.status import kubelet_port
from vcli.syncer.nodes.synthetic import SyntheticNodes
from vcli.syncer.translate.nodes import KIND_OF_NODE

Object = dict[str, Any]
Start = Callable[[], AbstractAsyncContextManager[VirtualNodes]]

SPEC = {"containers": [{"name": "main", "image": "busybox"}], "automountServiceAccountToken": False}
LEASE = kind.LEASE_NAMESPACE


@pytest.fixture(scope="module")
def host_server(etcd: Etcd, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    server = ApiServer(binary("kube-apiserver"), tmp_path_factory.mktemp("host"), etcd, name="nodes-host")
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kind, "RENEW_EVERY", 0.1)
    monkeypatch.setattr(kind, "GRACE", 0.5)


@pytest.fixture
def start(api_server: ApiServer, host_server: ApiServer) -> Start:
    return partial(virtual_nodes, host_server.access, api_server.access, pki=api_server.pki)


@pytest.fixture
async def running(start: Start) -> AsyncIterator[VirtualNodes]:
    async with start() as nodes:
        yield nodes


@pytest.fixture
def name() -> str:
    return f"n{secrets.token_hex(4)}"


async def node_when(client: Client, name: str, ready: Callable[[Object | None], bool]) -> Object | None:
    """Wait for a Node, None while there is none, to be as wanted."""
    async with asyncio.timeout(10):
        while True:
            try:
                node = await client.get(NODES, name)
            except NotFound:
                node = None
            if ready(node):
                return node
            await asyncio.sleep(0.05)


async def test_a_node_as_clients_want_it(running: VirtualNodes, client: Client, name: str) -> None:
    await running.nodes.ensure(name, internal_ips=["192.0.2.1", "2001:db8::1"])
    node = await client.get(NODES, name)
    status = node["status"]
    assert {(each["type"], each["address"]) for each in status["addresses"]} == {
        ("InternalIP", "192.0.2.1"),
        ("InternalIP", "2001:db8::1"),
        ("Hostname", name),
        ("InternalDNS", "localhost"),
    }
    assert [each["status"] for each in status["conditions"] if each["type"] == "Ready"] == ["True"]
    assert status["nodeInfo"]["kubeletVersion"] == "v1.36.3"
    assert "ExtendWebSocketsToKubelet" in status["declaredFeatures"]
    assert kubelet_port(node) == running.server.port(name)
    # The admission plugin TaintNodesByCondition taints every new Node: DaemonSets would stay away from it.
    assert "taints" not in node["spec"]
    lease = await client.get(LEASES, name, namespace=LEASE)
    assert lease["spec"]["holderIdentity"] == name
    assert lease["metadata"]["ownerReferences"][0]["uid"] == node["metadata"]["uid"]


async def test_the_host_namespace_is_not_in_it(start: Start, client: Client, name: str) -> None:
    async with start() as nodes:
        settings = dataclasses.replace(nodes.settings, headless_service="demo-headless.team-secret.svc")
        nodes.nodes._source = SyntheticNodes(dataclasses.replace(nodes.ctx, settings=settings))
        await nodes.nodes.ensure(name, internal_ips=["192.0.2.1"])
        node = await client.get(NODES, name)
    assert "team-secret" not in str(node)
    assert {"type": "InternalDNS", "address": "demo-headless"} in node["status"]["addresses"]


async def test_many_pods_at_once_make_one_node(running: VirtualNodes, client: Client, name: str) -> None:
    await asyncio.gather(*(running.nodes.ensure(name, internal_ips=["192.0.2.1"]) for _ in range(20)))
    node = await client.get(NODES, name)
    # Created, untainted, status written: each once, whoever came first.
    await running.nodes.ensure(name, internal_ips=["192.0.2.1"])
    assert await client.get(NODES, name) == node


async def test_a_new_address_is_in_the_status(running: VirtualNodes, client: Client, name: str) -> None:
    await running.nodes.ensure(name, internal_ips=["192.0.2.1"])
    await running.nodes.ensure(name, internal_ips=["192.0.2.9"])
    await running.nodes.ensure(name, internal_ips=[])
    addresses = (await client.get(NODES, name))["status"]["addresses"]
    assert [each["address"] for each in addresses if each["type"] == "InternalIP"] == ["192.0.2.9"]


async def test_the_lease_is_renewed(running: VirtualNodes, client: Client, name: str) -> None:
    await running.pod(name, node=name, spec=SPEC)
    await running.nodes.ensure(name, internal_ips=["192.0.2.1"])

    async def renewed() -> str:
        return str((await client.get(LEASES, name, namespace=LEASE))["spec"]["renewTime"])

    first = await renewed()
    async with asyncio.timeout(10):
        while await renewed() == first:  # noqa: ASYNC110 - the lease is on the server
            await asyncio.sleep(0.05)
    assert await renewed() > first


async def test_after_a_restart_it_is_the_same_node_on_the_same_port(
    start: Start, client: Client, name: str
) -> None:
    async with start() as first:
        await first.pod(name, node=name, spec=SPEC)
        for other in (f"{name}-a", f"{name}-b", name):
            await first.nodes.ensure(other, internal_ips=["192.0.2.1"])
        before = await client.get(NODES, name)
        port = first.server.port(name)
    async with start() as second:
        assert second.server.port(name) == port
        after = await client.get(NODES, name)
        assert after["metadata"]["uid"] == before["metadata"]["uid"]
        assert kubelet_port(after) == port


async def test_a_port_that_somebody_took_is_replaced(start: Start, client: Client, name: str) -> None:
    async with start() as first:
        await first.pod(name, node=name, spec=SPEC)
        await first.nodes.ensure(name, internal_ips=["192.0.2.1"])
        port = first.server.port(name)
        squatter = await asyncio.start_server(lambda _reader, _writer: None, "0.0.0.0", 0)  # noqa: S104
        taken = squatter.sockets[0].getsockname()[1]
        status = {"daemonEndpoints": {"kubeletEndpoint": {"Port": taken}}}
        await client.patch(NODES, name, {"status": status}, subresource="status")
    async with start() as second:
        assert second.server.port(name) not in (None, taken)
        assert kubelet_port(await client.get(NODES, name)) == second.server.port(name)
    squatter.close()
    assert port


async def test_a_node_that_no_pod_needs_goes_with_its_lease_and_listener(
    running: VirtualNodes, client: Client, name: str
) -> None:
    await running.pod(name, node=name, spec=SPEC)
    await running.nodes.ensure(name, internal_ips=["192.0.2.1"])
    await asyncio.sleep(1.2)
    assert await client.get(NODES, name)
    await client.delete(PODS, name, namespace="default", grace=0)
    await node_when(client, name, lambda node: node is None)
    async with asyncio.timeout(5):
        while running.server.port(name) is not None:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    with pytest.raises(NotFound):
        await client.get(LEASES, name, namespace=LEASE)


async def test_pods_of_daemon_sets_keep_no_node(running: VirtualNodes, client: Client, name: str) -> None:
    owner = {"apiVersion": "apps/v1", "kind": "DaemonSet", "name": "agent", "uid": "1", "controller": True}
    body = {
        "metadata": {"name": name, "ownerReferences": [owner]},
        "spec": {**SPEC, "nodeName": name},
    }
    await client.create(PODS, body, namespace="default")
    await running.nodes.ensure(name, internal_ips=["192.0.2.1"])
    await node_when(client, name, lambda node: node is None)


async def test_a_node_that_goes_while_it_is_needed_comes_back_on_its_port(
    running: VirtualNodes, client: Client, name: str
) -> None:
    await running.pod(name, node=name, spec=SPEC)
    await running.nodes.ensure(name, internal_ips=["192.0.2.1"])
    before = await client.get(NODES, name)
    await client.delete(NODES, name)
    uid = before["metadata"]["uid"]
    after = await node_when(client, name, lambda node: bool(node and node["metadata"]["uid"] != uid))
    assert after is not None
    assert kubelet_port(after) == kubelet_port(before)
    assert after["status"]["addresses"] == before["status"]["addresses"]


async def test_what_others_write_into_our_nodes_stays(
    running: VirtualNodes, client: Client, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await running.pod(name, node=name, spec=SPEC)
    await running.nodes.ensure(name, internal_ips=["192.0.2.1"])
    taint = {"key": "dedicated", "value": "me", "effect": "NoSchedule"}
    await client.patch(NODES, name, {"metadata": {"labels": {"zone": "z1"}}, "spec": {"taints": [taint]}})
    problem = {"type": "KernelDeadlock", "status": "False", "reason": "NoDeadlock", "message": ""}
    await client.patch(
        NODES, name, {"status": {"conditions": [problem]}}, subresource="status", strategy="strategic"
    )
    monkeypatch.setattr(kind, "REPORT_EVERY", 0.0)
    beat = _ready(await client.get(NODES, name))["lastHeartbeatTime"]
    node = await node_when(
        client, name, lambda node: bool(node and _ready(node)["lastHeartbeatTime"] != beat)
    )
    assert node is not None
    assert node["metadata"]["labels"]["zone"] == "z1"
    assert node["spec"]["taints"] == [taint]
    assert "KernelDeadlock" in [each["type"] for each in node["status"]["conditions"]]
    assert _ready(node)["lastTransitionTime"] <= beat


def _ready(node: Object) -> Object:
    ready: Object = next(each for each in node["status"]["conditions"] if each["type"] == "Ready")
    return ready


TAINT = {"key": "dedicated", "value": "me", "effect": "NoExecute"}


@pytest.mark.parametrize(
    ("said", "back"),
    [
        ({"spec": {"unschedulable": True}}, {"spec": {"unschedulable": None}}),
        ({"spec": {"taints": [TAINT]}}, {"spec": {"taints": None}}),
        ({"metadata": {"labels": {"zone": "a"}}}, {"metadata": {"labels": {"zone": None}}}),
    ],
    ids=["cordon", "taint", "label"],
)
async def test_a_node_that_the_tenant_says_something_of_stays_without_pods(
    start: Start, client: Client, name: str, said: Object, back: Object
) -> None:
    async with start() as first:
        await first.pod(name, node=name, spec=SPEC)
        await first.nodes.ensure(name, internal_ips=["192.0.2.1"])
        made = await client.patch(NODES, name, said)
        await client.delete(PODS, name, namespace="default", grace=0)
        await asyncio.sleep(1.2)
    async with start():
        await asyncio.sleep(1.2)
        node = await client.get(NODES, name)
        assert node["metadata"]["uid"] == made["metadata"]["uid"]
        await client.patch(NODES, name, back)
        await node_when(client, name, lambda node: node is None)


async def test_nodes_of_the_tenant_are_left_alone(running: VirtualNodes, client: Client, name: str) -> None:
    made = await client.create(NODES, {"metadata": {"name": name}})
    async with asyncio.timeout(5):
        while running.ctx.virtual[NODES].get(None, name) is None:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    await running.nodes.ensure(name, internal_ips=["192.0.2.1"])
    await asyncio.sleep(1)
    node = await client.get(NODES, name)
    assert node["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]
    assert KIND_OF_NODE not in node["metadata"].get("labels", {})
    assert running.server.port(name) is None
