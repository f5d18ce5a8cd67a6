"""Gives Services of type LoadBalancer their addresses. kube-proxy answers at them, on every node.

Who has which address is in the Services themselves, so nothing is kept here: an address is free again as soon
as its Service is gone, or no more of that type.

``python -m vcli.host.service_addresses PKI USER PORT CIDR``; standard library only.
"""

import datetime as dt
import ipaddress
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any, NoReturn

from vcli.host.api import Api, ApiRefusedError

CLASS = "vcli.dev/load-balancer"
"""`loadBalancerClass` of Services that are meant for this one; those without any are as well."""
_ALL = "/api/v1/services"
_AGAIN = 1.0
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
    found = sorted(services, key=lambda x: (x["metadata"]["creationTimestamp"], *_key(x)))
    todo = [Change(service=x) for x in found if not _is_ours(x) and set(_addresses(x)) & set(pool)]
    ours = [x for x in found if _is_ours(x)]
    taken: dict[str, Service] = {}
    for service in ours:
        has = _addresses(service)
        if len(has) == 1 and has[0] in pool and has[0] not in taken and _asked(service) in {None, has[0]}:
            taken[has[0]] = service
    kept = {_key(x) for x in taken.values()}
    # Who asks for one goes first: any other will do for the rest.
    rest = [x for x in ours if _key(x) not in kept]
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
            return None, f"loadBalancerIP {asked} belongs to Service {'/'.join(_key(taken[asked]))}"
        return asked, None
    free = next((x for x in pool if x not in taken), None)
    return (free, None) if free else (None, f"all addresses from {span} are taken")


def _is_ours(service: Service) -> bool:
    spec = service["spec"]
    # One that waits for finalizers goes on answering, as the API reference says of its status.
    return bool(spec.get("type") == "LoadBalancer" and spec.get("loadBalancerClass", CLASS) == CLASS)


def _asked(service: Service) -> str | None:
    return service["spec"].get("loadBalancerIP") or None


def _addresses(service: Service) -> list[str]:
    ingress = service.get("status", {}).get("loadBalancer", {}).get("ingress") or []
    return [x.get("ip", "") for x in ingress]


def _key(service: Service) -> tuple[str, str]:
    return service["metadata"]["namespace"], service["metadata"]["name"]


class Controller:
    """Watches all Services, and changes the status of those that need it.

    Args:
        api: as a client that may list and watch Services, patch their status, and create events.
        cidr: see `changes`.
    """

    def __init__(self, api: Api, cidr: str) -> None:
        self._api = api
        self._cidr = cidr
        self._said: dict[str, str] = {}

    def run(self) -> NoReturn:
        """For ever: whatever goes wrong is tried again a second later, from a new list."""
        while True:
            try:
                self._once()
            except (OSError, HTTPException, ApiRefusedError, ValueError) as error:
                _log(f"starting over: {type(error).__name__}: {error}")
                time.sleep(_AGAIN)

    def _once(self) -> None:
        """List, then follow the changes until the watch ends."""
        listed = self._api.get(_ALL)
        services = {x["metadata"]["uid"]: x for x in listed["items"]}
        self._apply(services)
        for event in self._api.watch(_ALL, since=listed["metadata"]["resourceVersion"]):
            service = event["object"]
            if event["type"] == "ERROR":
                return
            if event["type"] == "DELETED":
                services.pop(service["metadata"]["uid"], None)
                self._said.pop(service["metadata"]["uid"], None)
            else:
                services[service["metadata"]["uid"]] = service
            self._apply(services)

    def _apply(self, services: dict[str, Service]) -> None:
        for change in changes(services.values(), self._cidr):
            uid = change.service["metadata"]["uid"]
            has = _addresses(change.service)
            wanted = [change.address] if change.address else []
            if has != wanted:
                try:
                    services[uid] = self._set(change.service, wanted)
                except ApiRefusedError as error:
                    # Changed or deleted meanwhile: the watch is about to tell.
                    _log(f"{'/'.join(_key(change.service))}: {error}")
                    continue
                _log(f"{'/'.join(_key(change.service))}: {has} -> {wanted}")
            if change.problem and self._said.get(uid) != change.problem:
                self._warn(change.service, change.problem)
                self._said[uid] = change.problem

    def _set(self, service: Service, addresses: list[str]) -> Service:
        namespace, name = _key(service)
        ingress = [{"ip": x, "ipMode": "VIP"} for x in addresses]
        body = {
            "metadata": {"resourceVersion": service["metadata"]["resourceVersion"]},
            "status": {"loadBalancer": {"ingress": ingress or None}},
        }
        patched: Service = self._api.patch(f"/api/v1/namespaces/{namespace}/services/{name}/status", body)
        return patched

    def _warn(self, service: Service, problem: str) -> None:
        """Say it in an event, for `kubectl describe service`."""
        namespace, name = _key(service)
        now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        about = {"namespace": namespace, "name": name, "uid": service["metadata"]["uid"]}
        event = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"generateName": f"{name}.", "namespace": namespace},
            "involvedObject": {"apiVersion": "v1", "kind": "Service", **about},
            "type": "Warning",
            "reason": "SyncLoadBalancerFailed",
            "message": problem,
            "source": {"component": "load-balancer"},
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
        }
        self._api.create(f"/api/v1/namespaces/{namespace}/events", event)


def _log(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    _PKI, _USER, _PORT, _CIDR = sys.argv[1:]
    Controller(Api(Path(_PKI), int(_PORT), user=_USER), _CIDR).run()
