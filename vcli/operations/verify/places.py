"""The addresses that attempts aim at, found with the rights of the user who runs them."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any

from vcli.kube.client import Client
from vcli.kube.errors import Forbidden, NotFound
from vcli.kube.resources import PODS, SERVICES
from vcli.kube.types import Object
from vcli.operations.parts import selector
from vcli.operations.resolve import VirtualCluster


@dataclass(frozen=True, slots=True, kw_only=True)
class Plane:
    """A control plane on the host.

    Attributes:
        pod: its name.
        uid: of the pod.
        ip: of the pod.
        node: its name.
        node_ip: its address.
        service_ip: of the Service in front of it.
        containers: of the pod, those that start before others too.
        restarts: of all of them.
    """

    pod: str
    uid: str
    ip: str
    node: str
    node_ip: str
    service_ip: str
    containers: tuple[Object, ...]
    restarts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """Another virtual cluster, with a pod and a Service made in it.

    Attributes:
        name: of the virtual cluster.
        namespace: on the host.
        plane: its control plane.
        pod_ip: of a pod that listens on `probe_pod.PORT`.
        service_ip: of the Service in front of it.
    """

    name: str
    namespace: str
    plane: Plane
    pod_ip: str
    service_ip: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Addresses; empty where we may not read them.

    Attributes:
        plane: the virtual cluster's own control plane.
        api: ClusterIP of the host's API.
        dns: ClusterIP of the host's DNS.
    """

    plane: Plane
    api: str
    dns: str


async def find_places(client: Client, cluster: VirtualCluster) -> Places | None:
    """The places around a virtual cluster; None while no pod of its control plane runs."""
    plane, api, dns = await asyncio.gather(
        find_plane(client, cluster),
        _cluster_ip(client, "default", "kubernetes"),
        _cluster_ip(client, "kube-system", "kube-dns"),
    )
    return None if plane is None else Places(plane=plane, api=api, dns=dns)


async def find_plane(client: Client, cluster: VirtualCluster) -> Plane | None:
    """A pod of a control plane that runs, if there is one."""
    pods, service_ip = await asyncio.gather(
        client.list(PODS, namespace=cluster.namespace, label_selector=selector(cluster)),
        _cluster_ip(client, cluster.namespace, cluster.name),
    )
    running = [each for each in pods["items"] if each.get("status", {}).get("podIP")]
    if not running:
        return None
    pod = min(running, key=lambda each: str(each["metadata"]["name"]))
    spec, status = pod["spec"], pod["status"]
    inits = [each for each in spec.get("initContainers") or () if each.get("restartPolicy") == "Always"]
    return Plane(
        pod=pod["metadata"]["name"],
        uid=pod["metadata"]["uid"],
        ip=status["podIP"],
        node=spec.get("nodeName", ""),
        node_ip=status.get("hostIP", ""),
        service_ip=service_ip,
        containers=(*inits, *spec["containers"]),
        restarts=restarts(pod),
    )


def restarts(pod: Object) -> int:
    """How often containers of a pod were started again."""
    status = pod.get("status", {})
    states = [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]
    return sum(each.get("restartCount", 0) for each in states)


async def _cluster_ip(client: Client, namespace: str, name: str) -> str:
    found = await readable(client.get(SERVICES, name, namespace=namespace))
    ip = str((found or {}).get("spec", {}).get("clusterIP") or "")
    return "" if ip == "None" else ip


async def readable(request: Awaitable[Any]) -> Any:
    """The answer to a request; None for what is not there, or not ours to read."""
    try:
        return await request
    except (Forbidden, NotFound):
        return None
