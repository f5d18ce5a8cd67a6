"""Services.

A virtual Service and its host Service share their ClusterIPs (the virtual API server runs with the host's
range), so the address that a pod looks up in the virtual cluster is the one that the node's proxy serves.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from vcli.syncer.translate.labels import host_selector
from vcli.syncer.translate.metadata import host_metadata
from vcli.syncer.translate.objects import Object, changed, without
from vcli.syncer.translate.scope import Scope

_NO_ADDRESS: Final = "None"


def to_host(service: Object, *, scope: Scope, cluster_ip: bool = True, node_ports: bool = True) -> Object:
    """The complete host Service.

    Args:
        service: the virtual Service.
        scope: the virtual cluster.
        cluster_ip: ask for the virtual Service's own ClusterIPs; False lets the host choose.
        node_ports: ask for the virtual Service's own node ports; False lets the host choose.
    """
    spec = dict(service["spec"])
    if spec.get("selector"):
        spec["selector"] = host_selector(spec["selector"], service["metadata"]["namespace"], scope)
    if not cluster_ip and spec.get("clusterIP") != _NO_ADDRESS:
        spec = without(spec, "clusterIP", "clusterIPs")
    if not node_ports:
        spec = changed(
            without(spec, "healthCheckNodePort"),
            "ports",
            lambda ports: [without(port, "nodePort") for port in ports],
        )
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": host_metadata(service, kind="Service", scope=scope),
        "spec": spec,
    }


def status_to_virtual(host: Object, virtual: Object) -> Object:
    """The status of the virtual Service: the host's load balancer, where it asks for one, and conditions.

    Conditions that only the virtual cluster knows stay, and so does whatever a tenant's own controller
    wrote into the status of a Service of another type.
    """
    status, old = host.get("status") or {}, virtual.get("status") or {}
    told = dict(old)
    if virtual["spec"].get("type") == "LoadBalancer":
        told["loadBalancer"] = status.get("loadBalancer") or {}
    conditions = {each["type"]: each for each in old.get("conditions") or ()}
    conditions |= {each["type"]: each for each in status.get("conditions") or ()}
    return {**told, "conditions": list(conditions.values())} if conditions else told


def recreate_with(virtual: Object, cluster_ips: Sequence[str]) -> Object:
    """The virtual Service as a new object that has the ClusterIPs the host gave.

    A ClusterIP is immutable, so this is for a create after a delete.

    Args:
        virtual: the virtual Service.
        cluster_ips: ``spec.clusterIPs`` of the host Service.
    """
    metadata = without(
        virtual["metadata"],
        "creationTimestamp",
        "deletionGracePeriodSeconds",
        "deletionTimestamp",
        "generation",
        "managedFields",
        "resourceVersion",
        "selfLink",
        "uid",
    )
    spec = {**virtual["spec"], "clusterIP": cluster_ips[0], "clusterIPs": list(cluster_ips)}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def node_ports_from_host(virtual: Object, host: Object) -> Object | None:
    """The merge patch that gives the virtual Service the host's node ports; None when they agree."""
    chosen = {_port_key(port): port.get("nodePort") for port in host["spec"].get("ports") or ()}
    ports = virtual["spec"].get("ports") or []
    wanted = [
        {**port, "nodePort": chosen[_port_key(port)]}
        if port.get("nodePort") and chosen.get(_port_key(port))
        else port
        for port in ports
    ]
    return {"spec": {"ports": wanted}} if wanted != ports else None


def _port_key(port: Mapping[str, Any]) -> tuple[int, str]:
    return port["port"], port.get("protocol") or "TCP"
