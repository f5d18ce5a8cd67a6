"""Services that the other cluster has by a name of its own.

A virtual Service on the host selects the same pods as the host Service that every Service has, so it needs no
endpoints of its own.

A Service of the host in the virtual cluster is a headless one without selector, whose one endpoint is the
ClusterIP of the host's: DNS answers with that address, and the host's proxies serve it, on all its ports. It
is not synced to the host, where kube-proxy supports no ClusterIP as an endpoint. A headless Service has the
endpoints that it has on the host.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, cast

from vcli.kube.types import (
    Endpoint,
    EndpointPort,
    EndpointSlice,
    ServicePort,
    ServiceSpec,
    annotations,
    plain,
)
from vcli.syncer.translate import keys
from vcli.syncer.translate.labels import host_selector
from vcli.syncer.translate.metadata import host_metadata
from vcli.syncer.translate.mirrors import mirror_metadata
from vcli.syncer.translate.names import HostName, VirtualName
from vcli.syncer.translate.objects import Object
from vcli.syncer.translate.scope import Scope
from vcli.syncer.translate.services import addresses

REPLICA: Final = "ReplicatedService"
"""``vcli.dev/kind`` of a host Service that a virtual one has beside its own."""
_NO_ADDRESS: Final = "None"
_COPIED: Final = (
    "internalTrafficPolicy",
    "ipFamilies",
    "ipFamilyPolicy",
    "publishNotReadyAddresses",
    "sessionAffinity",
    "sessionAffinityConfig",
    "trafficDistribution",
)
_OF_MIRROR: Final = ("type", "clusterIP", "externalName", "selector", "ports")
_OF_SLICE: Final = ("addressType", "endpoints", "ports")
_SERVICE_NAME: Final = "kubernetes.io/service-name"
_MANAGED_BY: Final = "endpointslice.kubernetes.io/managed-by"
_MOST_ENDPOINTS: Final = 1000
"""Of an EndpointSlice."""


def is_replica(host: Object) -> bool:
    """Whether a host Service is one that a virtual Service has beside its own."""
    return annotations(host).get(keys.KIND) == REPLICA


def is_headless(service: Object) -> bool:
    """Whether a Service has no address of its own by choice."""
    return bool(service["spec"].get("clusterIP") == _NO_ADDRESS)


def to_host(service: Object, name: str, *, scope: Scope) -> Object:
    """The complete host Service of this name, for a virtual one that has a selector.

    It is of type ClusterIP, with an address of its own, or none where the virtual one is headless.
    """
    virtual: ServiceSpec = service["spec"]
    copied = {key: value for key, value in virtual.items() if key in _COPIED}
    spec = cast("ServiceSpec", copied)
    spec["type"] = "ClusterIP"
    spec["selector"] = host_selector(virtual["selector"], service["metadata"]["namespace"], scope)
    if is_headless(service):
        spec["clusterIP"] = _NO_ADDRESS
    if virtual.get("ports"):
        spec["ports"] = [_without_node_port(port) for port in virtual["ports"]]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": host_metadata(service, kind=REPLICA, scope=scope, name=HostName(name)),
        "spec": spec,
    }


def mirror(host: Object, name: VirtualName) -> Object:
    """The complete virtual Service that shows one of the host's under this name."""
    theirs: ServiceSpec = host["spec"]
    if theirs.get("type") == "ExternalName":
        spec: Object = {"type": "ExternalName", "externalName": theirs["externalName"]}
    else:
        spec = {"type": "ClusterIP", "clusterIP": _NO_ADDRESS}
    if theirs.get("ports"):
        spec["ports"] = [_mirrored_port(port) for port in theirs["ports"]]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": mirror_metadata(name.namespace, name.name),
        "spec": spec,
    }


def mirrored_slices(host: Object, endpoints: Object | None, name: VirtualName) -> list[Object]:
    """The EndpointSlices of a `mirror`: the host Service's addresses, or the endpoints of a headless one.

    Args:
        host: the Service of the host.
        endpoints: its Endpoints.
        name: of the virtual Service.
    """
    theirs: ServiceSpec = host["spec"]
    if is_headless(host):
        subsets: list[Object] = (endpoints or {}).get("subsets") or []
        parts = [(_endpoints(each), _endpoint_ports(each)) for each in subsets]
    else:
        own = [{"ip": each} for each in addresses(host)]
        parts = [(_endpoints({"addresses": own}), _endpoint_ports(theirs))]
    return [
        _slice(name, family, number, chosen, ports)
        for number, (found, ports) in enumerate(parts)
        for family in ("IPv4", "IPv6")
        if (chosen := [each for each in found if _family(each) == family][:_MOST_ENDPOINTS])
    ]


def is_as_mirrored(current: Object, desired: Object) -> bool:
    """Whether a virtual Service is what its `mirror` is to be; the API server fills in more than that."""
    of_current, of_desired = current["spec"], desired["spec"]
    return all((of_current.get(key) or None) == (of_desired.get(key) or None) for key in _OF_MIRROR)


def is_slice_as_mirrored(current: Object, desired: Object) -> bool:
    """The same of an EndpointSlice."""
    return all((current.get(key) or None) == (desired.get(key) or None) for key in _OF_SLICE)


def _without_node_port(port: ServicePort) -> ServicePort:
    left = port.copy()
    left.pop("nodePort", None)
    return left


def _mirrored_port(port: ServicePort) -> ServicePort:
    """A port as the API server answers it: the port of the address is that of the Service."""
    found: ServicePort = {
        "port": port["port"],
        "protocol": port.get("protocol") or "TCP",
        "targetPort": port["port"],
    }
    if port.get("name"):
        found["name"] = port["name"]
    if port.get("appProtocol"):
        found["appProtocol"] = port["appProtocol"]
    return found


def _endpoint_ports(spec: Mapping[str, Any]) -> list[EndpointPort]:
    """The ports of a slice, by the spec of a Service or a subset of Endpoints."""
    return [_endpoint_port(port) for port in spec.get("ports") or ()]


def _endpoint_port(port: Mapping[str, Any]) -> EndpointPort:
    found: EndpointPort = {
        "name": port.get("name") or "",
        "port": port["port"],
        "protocol": port.get("protocol") or "TCP",
    }
    if port.get("appProtocol"):
        found["appProtocol"] = port["appProtocol"]
    return found


def _endpoints(subset: Object) -> list[Endpoint]:
    """The endpoints of a subset of Endpoints; whose they are is nothing for a tenant to know."""
    return [
        *_with_readiness(subset.get("addresses") or (), ready=True),
        *_with_readiness(subset.get("notReadyAddresses") or (), ready=False),
    ]


def _with_readiness(found: Iterable[Object], *, ready: bool) -> Iterator[Endpoint]:
    for each in found:
        endpoint: Endpoint = {"addresses": [each["ip"]], "conditions": {"ready": ready}}
        if each.get("hostname"):
            endpoint["hostname"] = each["hostname"]
        yield endpoint


def _family(endpoint: Endpoint) -> str:
    return "IPv6" if ":" in endpoint["addresses"][0] else "IPv4"


def _slice(
    name: VirtualName, family: str, number: int, endpoints: list[Endpoint], ports: list[EndpointPort]
) -> Object:
    own = f"{name.name}-host-{family.lower()}-{number}"
    labels = {_SERVICE_NAME: name.name, _MANAGED_BY: keys.DOMAIN}
    found: EndpointSlice = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": mirror_metadata(name.namespace, own, labels),
        "addressType": family,
        "endpoints": endpoints,
        "ports": ports,
    }
    return plain(found)
