"""Services."""

from collections.abc import Sequence

from vcli.syncer.translate.objects import Object
from vcli.syncer.translate.scope import Scope


def to_host(service: Object, *, scope: Scope, cluster_ip: bool = True, node_ports: bool = True) -> Object:
    """The complete host Service.

    Args:
        service: the virtual Service.
        scope: the virtual cluster.
        cluster_ip: ask for the virtual Service's own ClusterIPs; False lets the host choose.
        node_ports: ask for the virtual Service's own node ports; False lets the host choose.
    """
    raise NotImplementedError


def status_to_virtual(host: Object, virtual: Object) -> Object:
    """The status of the virtual Service: the host's load balancer and conditions."""
    raise NotImplementedError


def recreate_with(virtual: Object, cluster_ips: Sequence[str]) -> Object:
    """The virtual Service as a new object that has the ClusterIPs the host gave."""
    raise NotImplementedError


def node_ports_from_host(virtual: Object, host: Object) -> Object | None:
    """The merge patch that gives the virtual Service the host's node ports; None when they agree."""
    raise NotImplementedError
