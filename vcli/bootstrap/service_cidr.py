"""The range of the host's Service IPs: the virtual API server runs with the same one, so that IPs are shared.

Three ways, as a tenant may read little: the ServiceCIDR objects; what the API server says about a ClusterIP
that can't be (before 1.33 it names the range); and trying addresses, each with a dry run.
"""

import asyncio
import ipaddress
import re
from collections.abc import Sequence

from vcli.errors import VcliError
from vcli.kube.client import Client
from vcli.kube.errors import ApiError, Invalid
from vcli.kube.resources import SERVICECIDRS, SERVICES

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class NoServiceCidrError(VcliError):
    """The range of the host's Service IPs could not be found out."""


_NAMED = re.compile(r"range of valid IPs is ([0-9a-fA-F.:]+/[0-9]+)")
_OUTSIDE = re.compile(r"not in the valid range|does not match the current range|provided range")
# A kube-apiserver takes no range with more than 20 bits for hosts.
_LARGEST_HOST_PART = 20
_SMALLEST_HOST_PART = 2


async def find(
    client: Client, *, namespace: str, service_ips: Sequence[str], named: Sequence[str] = ()
) -> tuple[str, ...]:
    """The range of each of a Service's IPs.

    Args:
        client: of the host.
        namespace: where Services may be created (only dry runs are).
        service_ips: of a Service on the host, one an IP family.
        named: ranges that the values name: taken where none of the ways works.

    Raises:
        NoServiceCidrError: none of the ways worked, or the range is not the one that is named.
    """
    if not named:
        return await _find(client, namespace, service_ips)
    try:
        found = await _find(client, namespace, service_ips)
    except NoServiceCidrError:
        found = tuple(named)
    if set(map(ipaddress.ip_network, named)) == set(map(ipaddress.ip_network, found)):
        return tuple(named)
    raise NoServiceCidrError(
        f"networking.serviceCIDR: {','.join(named)} is not the range of the host's Service IPs, which is"
        f" {','.join(found)}, and Services have the same IPs here and there",
        hint="leave it out",
    )


async def _find(client: Client, namespace: str, service_ips: Sequence[str]) -> tuple[str, ...]:
    addresses = [ipaddress.ip_address(ip) for ip in service_ips]
    known = await _from_objects(client)
    return tuple(
        [
            str(_containing(known, address) or await _from_answers(client, namespace, address))
            for address in addresses
        ]
    )


async def _from_objects(client: Client) -> list[Network]:
    try:
        found = await client.list(SERVICECIDRS)
    except ApiError:  # not allowed, or an older host that has no such objects
        return []
    cidrs = [cidr for item in found["items"] for cidr in item["spec"].get("cidrs", [])]
    return [ipaddress.ip_network(cidr) for cidr in cidrs]


def _containing(networks: Sequence[Network], address: Address) -> Network | None:
    return next((network for network in networks if address in network), None)


async def _from_answers(client: Client, namespace: str, address: Address) -> Network:
    """Flip each bit of a known address: the range ends above the lowest bit whose flipping leaves it."""
    host_bits = range(_SMALLEST_HOST_PART, _LARGEST_HOST_PART)
    neighbours = [_flip(address, bit) for bit in host_bits]
    answers = await asyncio.gather(*(_ask(client, namespace, neighbour) for neighbour in neighbours))
    for answer in answers:
        if isinstance(answer, ipaddress.IPv4Network | ipaddress.IPv6Network) and address in answer:
            return answer
    outside = [bit for bit, inside in zip(host_bits, answers, strict=True) if not inside]
    bits = min(outside, default=_LARGEST_HOST_PART)
    return ipaddress.ip_network((int(address) >> bits << bits, address.max_prefixlen - bits))


def _flip(address: Address, bit: int) -> Address:
    return type(address)(int(address) ^ (1 << bit))


async def _ask(client: Client, namespace: str, address: Address) -> bool | Network:
    """Whether an address is within the range; or the range itself, when the answer names it."""
    body = {
        "metadata": {"generateName": "vcli-range-"},
        "spec": {"clusterIP": str(address), "ports": [{"port": 443}]},
    }
    try:
        await client.create(SERVICES, body, namespace=namespace, dry_run=True)
    except Invalid as error:
        if named := _NAMED.search(error.message):
            return ipaddress.ip_network(named[1])
        return not _OUTSIDE.search(error.message)
    except ApiError as error:
        raise NoServiceCidrError(
            f"the range of the host's Service IPs can't be found out: {error.message}",
            hint="allow the user to read servicecidrs.networking.k8s.io, or to create Services",
        ) from error
    return True
