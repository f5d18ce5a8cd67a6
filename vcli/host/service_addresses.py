"""Gives Services of type LoadBalancer their addresses. kube-proxy answers at them, on every node.

Who has which address is in the Services themselves, so nothing is kept here: an address is free again as soon
as its Service is gone, or no more of that type.

``python -m vcli.host.service_addresses PKI USER PORT CIDR``; standard library only.
"""

import datetime as dt
import logging
import sys
import time
from http.client import HTTPException
from pathlib import Path
from typing import NoReturn

from vcli.host.addresses import Service, addresses_of, changes, key
from vcli.host.api import Api, ApiRefusedError
from vcli.kube.types import Event, plain, uid

_ALL = "/api/v1/services"
_AGAIN = 1.0
_log = logging.getLogger(__name__)


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
        """For ever: after an error it starts again a second later, from a new list."""
        while True:
            try:
                self._once()
            except (OSError, HTTPException, ApiRefusedError, ValueError) as error:
                _log.warning("starting over: %s: %s", type(error).__name__, error)
                time.sleep(_AGAIN)

    def _once(self) -> None:
        """List, then follow the changes until the watch ends."""
        listed = self._api.get(_ALL)
        services = {uid(x): x for x in listed["items"]}
        self._apply(services)
        for event in self._api.watch(_ALL, listed["metadata"]["resourceVersion"]):
            service = event["object"]
            if event["type"] == "DELETED":
                services.pop(uid(service), None)
                self._said.pop(uid(service), None)
            else:
                services[uid(service)] = service
            self._apply(services)

    def _apply(self, services: dict[str, Service]) -> None:
        for change in changes(services.values(), self._cidr):
            has = addresses_of(change.service)
            wanted = [change.address] if change.address else []
            if has != wanted:
                try:
                    services[uid(change.service)] = self._set(change.service, wanted)
                except ApiRefusedError as error:
                    # Changed or deleted meanwhile: the watch is about to deliver it.
                    _log.warning("%s: %s", "/".join(key(change.service)), error)
                    continue
                _log.info("%s: %s -> %s", "/".join(key(change.service)), has, wanted)
            if change.problem and self._said.get(uid(change.service)) != change.problem:
                self._warn(change.service, change.problem)
                self._said[uid(change.service)] = change.problem

    def _set(self, service: Service, addresses: list[str]) -> Service:
        namespace, name = key(service)
        ingress = [{"ip": x, "ipMode": "VIP"} for x in addresses]
        body = {
            "metadata": {"resourceVersion": service["metadata"]["resourceVersion"]},
            "status": {"loadBalancer": {"ingress": ingress or None}},
        }
        patched: Service = self._api.patch(f"/api/v1/namespaces/{namespace}/services/{name}/status", body)
        return patched

    def _warn(self, service: Service, problem: str) -> None:
        """Say it in an event, for `kubectl describe service`."""
        namespace, name = key(service)
        now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        event: Event = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"generateName": f"{name}.", "namespace": namespace},
            "involvedObject": {
                "apiVersion": "v1",
                "kind": "Service",
                "namespace": namespace,
                "name": name,
                "uid": uid(service),
            },
            "type": "Warning",
            "reason": "SyncLoadBalancerFailed",
            "message": problem,
            "source": {"component": "load-balancer"},
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
        }
        self._api.create(f"/api/v1/namespaces/{namespace}/events", plain(event))


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    _PKI, _USER, _PORT, _CIDR = sys.argv[1:]
    Controller(Api(Path(_PKI), int(_PORT), user=_USER), _CIDR).run()
