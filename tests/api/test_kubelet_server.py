"""The kubelet server against real API servers: who may ask, what is answered, what is hidden."""

import asyncio
import dataclasses
import secrets
from collections.abc import AsyncIterator, Iterator

import pytest
from apiserver import ApiServer, Authority, Etcd, binary
from virtualnode import VirtualNodes, virtual_nodes

from vcli.kube.access import Access
from vcli.kube.client import Client
from vcli.kube.errors import ApiError, Forbidden, NotFound, ServerError, Unauthorized, Unreachable
from vcli.kube.resources import CLUSTERROLEBINDINGS, CLUSTERROLES, PODS, SERVICEACCOUNTS
from vcli.syncer.serving import certificates

SPEC = {
    "containers": [{"name": "main", "image": "busybox"}],
    "automountServiceAccountToken": False,
    "terminationGracePeriodSeconds": 0,
}
PATHS = [
    "/healthz",
    "/pods",
    "/runningpods/",
    "/metrics",
    "/stats/summary",
    "/exec/default/web/main?output=1",
]


@pytest.fixture(scope="module")
def host_server(etcd: Etcd, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    server = ApiServer(binary("kube-apiserver"), tmp_path_factory.mktemp("host"), etcd, name="host")
    yield server
    server.stop()


@pytest.fixture
async def running(api_server: ApiServer, host_server: ApiServer) -> AsyncIterator[VirtualNodes]:
    async with virtual_nodes(host_server.access, api_server.access, pki=api_server.pki) as nodes:
        yield nodes


@pytest.fixture
def name() -> str:
    """A name of the test's own, for pods and nodes."""
    return f"n{secrets.token_hex(4)}"


@pytest.fixture
async def kubelet(running: VirtualNodes, api_server: ApiServer, name: str) -> Access:
    """Access to the kubelet of a node, as kube-apiserver has it."""
    await running.nodes.ensure(name, internal_ips=["192.0.2.1"])
    return dataclasses.replace(
        api_server.access_as("kube-apiserver-kubelet-client", groups=["system:masters"]),
        server=f"https://127.0.0.1:{running.server.port(name)}",
    )


def without_certificate(access: Access, *, token: str | None = None) -> Access:
    async def give() -> str:
        return token or ""

    return dataclasses.replace(
        access, client_certificate=None, client_key=None, token=give if token is not None else None
    )


async def token_of(client: Client, name: str, *resources: str) -> str:
    """Make a service account that may GET `nodes/…`; give a token of it."""
    namespace = "default"
    await client.create(SERVICEACCOUNTS, {"metadata": {"name": name}}, namespace=namespace)
    rules = [{"apiGroups": [""], "resources": list(resources), "verbs": ["get"]}] if resources else []
    await client.create(CLUSTERROLES, {"metadata": {"name": name}, "rules": rules})
    body = {
        "metadata": {"name": name},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name},
        "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": namespace}],
    }
    await client.create(CLUSTERROLEBINDINGS, body)
    answer = await client.create_subresource(
        SERVICEACCOUNTS, name, "token", {"spec": {}}, namespace=namespace
    )
    token: str = answer["status"]["token"]
    return token


async def status_of(access: Access, path: str) -> int:
    async with Client(access) as client:
        try:
            return (await client.request("GET", path)).status
        except ApiError as error:
            return error.status


async def test_kube_apiserver_is_let_in(kubelet: Access) -> None:
    async with Client(kubelet) as client:
        assert (await client.request("GET", "/healthz")).text == "ok"


@pytest.mark.parametrize("path", PATHS)
async def test_nobody_is_not(kubelet: Access, path: str) -> None:
    assert await status_of(without_certificate(kubelet), path) == 401
    assert await status_of(without_certificate(kubelet, token="nonsense"), path) == 401


async def test_a_certificate_of_another_authority_is_not(kubelet: Access) -> None:
    certificate, key = Authority().issue("kube-apiserver-kubelet-client", groups=["system:masters"])
    async with Client(dataclasses.replace(kubelet, client_certificate=certificate, client_key=key)) as client:
        with pytest.raises(Unreachable):
            await client.request("GET", "/healthz")


