"""Where the measurements happen: a namespace of the host, and a virtual cluster."""

import asyncio
import re
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.measure import run
from vcli.kube.client import Client
from vcli.kube.errors import NotFound
from vcli.kube.resources import NAMESPACES, PODS, SERVICEACCOUNTS
from vcli.kubeconfig.auth import load_access

Object = dict[str, Any]

_IN_FLIGHT = 16
_REUSE_DELAY = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A cluster and a namespace to make pods in."""

    client: Client
    namespace: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Both ways to do the same thing.

    Attributes:
        name: of the virtual cluster.
        ours: the virtual cluster.
        direct: the host.
    """

    name: str
    ours: Side
    direct: Side

    @property
    def namespace(self) -> str:
        """On the host, of the virtual cluster."""
        return _namespace_of(self.name)

    @property
    def host(self) -> Client:
        """The host's client."""
        return self.direct.client

    async def control_plane(self) -> Object:
        """The pod of the control plane."""
        return await pod_of(self.host, self.name)

    async def syncer_metrics(self) -> dict[str, float]:
        """The syncer's own metrics, by name with labels."""
        path = f"/api/v1/namespaces/{self.namespace}/pods/{self.name}-0:8080/proxy/metrics"
        lines = (await self.host.request("GET", path)).text.splitlines()
        pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
        return {name: float(value) for name, value in pairs}


@asynccontextmanager
async def open_host() -> AsyncIterator[Client]:
    """A client of the current context's cluster."""
    async with Client(load_access().access, max_inflight=_IN_FLIGHT, reuse_delay=_REUSE_DELAY) as client:
        yield client


async def pod_of(host: Client, cluster: str) -> Object:
    """The pod of a virtual cluster's control plane."""
    return await host.get(PODS, f"{cluster}-0", namespace=_namespace_of(cluster))


async def pods_of(host: Client, cluster: str) -> list[Object]:
    """All pods of a virtual cluster's control plane: one by default."""
    found = await host.list(PODS, namespace=_namespace_of(cluster))
    name = re.compile(rf"{re.escape(cluster)}-\d+")
    return [each for each in found["items"] if name.fullmatch(each["metadata"]["name"])]


def _namespace_of(cluster: str) -> str:
    return f"vcluster-{cluster}"


@asynccontextmanager
async def stage(name: str = "bench", *, made: bool = False) -> AsyncIterator[Stage]:
    """A virtual cluster made for this, and deleted afterwards.

    Args:
        name: of the virtual cluster.
        made: it is there already.
    """
    async with open_host() as host:
        with tempfile.TemporaryDirectory() as folder:
            kubeconfig, direct = str(Path(folder, "kubeconfig")), None
            try:
                if not made:
                    await asyncio.to_thread(run, "vcli", "create", name, "--no-connect", "--ephemeral")
                direct = await _make_namespace(host)
                connect = ("vcli", "connect", name, "--inline-key", f"--kube-config={kubeconfig}")
                await asyncio.to_thread(run, *connect)
                context = run("kubectl", f"--kubeconfig={kubeconfig}", "config", "current-context").strip()
                access = load_access(kubeconfig=kubeconfig, context=context).access
                async with Client(access, max_inflight=_IN_FLIGHT, reuse_delay=_REUSE_DELAY) as virtual:
                    yield Stage(
                        name=name,
                        ours=Side(client=virtual, namespace="default"),
                        direct=Side(client=host, namespace=direct),
                    )
            finally:
                await asyncio.to_thread(
                    run, "vcli", "delete", name, "--delete-namespace", "--ignore-not-found"
                )
                if direct:
                    await host.delete(NAMESPACES, direct)


async def _make_namespace(client: Client) -> str:
    """Its name; with the ServiceAccount that pods need."""
    made = await client.create(NAMESPACES, {"metadata": {"generateName": "vcli-bench-"}})
    name: str = made["metadata"]["name"]
    while True:
        try:
            await client.get(SERVICEACCOUNTS, "default", namespace=name)
        except NotFound:
            await asyncio.sleep(0.1)
        else:
            return name
