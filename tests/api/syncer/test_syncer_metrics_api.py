"""`metrics.k8s.io` in the virtual cluster, from a host that has it: here, by a CustomResourceDefinition."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator

import pytest
from testbed import Lab, Object, own_address, pod

from vcli.kube.client import Client
from vcli.kube.errors import ApiError, Forbidden, NotFound
from vcli.kube.resources import (
    APISERVICES,
    CLUSTERROLEBINDINGS,
    CLUSTERROLES,
    CRDS,
    ENDPOINTSLICES,
    PODMETRICS,
    PODS,
    SERVICES,
)
from vcli.syncer.kinds import metrics_api
from vcli.syncer.metrics_api.registration import API_SERVICE_NAME

pytestmark = pytest.mark.skipif(not own_address(), reason="this machine has no address but loopback")

API = "/apis/metrics.k8s.io/v1beta1"
CRD = {
    "metadata": {
        "name": "pods.metrics.k8s.io",
        # The group is Kubernetes' own; somebody has to say that this is meant.
        "annotations": {"api-approved.kubernetes.io": "unapproved, a test"},
    },
    "spec": {
        "group": "metrics.k8s.io",
        "scope": "Namespaced",
        "names": {"plural": "pods", "kind": "PodMetrics", "listKind": "PodMetricsList"},
        "versions": [
            {
                "name": "v1beta1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
                },
            }
        ],
    },
}


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics_api, "LOOK_EVERY", 0.2)
    monkeypatch.setattr("vcli.syncer.metrics_api.source._FRESH", 0.0)


@pytest.fixture
async def host_metrics(client: Client) -> AsyncIterator[None]:
    """The host has metrics."""
    await client.create(CRDS, CRD)
    yield
    await remove_metrics(client)


async def remove_metrics(client: Client) -> None:
    with contextlib.suppress(NotFound):
        await client.delete(CRDS, CRD["metadata"]["name"])
    async with asyncio.timeout(15):
        with contextlib.suppress(NotFound):
            while True:
                await client.get(CRDS, CRD["metadata"]["name"])
                await asyncio.sleep(0.05)


async def registered(lab: Lab) -> bool:
    with contextlib.suppress(NotFound):
        found = await lab.virtual.get(APISERVICES, API_SERVICE_NAME)
        return any(
            (each["type"], each["status"]) == ("Available", "True")
            for each in found.get("status", {}).get("conditions") or ()
        )
    return False


async def gone(lab: Lab) -> bool:
    with contextlib.suppress(NotFound):
        await lab.virtual.get(APISERVICES, API_SERVICE_NAME)
        return False
    return True


async def measure(lab: Lab, name: str, *, cpu: str = "250m", memory: str = "3Mi", extra: str = "") -> None:
    """Be the host's metrics-server."""
    host = await lab.appears(PODS, name)
    usage = {"cpu": cpu, "memory": memory}
    containers = [{"name": each, "usage": usage} for each in ("main", extra) if each]
    body = {
        "metadata": {"name": host["metadata"]["name"], "labels": host["metadata"]["labels"]},
        "timestamp": "2026-01-01T00:00:00Z",
        "window": "15s",
        "containers": containers,
    }
    await lab.host.create(PODMETRICS, body, namespace=lab.namespace)


async def read(lab: Lab, path: str) -> Object:
    answer: Object = await lab.virtual._object("GET", f"{API}{path}")
    return answer


@pytest.mark.usefixtures("host_metrics")
async def test_pods_and_nodes_are_measured_under_their_own_names(lab: Lab) -> None:
    labels = {"metadata": {"labels": {"app": "web"}}}
    await lab.create(PODS, pod("web", **labels))
    await lab.create(PODS, pod("api"))
    for name in ("web", "api"):
        await lab.runs(name)
        await measure(lab, name, extra="injected-by-the-host")
    await lab.eventually(lambda: registered(lab))

    found = (await read(lab, f"/namespaces/{lab.space}/pods"))["items"]
    assert sorted(each["metadata"]["name"] for each in found) == ["api", "web"]
    [web] = (await read(lab, "/pods?labelSelector=app%3Dweb"))["items"]
    assert web["metadata"]["labels"] == {"app": "web"}
    assert web["metadata"]["namespace"] == lab.space
    assert web["containers"] == [{"name": "main", "usage": {"cpu": "250m", "memory": "3Mi"}}]
    assert lab.namespace not in str(found)
    assert (await read(lab, f"/namespaces/{lab.space}/pods/web")) == web

    [node] = (await read(lab, "/nodes"))["items"]
    assert node["usage"] == {"cpu": "500000000n", "memory": f"{6 * 1024}Ki"}
    assert (await read(lab, f"/nodes/{node['metadata']['name']}")) == node