async def test_a_certificate_that_is_not_an_administrators_needs_rights(
    kubelet: Access, api_server: ApiServer
) -> None:
    stranger = dataclasses.replace(api_server.access_as("someone"), server=kubelet.server)
    assert await status_of(stranger, "/healthz") == 403


@pytest.mark.parametrize(
    ("resource", "allowed"),
    [
        (None, []),
        ("nodes/healthz", ["/healthz"]),
        ("nodes/pods", ["/pods", "/runningpods/"]),
        ("nodes/metrics", ["/metrics"]),
        ("nodes/stats", ["/stats/summary"]),
        ("nodes/proxy", ["/healthz", "/pods", "/runningpods/", "/exec/default/web/main?output=1"]),
    ],
)
async def test_a_token_opens_what_its_owner_may(
    kubelet: Access, client: Client, name: str, resource: str | None, allowed: list[str]
) -> None:
    access = without_certificate(
        kubelet, token=await token_of(client, name, *([resource] if resource else []))
    )
    opened = [path for path in PATHS if await status_of(access, path) not in (401, 403)]
    assert opened == allowed


async def test_a_403_names_what_is_missing(kubelet: Access, client: Client, name: str) -> None:
    async with Client(without_certificate(kubelet, token=await token_of(client, name))) as stranger:
        with pytest.raises(Forbidden) as caught:
            await stranger.request("GET", "/pods")
    refusal = (
        f"Forbidden (user=system:serviceaccount:default:{name}, verb=get, resource=nodes, "
        "subresource(s)=[pods proxy])"
    )
    assert caught.value.message.endswith(f" answered 403 to /pods ({refusal})")


async def test_pods_are_those_of_the_node_under_their_virtual_names(
    running: VirtualNodes, kubelet: Access, name: str
) -> None:
    await running.pod(name, node=name, spec=SPEC)
    await running.wait_for(name)
    async with Client(kubelet) as direct:
        body = (await direct.request("GET", "/pods")).json()
    assert [pod["metadata"]["name"] for pod in body["items"]] == [name]
    assert body["kind"] == "PodList"


async def test_what_the_host_says_has_virtual_names(
    running: VirtualNodes, kubelet: Access, client: Client, name: str
) -> None:
    other = {**SPEC, "containers": [{"name": "sidecar", "image": "busybox"}]}
    host_pod = await running.pod(name, node=name, spec=SPEC, host_spec=other)
    await running.wait_for(name)
    with pytest.raises(ApiError) as caught:
        await client.log(name, namespace="default", container="main")
    assert caught.value.message == f"container main is not valid for pod {name}"
    assert host_pod["metadata"]["name"] not in caught.value.message

    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "SPDY/3.1",
        "X-Stream-Protocol-Version": "v4.channel.k8s.io",
    }
    async with Client(kubelet) as direct:
        with pytest.raises(ApiError) as caught:
            await direct.upgrade("POST", f"/exec/default/{name}/main?output=1", headers=upgrade)
    assert host_pod["metadata"]["name"] not in caught.value.message
    assert running.settings.namespace not in caught.value.message
    assert name in caught.value.message


async def test_a_container_that_only_the_host_knows_is_none(
    running: VirtualNodes, kubelet: Access, name: str
) -> None:
    other = {**SPEC, "containers": [*SPEC["containers"], {"name": "injected", "image": "busybox"}]}
    await running.pod(name, node=name, spec=SPEC, host_spec=other)
    await running.wait_for(name)
    async with Client(kubelet) as client:
        with pytest.raises(NotFound, match='container "injected" not found'):
            await client.request("GET", f"/containerLogs/default/{name}/injected")


