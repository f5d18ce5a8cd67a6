"""Whether a virtual API can be reached without a tunnel: LoadBalancer, NodePort or Ingress."""

import asyncio
import contextlib
import re
import socket
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from vcli.contract.labels import EXPOSED_BY
from vcli.errors import UsageError
from vcli.inputs import shown
from vcli.kube.access import Access, Origin
from vcli.kube.client import Client
from vcli.kube.dial import dial
from vcli.kube.errors import ApiError, Unreachable
from vcli.kube.proxy import is_loopback, proxy_for
from vcli.kube.resources import INGRESSES, PODS, SERVICES
from vcli.kube.tls import proxy_context
from vcli.kube.types import Object, annotations
from vcli.operations.load_balancer import awaits_address
from vcli.operations.resolve import VirtualCluster

_TIMEOUT: Final = 1.5  # seconds: enough for what answers, little for a firewall that drops
_PATIENCE: Final = 2.0  # seconds: a node port refuses until the node knows of the pod that is ready
_PAUSE: Final = 0.2
_HTTPS: Final = 443
_HOST: Final = re.compile(r"[A-Za-z0-9]([-_.A-Za-z0-9]*[A-Za-z0-9])?\.?|[0-9A-Fa-f:.]+(%[A-Za-z0-9]+)?")

Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a virtual API answers.

    Attributes:
        host: name or address.
        port: TCP port.
        tls_server_name: the name in its certificate, when that isn't ``host``.
    """

    host: str
    port: int
    tls_server_name: str | None = None

    @property
    def server(self) -> str:
        """The URL."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"https://{host}" if self.port == _HTTPS else f"https://{host}:{self.port}"

    @classmethod
    def of(cls, server: str) -> "Endpoint":
        """The endpoint of a URL; without a scheme it is https.

        Raises:
            UsageError: it is no URL of an API server.
        """
        refused = UsageError(
            f"{shown(server)} is not the https URL of an API server", hint="--server https://HOST:PORT"
        )
        try:
            origin = Origin.of(server)
            parts = urlsplit(server if "://" in server else f"https://{server}")
        except UsageError:
            raise refused from None
        more = parts.username or parts.password or parts.query or parts.fragment or parts.port == 0
        if origin.scheme != "https" or origin.prefix or more or not _HOST.fullmatch(origin.host):
            raise refused
        return cls(origin.host, origin.port)


async def advertised(
    client: Client, cluster: VirtualCluster, *, service: Object | None = None
) -> list[Place]:
    """Where the virtual API should be reachable without a tunnel, by what the host says.

    An Ingress costs one more request, which is spared for a cluster of ours that has none.

    Args:
        client: of the host.
        cluster: the virtual cluster.
        service: the control plane's, if it is known.
    """
    if service is None or awaits_address(service):
        service = await _service(client, cluster)
    if service is None:
        return []
    found = await _service_places(client, cluster, service)
    if not cluster.ours or annotations(service).get(EXPOSED_BY) == "ingress":
        found += _ingress_places(await _ingress(client, cluster))
    return found


async def reach(places: Sequence[Place], cluster: VirtualCluster, *, ca: bytes) -> Endpoint | None:
    """The first of these places where the virtual API answers, None if only a tunnel will do.

    Where a place refuses connections it is tried again for two seconds.

    What answers must show a certificate of the virtual cluster's own authority: a NodePort number may be
    another server's on another network.

    Args:
        places: to try, all at once.
        cluster: the virtual cluster.
        ca: PEM of its certificate authority.
    """
    if not places:
        return None
    context = ssl.create_default_context(cadata=ca.decode())
    names = [f"{cluster.name}.{cluster.namespace}", "localhost"]
    found = await asyncio.gather(*(_answers(host, port, context, names) for host, port in places))
    return next((each for each in found if each is not None), None)


async def _service(client: Client, cluster: VirtualCluster) -> Object | None:
    with contextlib.suppress(ApiError, Unreachable):
        return await client.get(SERVICES, cluster.name, namespace=cluster.namespace)
    return None


