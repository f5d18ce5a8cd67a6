"""externalIPs of Services: which of them the host may have, by its addresses as far as they are known."""

from collections.abc import Iterable
from typing import Final

from vcli.kube.resources import NODES, PODS, SERVICES
from vcli.syncer.engine.context import Object, SyncContext, name_of
from vcli.syncer.engine.enqueue import enqueue_on
from vcli.syncer.engine.queue import WorkQueue
from vcli.syncer.translate.external_ips import Address, Ranges, addresses, allowed, networks
from vcli.syncer.translate.names import VirtualName
from vcli.syncer.translate.nodes import is_ours

BY_EXTERNAL_IP: Final = "external IP"


def by_external_ip(service: Object) -> Iterable[str]:
    """Indexer for `BY_EXTERNAL_IP`."""
    return map(str, addresses(service["spec"].get("externalIPs") or ()))


class ExternalIPs:
    """Decides which externalIPs may be had.

    Where ranges are allowed, a Service is looked at again whenever one of its addresses turns out to be a
    node's or a pod's, and when it no longer is.

    Args:
        ctx: both clusters.
        queue: of the controller of Services.
        address: of our own pod, if it is known.
    """

    def __init__(self, ctx: SyncContext, queue: WorkQueue[VirtualName], *, address: str) -> None:
        self._ctx = ctx
        self._own = addresses([address])
        self._allowed = networks(ctx.settings.external_ip_ranges)
        self._services = networks(ctx.settings.service_cidrs)
        if self._allowed:
            enqueue_on(ctx.host[PODS], queue, lambda pod: self._with_any_of(_of_pod(pod)))
            enqueue_on(ctx.virtual[NODES], queue, lambda node: self._with_any_of(_of_node(node)))

    def allowed(self, service: Object) -> tuple[list[str], list[str]]:
        """What the host may have of a Service's externalIPs, and sentences about the others."""
        if not service["spec"].get("externalIPs"):
            return [], []
        in_use = self._in_use() if self._allowed else frozenset[Address]()
        return allowed(service, Ranges(allowed=self._allowed, services=self._services, in_use=in_use))

    def _in_use(self) -> frozenset[Address]:
        found = {address for pod in self._ctx.host[PODS].items() for address in _of_pod(pod)}
        found.update(
            address
            for node in self._ctx.virtual[NODES].items()
            if is_ours(node)
            for address in _of_node(node)
        )
        return self._own.union(found)

    def _with_any_of(self, found: Iterable[Address]) -> Iterable[VirtualName]:
        services = self._ctx.virtual[SERVICES]
        return [
            name_of(each) for address in found for each in services.by_index(BY_EXTERNAL_IP, str(address))
        ]


def _of_pod(pod: Object) -> frozenset[Address]:
    """The addresses of a host pod and of its node."""
    status = pod.get("status") or {}
    return addresses(
        each.get("ip", "") for field in ("podIPs", "hostIPs") for each in status.get(field) or ()
    )


def _of_node(node: Object) -> frozenset[Address]:
    listed = (node.get("status") or {}).get("addresses") or ()
    return addresses(each.get("address", "") for each in listed)