async def test_a_pod_is_found_on_its_own_node_alone(
    running: VirtualNodes, kubelet: Access, client: Client, name: str
) -> None:
    elsewhere = f"{name}-2"
    await running.nodes.ensure(elsewhere, internal_ips=["192.0.2.2"])
    await running.pod(name, node=elsewhere, spec=SPEC)
    await running.wait_for(name)
    uid = (await client.get(PODS, name, namespace="default"))["metadata"]["uid"]
    async with Client(kubelet) as here:
        with pytest.raises(NotFound, match="does not exist"):
            await here.request("POST", f"/exec/default/{name}/{uid}/main?output=1")
    there = dataclasses.replace(kubelet, server=f"https://127.0.0.1:{running.server.port(elsewhere)}")
    async with Client(there) as right:
        with pytest.raises(ApiError, match="Upgrade request required"):
            await right.request("POST", f"/exec/default/{name}/{uid}/main?output=1")
        with pytest.raises(NotFound, match="does not exist"):
            await right.request("POST", f"/exec/default/{name}/{'0' * 8}/main?output=1")


async def test_a_host_that_is_down_is_said_to_be(
    running: VirtualNodes, kubelet: Access, host_server: ApiServer, name: str
) -> None:
    await running.pod(name, node=name, spec=SPEC)
    await running.wait_for(name)
    host_server.stop()
    try:
        async with Client(kubelet) as client:
            with pytest.raises(ServerError, match="the host cluster does not answer") as caught:
                await client.request("GET", f"/containerLogs/default/{name}/main")
            assert caught.value.status == 503
            assert (await client.request("GET", "/healthz")).text == "ok"
    finally:
        host_server.start()


async def test_rights_that_we_lack_on_the_host_are_no_401_for_the_tenant(
    running: VirtualNodes, kubelet: Access, api_server: ApiServer, host_server: ApiServer, name: str
) -> None:
    await running.pod(name, node=name, spec=SPEC)
    await running.wait_for(name)
    async with Client(host_server.access_as("syncer-without-rights")) as poor:
        running.server._relay._host = poor
        async with Client(kubelet) as client:
            with pytest.raises(ServerError) as caught:
                await client.request("GET", f"/containerLogs/default/{name}/main")
    assert caught.value.status == 500
    assert caught.value.message.endswith("(the host cluster does not allow pods/log)")


async def test_unknown_paths_and_methods(kubelet: Access) -> None:
    async with Client(kubelet) as client:
        with pytest.raises(NotFound):
            await client.request("GET", "/nothing")
        with pytest.raises(ApiError) as caught:
            await client.request("DELETE", "/pods")
    assert caught.value.status == 405


async def test_a_renewed_certificate_is_served_without_a_restart(
    running: VirtualNodes,
    api_server: ApiServer,
    kubelet: Access,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def served() -> str:
        _, writer = await asyncio.open_connection("127.0.0.1", running.server.port(name), ssl=context)
        serial: str = writer.get_extra_info("peercert")["serialNumber"]
        writer.transport.abort()
        return serial

    from vcli.kube.tls import client_context  # noqa: PLC0415

    context = client_context(kubelet)
    before = await served()
    certificate, key = api_server.authority.issue("kubelet", hosts=["127.0.0.1", "localhost"])
    old = {file: (api_server.pki / file).read_bytes() for file in ("kubelet.crt", "kubelet.key")}
    (api_server.pki / "kubelet.crt").write_bytes(certificate)
    (api_server.pki / "kubelet.key").write_bytes(key)
    try:
        assert running.server._serving._load()
        assert await served() != before
        assert not running.server._serving._load()
    finally:
        for file, content in old.items():
            (api_server.pki / file).write_bytes(content)
    assert certificates._LOOK_EVERY < 300


async def test_requests_leave_nothing_behind(running: VirtualNodes, kubelet: Access, name: str) -> None:
    async with Client(kubelet) as client:
        for _ in range(3):
            await client.request("GET", "/healthz")
    async with Client(without_certificate(kubelet)) as client:
        with pytest.raises(Unauthorized):
            await client.request("GET", "/healthz")
    connections = running.server._listeners[name]._acceptor._connections
    async with asyncio.timeout(5):
        await asyncio.gather(*connections)


async def test_stopping_ends_open_connections(running: VirtualNodes, kubelet: Access, name: str) -> None:
    async with Client(kubelet) as client:
        await client.request("GET", "/healthz")
        async with asyncio.timeout(5):
            await running.server.stop(name)
        with pytest.raises(Unreachable):
            await client.request("GET", "/healthz")
    assert running.server.port(name) is None
