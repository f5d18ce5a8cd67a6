"""What is to be known before a control plane is rendered: where it goes, its code, the network, its PKI."""

import asyncio
import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING

from vcli import inputs
from vcli.config.schema import Values
from vcli.controlplane import bundle as bundles
from vcli.controlplane import node_ports, service_cidr
from vcli.controlplane.bundle import Bundle
from vcli.controlplane.facts import Facts
from vcli.controlplane.names import Names
from vcli.kube.client import Client
from vcli.kube.errors import NotFound, Object
from vcli.kube.resources import SECRETS

if TYPE_CHECKING:
    from vcli.controlplane.certificates import Files


def choose_namespace(name: str, *, given: str | None, of_context: str | None) -> str:
    """``-n``, else the context's unless that is ``default``, else ``vcluster-NAME``.

    Raises:
        UsageError: the given one can't be a namespace.
    """
    if given is not None:
        return inputs.namespace(given)
    return of_context if of_context and of_context != "default" else f"vcluster-{name}"


async def load_bundle(values: Values) -> Bundle | None:
    """The syncer's code, packed; None if an image has it."""
    if values.control_plane.stateful_set.image.repository:
        return None
    return await asyncio.to_thread(bundles.load)


async def gather_facts(client: Client, names: Names, service: Object) -> Facts:
    """What rendering needs to know of the Service and the network.

    Raises:
        NoServiceCidrError: the range of Service IPs can't be found out.
    """
    ips = tuple(service["spec"].get("clusterIPs") or [service["spec"]["clusterIP"]])
    cidrs, ports = await asyncio.gather(
        service_cidr.find(client, namespace=names.namespace, service_ips=ips),
        node_ports.find(client, service),
    )
    return Facts(
        service_cidrs=cidrs,
        node_ports=ports,
        service_ips=ips,
        service_uid=service["metadata"]["uid"],
    )


async def read_files(client: Client, names: Names) -> "Files":
    """The PKI as it is kept on the host; empty where nothing is."""

    async def content(name: str) -> Mapping[str, str]:
        try:
            found = await client.get(SECRETS, name, namespace=names.namespace)
        except NotFound:
            return {}
        return found.get("data") or {}

    pki, access = await asyncio.gather(content(names.certificates), content(names.access))
    renamed = {"admin.crt": access.get("client-certificate"), "admin.key": access.get("client-key")}
    kept = {**pki, **{name: data for name, data in renamed.items() if data}}
    return {name: base64.b64decode(data) for name, data in kept.items()}
