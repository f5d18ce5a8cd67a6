"""Which of a Service's externalIPs may be had on the host.

A node's proxy takes all traffic to such an address, from any sender and for any receiver: to the address
of another Service, of a pod, of a node. So none may be had, but those of ranges that the host's
administrator has set aside; and none that is known to be in use for something else.
"""

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from vcli.syncer.translate.objects import Object

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

VALUE: Final = "sync.toHost.services.externalIPs.allowedCIDRs"
"""The value that allows ranges."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranges:
    """What is known of the host's addresses.

    Attributes:
        allowed: ranges set aside for externalIPs.
        services: ranges of ClusterIPs; without any, nothing is allowed.
        in_use: addresses of nodes and pods.
    """

    allowed: tuple[Network, ...] = ()
    services: tuple[Network, ...] = ()
    in_use: frozenset[Address] = field(default_factory=frozenset)


def networks(ranges: Iterable[str]) -> tuple[Network, ...]:
    """Ranges, parsed.

    Raises:
        ValueError: one is none.
    """
    return tuple(ipaddress.ip_network(each) for each in ranges)


def addresses(texts: Iterable[str]) -> frozenset[Address]:
    """Addresses, parsed; what is none is left out."""
    parsed = (_parsed(text) for text in texts)
    return frozenset(address for address in parsed if address is not None)


def allowed(service: Object, ranges: Ranges) -> tuple[list[str], list[str]]:
    """The externalIPs that the host may have, and a sentence for each reason to leave others out."""
    kept: list[str] = []
    rejected: dict[str, list[str]] = {}
    for text in service["spec"].get("externalIPs") or ():
        reason = _reason(_parsed(text), ranges)
        if reason:
            rejected.setdefault(reason, []).append(text)
        else:
            kept.append(text)
    return kept, [_sentence(texts, reason) for reason, texts in rejected.items()]


def _reason(address: Address | None, ranges: Ranges) -> str:
    if address is None:
        return "not an IP address"
    if not ranges.services:
        return "the host's range of ClusterIPs is not known"
    if _is_in(address, ranges.services):
        return "no value allows an address of the host's ClusterIPs"
    if not _is_in(address, ranges.allowed):
        return f"no range of the value {VALUE} has it"
    if address in ranges.in_use:
        return "no value allows the address of a node or a pod"
    return ""


def _sentence(texts: Sequence[str], reason: str) -> str:
    return f"spec.externalIPs {', '.join(texts)} left out on the host: {reason}"


def _is_in(address: Address, ranges: Iterable[Network]) -> bool:
    return any(address in each for each in ranges)


def _parsed(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    # A proxy takes ::ffff:10.96.0.1 for the IPv4 address in it.
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
