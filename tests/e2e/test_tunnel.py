"""A tunnel on a real host: both ways, large, and through everything that can happen to a pod."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from embedded import Host

from vcli.kube.client import Client
from vcli.kubeconfig.auth import load_access
from vcli.portforward.tunnel import Tunnel

SERVER = """
import asyncio, os

async def serve(reader, writer):
    try:
        match (await reader.readline()).decode().split():
            case ["who"]:
                writer.write(os.environ["HOSTNAME"].encode())
            case ["down", size]:
                for _ in range(int(size) // 50_000):
                    writer.write(b"d" * 50_000)
                    await writer.drain()
            case ["up", size]:
                writer.write(str(len(await reader.readexactly(int(size)))).encode())
            case ["wait"]:
                writer.write(b"waiting")
                await reader.read()
    finally:
        writer.close()

async def main():
    server = await asyncio.start_server(serve, "0.0.0.0", 8443, limit=2**25)
    await server.serve_forever()

asyncio.run(main())
"""


def deployment(image: str) -> dict[str, Any]:
    labels = {"app": "vcluster", "release": "lab"}
    container = {
        "name": "server",
        "image": image,
        "command": ["python3", "-c", SERVER],
        "readinessProbe": {"tcpSocket": {"port": 8443}, "periodSeconds": 1},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "lab"},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"terminationGracePeriodSeconds": 1, "containers": [container]},
            },
        },
    }


class Lab:
    """Pods that a tunnel may end in."""

    def __init__(self, host: Host, namespace: str) -> None:
        self._host = host
        self.namespace = namespace

    async def kubectl(self, *args: str) -> str:
        return await asyncio.to_thread(self._host.kubectl, "-n", self.namespace, *args)

    async def pods(self) -> set[str]:
        return set((await self.kubectl("get", "pods", "-o", "name")).replace("pod/", "").split())

    @asynccontextmanager
    async def tunnel(self) -> AsyncIterator[int]:
        access = load_access(kubeconfig=str(self._host.kubeconfig)).access
        async with Client(access) as client:
            tunnel = Tunnel(client, namespace=self.namespace, selector="app=vcluster,release=lab")
            port = await tunnel.start()
            try:
                yield port
            finally:
                await tunnel.close()


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections wait for a pod longer than by default: how soon a host starts one is not what is tested."""
    monkeypatch.setattr("vcli.portforward.tunnel._POD_TIMEOUT", 120.0)


@pytest.fixture(scope="module")
def lab(host: Host) -> Iterator[Lab]:
    namespace = f"tunnel-{uuid.uuid4().hex[:8]}"
    images = host.kubectl("get", "nodes", "-o", "jsonpath={.items[*].status.images[*].names}")
    image = next(name for name in images.replace('"', " ").replace(",", " ").split() if "/python:" in name)
    host.kubectl("create", "namespace", namespace)
    host.apply(namespace, deployment(image))
    host.kubectl("rollout", "status", "-n", namespace, "deployment/lab", "--timeout=60s")
    yield Lab(host, namespace)
    host.kubectl("delete", "namespace", namespace, "--wait=false")


async def ask(port: int, line: bytes, body: bytes = b"") -> bytes:
    """Say something to the pod; what it answers until it closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(line + b"\n" + body)
        await writer.drain()
        return await asyncio.wait_for(reader.read(), 150)
    finally:
        writer.close()


async def test_large_answers_and_questions_come_whole(lab: Lab) -> None:
    async with lab.tunnel() as port:
        down, up = await asyncio.gather(
            ask(port, b"down 20000000"), ask(port, b"up 20000000", b"u" * 20_000_000)
        )
    assert down == b"d" * 20_000_000
    assert up == b"20000000"


async def test_many_connections_at_once(lab: Lab) -> None:
    async with lab.tunnel() as port:
        answers = await asyncio.gather(*(ask(port, b"who") for _ in range(20)))
    assert {answer.decode() for answer in answers} == await lab.pods()


@pytest.mark.usefixtures("patient")
async def test_a_pod_that_goes_closes_its_connections_and_the_next_one_answers(lab: Lab) -> None:
    async with lab.tunnel() as port:
        before = (await ask(port, b"who")).decode()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"wait\n")
        assert await reader.readexactly(7) == b"waiting"
        await lab.kubectl("delete", "pod", before, "--now", "--wait=false")
        assert await asyncio.wait_for(reader.read(), 120) == b""
        writer.close()
        after = (await ask(port, b"who")).decode()
    assert after != before
    assert after


@pytest.mark.usefixtures("patient")
async def test_a_new_connection_waits_while_there_is_no_pod(lab: Lab) -> None:
    async with lab.tunnel() as port:
        await lab.kubectl("scale", "deployment/lab", "--replicas=0")
        await lab.kubectl("wait", "--for=delete", "pod", "-l", "release=lab", "--timeout=60s")
        waiting = asyncio.create_task(ask(port, b"who"))
        await asyncio.sleep(2)
        assert not waiting.done()
        await lab.kubectl("scale", "deployment/lab", "--replicas=1")
        assert (await waiting).decode() in await lab.pods()


async def test_nobody_home_for_30_seconds_closes_the_connection(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vcli.portforward.tunnel._POD_TIMEOUT", 1.0)
    async with lab.tunnel() as port:
        await lab.kubectl("scale", "deployment/lab", "--replicas=0")
        await lab.kubectl("wait", "--for=delete", "pod", "-l", "release=lab", "--timeout=60s")
        assert await ask(port, b"who") == b""
        await lab.kubectl("scale", "deployment/lab", "--replicas=1")
        await lab.kubectl("rollout", "status", "deployment/lab", "--timeout=60s")
        # The tunnel itself has not given up.
        assert (await ask(port, b"who")).decode() in await lab.pods()
