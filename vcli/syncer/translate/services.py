"""Services.

A virtual Service and its host Service share their ClusterIPs (the virtual API server runs with the host's
range), so the address that a pod looks up in the virtual cluster is the one that the node's proxy serves.

A Service of type ExternalName has none on the host: it is nothing but a DNS name, which the virtual cluster's
DNS answers; on the host it would be one that leads wherever a tenant wants.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, cast

from vcli.kube.types import ObjectMeta, ServicePort, ServiceSpec, conditions
from vcli.syncer.translate.labels import host_selector
from vcli.syncer.translate.metadata import host_metadata
from vcli.syncer.translate.mirrors import is_mirror
from vcli.syncer.translate.objects import Object, without
from vcli.syncer.translate.scope import Scope

CLUSTER_IP: Final = "spec.clusterIP"
HEALTH_CHECK: Final = "spec.healthCheckNodePort"
RECREATION: Final = "vcli.dev/recreation"
"""Finalizer of a Service that has just been recreated, until nobody would recreate it once more."""
_NO_ADDRESS: Final = "None"
EXTERNAL_IPS: Final = "externalIPs"
EXTERNAL_NAME: Final = "externalName"
HOST_FIELDS: Final = frozenset(
    {
        "allocateLoadBalancerNodePorts",
        "clusterIP",
        "clusterIPs",
        "externalTrafficPolicy",
        "healthCheckNodePort",
        "internalTrafficPolicy",
        "ipFamilies",
        "ipFamilyPolicy",
        "loadBalancerClass",
        "loadBalancerIP",
        "loadBalancerSourceRanges",
        "ports",
        "publishNotReadyAddresses",
        "selector",
        "sessionAffinity",
        "sessionAffinityConfig",
        "trafficDistribution",
        "type",
    }
)
"""The fields of a spec that the host gets: each was looked at for what it reaches beyond its own Service."""
_LIVED: Final = (
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
    "uid",
)
"""What only an object that exists has in its metadata."""


def is_on_host(service: Object) -> bool:
    """Whether the host has a Service for a virtual one: not for one that shows a Service of the host."""
    return service["spec"].get("type") != "ExternalName" and not is_mirror(service)


def unknown_fields(service: Object) -> list[str]:
    """A sentence for each field that does not go to the host, as its effect there was not reviewed."""
    known = HOST_FIELDS | {EXTERNAL_IPS, EXTERNAL_NAME}
    return [
        f"spec.{name} left out on the host: this version of vcli does not know it"
        for name in sorted(service["spec"].keys() - known)
    ]


def to_host(
    service: Object, *, scope: Scope, left: Collection[str] = (), external_ips: Sequence[str] = ()
) -> Object:
    """The complete host Service.

    Args:
        service: the virtual Service; one that `is_on_host`.
        scope: the virtual cluster.
        external_ips: what it may have of its externalIPs, as `external_ips.allowed` says.
        left: paths of fields that are left to the host to choose: `CLUSTER_IP`, `HEALTH_CHECK`, or a node
            port (``spec.ports[0].nodePort``). By default it shall have all of them as they are.
    """
    known = {name: value for name, value in service["spec"].items() if name in HOST_FIELDS}
    spec = cast("ServiceSpec", known)
    if external_ips:
        spec["externalIPs"] = list(external_ips)
    elif spec.get("type", "ClusterIP") == "ClusterIP":
        spec.pop("externalTrafficPolicy", None)  # nothing comes from outside, which the API insists on
    if spec.get("selector"):
        spec["selector"] = host_selector(spec["selector"], service["metadata"]["namespace"], scope)
    if CLUSTER_IP in left and spec.get("clusterIP") != _NO_ADDRESS:
        spec.pop("clusterIP", None)
        spec.pop("clusterIPs", None)
    if HEALTH_CHECK in left:
        spec.pop("healthCheckNodePort", None)
    if spec.get("ports"):
        spec["ports"] = _ports(spec["ports"], left)
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": host_metadata(service, kind="Service", scope=scope),
        "spec": spec,
    }


def addresses(service: Mapping[str, Any]) -> list[str]:
    """The ClusterIPs that were given out; none for headless ones and ExternalName."""
    spec: ServiceSpec = service["spec"]
    found = spec.get("clusterIPs") or [spec.get("clusterIP", "")]
    return [address for address in found if address and address != _NO_ADDRESS]


def status_to_virtual(host: Object, virtual: Object, *, keep: bool = False) -> Object:
    """The status of the virtual Service: the host's load balancer, where it asks for one, and conditions.

    Conditions that only the virtual cluster knows stay, and so does whatever a tenant's own controller
    wrote into the status of a Service of another type.

    Args:
        host: the host Service.
        virtual: the virtual Service.
        keep: whether an address that only the virtual one has stays: a tenant's load balancer wrote it.
    """
    merged: Object = dict(virtual.get("status") or {})
    if virtual["spec"].get("type") == "LoadBalancer" and not keep:
        merged["loadBalancer"] = _load_balancer(host)
    known = {each["type"]: each for each in (*conditions(virtual), *conditions(host))}
    return {**merged, "conditions": list(known.values())} if known else merged


def has_address_of_its_own(virtual: Object, host: Object) -> bool:
    """Whether the virtual Service alone has a load balancer's address: a tenant's, or one that is gone."""
    if virtual["spec"].get("type") != "LoadBalancer":
        return False
    return bool(_load_balancer(virtual).get("ingress")) and not _load_balancer(host).get("ingress")


def may_ask_for_its_own(virtual: Object, host: Object) -> bool:
    """Whether a host Service can be given the virtual one's ClusterIPs: only a second one can be changed."""
    first = addresses(host)[:1]
    return first in ([], addresses(virtual)[:1])