async def _ingress(client: Client, cluster: VirtualCluster) -> Object | None:
    with contextlib.suppress(ApiError, Unreachable):
        found = await client.list(INGRESSES, namespace=cluster.namespace, label_selector=cluster.selector)
        return next(iter(found["items"]), None)
    return None


async def _service_places(client: Client, cluster: VirtualCluster, service: Object) -> list[Place]:
    kind = service["spec"].get("type")
    ports = [port for port in service["spec"].get("ports") or () if port.get("name") in {None, "", "https"}]
    ports = ports or service["spec"].get("ports") or []
    if kind == "LoadBalancer":
        balancers = service.get("status", {}).get("loadBalancer", {}).get("ingress") or []
        return [(each.get("ip") or each["hostname"], ports[0]["port"]) for each in balancers] if ports else []
    if kind == "NodePort" and ports and ports[0].get("nodePort"):
        nodes = await _node_addresses(client, cluster)
        return [(node, ports[0]["nodePort"]) for node in nodes]
    return []


async def _node_addresses(client: Client, cluster: VirtualCluster) -> list[str]:
    """The addresses of the nodes that the control plane runs on: no right on nodes is needed for that."""
    with contextlib.suppress(ApiError, Unreachable):
        pods = await client.list(PODS, namespace=cluster.namespace, label_selector=cluster.selector)
        addresses = dict.fromkeys(pod.get("status", {}).get("hostIP") for pod in pods["items"])
        # A host on this very machine: its nodes are reached by a local network (kind) or not at all (network
        # namespaces, a VM). Nothing for their private addresses may leave by the default route.
        local = is_loopback(Origin.of(client.access.server).host)
        return [each for each in addresses if each and (not local or on_local_network(each))]
    return []


def on_local_network(address: str, table: str | None = None) -> bool:
    """Whether a route other than the default one leads there.

    Args:
        address: IPv4; for others the answer is no.
        table: the kernel's routing table, of ``/proc/net/route`` by default.
    """
    with contextlib.suppress(OSError, ValueError):
        import ipaddress  # noqa: PLC0415  rarely needed

        wanted = int(ipaddress.IPv4Address(address))
        lines = (Path("/proc/net/route").read_text() if table is None else table).splitlines()[1:]
        for line in lines:
            _, destination, _, _, _, _, _, mask, *_ = line.split()
            network, bits = (socket.htonl(int(part, 16)) for part in (destination, mask))
            if bits and wanted & bits == network:
                return True
    return False


def _ingress_places(ingress: Object | None) -> list[Place]:
    rules = (ingress or {}).get("spec", {}).get("rules") or ()
    return [(rule["host"], _HTTPS) for rule in rules if rule.get("host") and not rule["host"].startswith("*")]


async def _answers(host: str, port: int, context: ssl.SSLContext, names: list[str]) -> Endpoint | None:
    """Whether it shows a certificate of the right authority; for its own name, or for one of ``names``.

    Through the environment's proxy where there is one, as kubectl will go.
    """
    origin = Origin("https", host, port, "")
    there = Access(server=origin.url)
    proxy = proxy_for(there, origin)
    outer = proxy_context(there) if proxy and proxy.scheme == "https" else None
    until = time.monotonic() + _PATIENCE
    expected = [None, *names]
    while expected:
        name = expected[0]
        try:
            _, writer = await dial(
                origin, tls=context, server_name=name, proxy=proxy, proxy_tls=outer, timeout=_TIMEOUT
            )
        except Unreachable as error:
            if isinstance(error.__cause__, ssl.SSLCertVerificationError):
                del expected[0]  # the right authority for another name, maybe
            elif isinstance(error.__cause__, ConnectionRefusedError) and time.monotonic() < until:
                await asyncio.sleep(_PAUSE)
            else:
                return None
        else:
            writer.transport.abort()  # no request was sent; a TLS goodbye would only take time
            return Endpoint(host, port, name)
    return None
