"""Which Service of type LoadBalancer has which address. Pure; standard library only."""

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

CLASS = "vcli.dev/load-balancer"
"""`loadBalancerClass` of Services that are meant for this one; those without any are as well."""
Service = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What to do to a Service.

    Attributes:
        address: to be in its status, alone; None: to be taken out.
        problem: why it has none though it wants one.
    """

    service: Service
    address: str | None = None
    problem: str | None = None


def changes(services: Iterable[Service], cidr: str) -> list[Change]:
    """What to change so that each Service has its address. Pure.

    A Service keeps the address that it has, unless it asks for another one (``loadBalancerIP``). New ones get
    the lowest free one, the oldest Service first.

    Args:
        services: all of them.
        cidr: the addresses to give; not its last one, where broadcasts go.
    """
    pool = list(map(str, ipaddress.ip_network(cidr)))[:-1]
    found = sorted(services, key=lambda x: (x["metadata"]["creationTimestamp"], *key(x)))
    todo = [Change(service=x) for x in found if not _is_ours(x) and set(addresses_of(x)) & set(pool)]
    ours = [x for x in found if _is_ours(x)]
    taken: dict[str, Service] = {}
    for service in ours:
        has = addresses_of(service)
        if len(has) == 1 and has[0] in pool and has[0] not in taken and _asked(service) in {None, has[0]}:
            taken[has[0]] = service
    kept = {key(x) for x in taken.values()}
    # Who asks for one goes first: any other will do for the rest.
    rest = [x for x in ours if key(x) not in kept]
    for service in sorted(rest, key=lambda x: _asked(x) is None):
        address, problem = _choose(_asked(service), pool, taken)
        if address is not None:
            taken[address] = service
        todo.append(Change(service=service, address=address, problem=problem))
    return todo


def _choose(
    asked: str | None, pool: list[str], taken: Mapping[str, Service]
) -> tuple[str, None] | tuple[None, str]:
    span = f"{pool[0]} to {pool[-1]}"
    if asked is not None:
        if asked not in pool:
            return None, f"loadBalancerIP {asked} is none of the host's addresses, {span}"
        if asked in taken:
            return None, f"loadBalancerIP {asked} belongs to Service {'/'.join(key(taken[asked]))}"
        return asked, None
    free = next((x for x in pool if x not in taken), None)
    return (free, None) if free else (None, f"all addresses from {span} are taken")


def _is_ours(service: Service) -> bool:
    spec = service["spec"]
    # One that waits for finalizers goes on answering, as the API reference says of its status.
    return bool(spec.get("type") == "LoadBalancer" and spec.get("loadBalancerClass", CLASS) == CLASS)


def _asked(service: Service) -> str | None:
    return service["spec"].get("loadBalancerIP") or None


def addresses_of(service: Service) -> list[str]:
    """The addresses in its status; empty for a name."""
    ingress = service.get("status", {}).get("loadBalancer", {}).get("ingress") or []
    return [x.get("ip", "") for x in ingress]


def key(service: Service) -> tuple[str, str]:
    """Namespace and name."""
    return service["metadata"]["namespace"], service["metadata"]["name"]