def immutable_fields_match(virtual: Object, host: Object) -> bool:
    """Whether a virtual Service has what the host gave, of what can't be changed in a Service."""
    if virtual["spec"].get("type") == "ExternalName":
        return True
    own, given = (each["spec"].get("healthCheckNodePort") for each in (virtual, host))
    return addresses(host) in ([], addresses(virtual)) and (not own or not given or own == given)


def numbers(service: Object) -> str:
    """What of a Service's numbers can't be changed, for a sentence."""
    health_check: int | None = service["spec"].get("healthCheckNodePort")
    return ", ".join([*addresses(service), *([f"health check port {health_check}"] if health_check else [])])


def recreate_as(virtual: Object, host: Object) -> Object:
    """The virtual Service as a new object that has what the host gave: for a create after a delete."""
    given = addresses(host)
    spec: ServiceSpec = virtual["spec"]
    if given:
        spec = {**spec, "clusterIP": given[0], "clusterIPs": given}
    if spec.get("healthCheckNodePort") and host["spec"].get("healthCheckNodePort"):
        spec = {**spec, "healthCheckNodePort": host["spec"]["healthCheckNodePort"]}
    metadata = cast("ObjectMeta", without(virtual["metadata"], *_LIVED))
    metadata["finalizers"] = [*(metadata.get("finalizers") or ()), RECREATION]
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def trials(virtual: Object, host: Object) -> list[Object]:
    """Services to be created on trial, one for each number of the host's that the virtual one lacks.

    In kube-system, where no quota of the tenant's speaks into it.
    """
    given = [each for each in addresses(host) if each not in addresses(virtual)]
    specs: list[ServiceSpec] = [{"clusterIP": each} for each in given]
    health_check = host["spec"].get("healthCheckNodePort")
    if health_check not in (None, virtual["spec"].get("healthCheckNodePort")):
        specs.append(
            {
                "type": "LoadBalancer",
                "externalTrafficPolicy": "Local",
                "allocateLoadBalancerNodePorts": False,
                "healthCheckNodePort": health_check,
            }
        )
    metadata: ObjectMeta = {"generateName": "vcli-trial-", "namespace": "kube-system"}
    ports: list[ServicePort] = [{"port": 443}]
    return [{"metadata": metadata, "spec": {**each, "ports": ports}} for each in specs]


def node_ports_from_host(virtual: Object, host: Object) -> Object | None:
    """The merge patch that gives the virtual Service the host's node ports; None where they are the same."""
    given: list[ServicePort] = host["spec"].get("ports") or []
    chosen = {_port_key(port): port["nodePort"] for port in given if port.get("nodePort")}
    ports: list[ServicePort] = virtual["spec"].get("ports") or []
    wanted: list[ServicePort] = [
        {**port, "nodePort": chosen[_port_key(port)]}
        if port.get("nodePort") and _port_key(port) in chosen
        else port
        for port in ports
    ]
    return {"spec": {"ports": wanted}} if wanted != ports else None


def _load_balancer(service: Object) -> Object:
    found: Object = (service.get("status") or {}).get("loadBalancer") or {}
    return found


def _ports(ports: Sequence[ServicePort], left: Collection[str]) -> list[ServicePort]:
    # The same port of two protocols has one node port: what is left for one is left for both.
    left_out = {port["port"] for number, port in enumerate(ports) if f"spec.ports[{number}].nodePort" in left}
    return [_without_node_port(port) if port["port"] in left_out else port for port in ports]


def _without_node_port(port: ServicePort) -> ServicePort:
    left = port.copy()
    left.pop("nodePort", None)
    return left


def changed_node_ports(virtual: Object, ports: Object) -> list[tuple[int, ServicePort, int]]:
    """What the patch of `node_ports_from_host` changes: place and port as it is, and the host's node port."""
    before: list[ServicePort] = virtual["spec"]["ports"]
    after: list[ServicePort] = ports["spec"]["ports"]
    return [
        (number, old, new["nodePort"])
        for number, (old, new) in enumerate(zip(before, after, strict=True))
        if old.get("nodePort") != new.get("nodePort")
    ]


def _port_key(port: ServicePort) -> tuple[int, str]:
    return port["port"], port.get("protocol") or "TCP"