@pytest.mark.usefixtures("host_metrics")
async def test_what_is_not_there_or_makes_no_sense_is_a_status(lab: Lab) -> None:
    await lab.eventually(lambda: registered(lab))
    with pytest.raises(NotFound, match=r'podmetrics.metrics.k8s.io "none" not found'):
        await read(lab, f"/namespaces/{lab.space}/pods/none")
    with pytest.raises(ApiError, match="unable to parse requirement"):
        await read(lab, "/pods?labelSelector=a%3Db%3Dc")
    with pytest.raises(ApiError, match="only be read"):
        await lab.virtual._object("DELETE", f"{API}/nodes/none")


@pytest.mark.usefixtures("host_metrics")
async def test_nothing_of_it_is_on_the_host(lab: Lab) -> None:
    await lab.eventually(lambda: registered(lab))
    await lab.quiet()
    for resource in (SERVICES, ENDPOINTSLICES):
        found = await lab.host.list(
            resource, namespace=lab.namespace, label_selector="vcli.dev/managed-by=demo"
        )
        assert found["items"] == []


@pytest.mark.usefixtures("host_metrics")
async def test_only_kube_apiserver_is_answered(lab: Lab) -> None:
    await lab.eventually(lambda: registered(lab))
    [found] = (
        await lab.virtual.list(
            ENDPOINTSLICES, namespace="kube-system", label_selector="kubernetes.io/service-name=localhost"
        )
    )["items"]
    [address], port = found["endpoints"][0]["addresses"], found["ports"][0]["port"]
    context = ssl.create_default_context(cafile=str(lab.settings.pki / "ca.crt"))
    context.check_hostname = False
    # A certificate of the cluster's CA, even kube-apiserver's own for kubelets, is not the one that counts.
    for names in ((), ("kubelet-client.crt", "kubelet-client.key")):
        if names:
            context.load_cert_chain(*(lab.settings.pki / name for name in names))
        with pytest.raises((OSError, asyncio.IncompleteReadError)):
            await ask(address, port, context)
    context.load_cert_chain(lab.settings.pki / "front-proxy.crt", lab.settings.pki / "front-proxy.key")
    assert await ask(address, port, context) == b"HTTP/1.1 200 OK\r\n"


async def ask(address: str, port: int, context: ssl.SSLContext) -> bytes:
    reader, writer = await asyncio.open_connection(address, port, ssl=context)
    try:
        writer.write(f"GET {API} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        return await reader.readuntil(b"\r\n")
    finally:
        writer.transport.abort()


async def test_it_comes_and_goes_with_the_hosts(lab: Lab, client: Client) -> None:
    await lab.quiet()
    assert await gone(lab)
    await client.create(CRDS, CRD)
    try:
        await lab.eventually(lambda: registered(lab))
        await lab.restart()
        await lab.eventually(lambda: registered(lab))
    finally:
        await remove_metrics(client)
    await lab.eventually(lambda: gone(lab))


@pytest.mark.usefixtures("host_metrics")
async def test_a_tenants_own_is_left_alone(lab: Lab) -> None:
    await lab.eventually(lambda: registered(lab))
    await lab.virtual.delete(APISERVICES, API_SERVICE_NAME)
    await lab.quiet()
    assert await gone(lab)
    own = {
        "metadata": {"name": API_SERVICE_NAME},
        "spec": {
            "group": "metrics.k8s.io",
            "version": "v1beta1",
            "groupPriorityMinimum": 100,
            "versionPriority": 100,
            "insecureSkipTLSVerify": True,
            "service": {"namespace": "kube-system", "name": "metrics-server"},
        },
    }
    made = await lab.virtual.create(APISERVICES, own)
    await lab.restart()
    await lab.quiet()
    found = await lab.virtual.get(APISERVICES, API_SERVICE_NAME)
    assert found["metadata"]["uid"] == made["metadata"]["uid"]
    assert found["spec"]["service"]["name"] == "metrics-server"
    await lab.virtual.delete(APISERVICES, API_SERVICE_NAME)


@pytest.mark.usefixtures("host_metrics")
async def test_whoever_may_view_may_see_metrics(lab: Lab, virtual_server) -> None:
    await lab.eventually(lambda: registered(lab))
    role = await lab.virtual.get(CLUSTERROLES, "system:aggregated-metrics-reader")
    assert role["metadata"]["labels"]["rbac.authorization.k8s.io/aggregate-to-view"] == "true"
    binding = {
        "metadata": {"name": "reader"},
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "ClusterRole",
            "name": role["metadata"]["name"],
        },
        "subjects": [{"kind": "User", "name": "reader", "apiGroup": "rbac.authorization.k8s.io"}],
    }
    await lab.virtual.create(CLUSTERROLEBINDINGS, binding)
    async with Client(virtual_server.access_as("reader")) as reader:
        assert "items" in await reader._object("GET", f"{API}/pods")
    async with Client(virtual_server.access_as("nobody")) as nobody:
        with pytest.raises(Forbidden):
            await nobody._object("GET", f"{API}/pods")
