"""EndpointSlices that no selector makes.

For the selector of a Service the host makes its own, from the host pods.

What comes from outside, by the host's ingress controller or a load balancer, arrives at an endpoint with
their address, which the NetworkPolicies of others may let in. So a virtual cluster that is isolated may name
its own pods and public addresses alone.
"""

from collections.abc import Callable
from typing import Final, cast

from vcli.kube.types import Endpoint, EndpointSlice, plain
from vcli.syncer.translate.metadata import host_metadata
from vcli.syncer.translate.names import VirtualName, host_name
from vcli.syncer.translate.objects import Object
from vcli.syncer.translate.scope import Scope

_SERVICE_NAME: Final = "kubernetes.io/service-name"
_MANAGED_BY: Final = "endpointslice.kubernetes.io/managed-by"


def slice_to_host(
    endpoint_slice: Object, *, scope: Scope, reachable: Callable[[str], bool] | None = None
) -> Object:
    """The complete host EndpointSlice.

    Args:
        endpoint_slice: the virtual one.
        scope: the virtual cluster.
        reachable: whether an address may be an endpoint; by default each may.
    """
    virtual = cast("EndpointSlice", endpoint_slice)
    metadata = host_metadata(endpoint_slice, kind="EndpointSlice", scope=scope)
    labels = {**metadata["labels"], _MANAGED_BY: "vcli.dev"}
    if service := labels.get(_SERVICE_NAME):
        own = VirtualName(virtual["metadata"]["namespace"], service)
        labels[_SERVICE_NAME] = host_name(own, scope.cluster)
    host: EndpointSlice = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {**metadata, "labels": labels},
        "addressType": virtual["addressType"],
        "endpoints": [
            _endpoint(each, scope)
            for each in virtual.get("endpoints") or ()
            if reachable is None or all(map(reachable, each["addresses"]))
        ],
        "ports": [port.copy() for port in virtual.get("ports") or ()],
    }
    return plain(host)


def left_out(endpoint_slice: Object, reachable: Callable[[str], bool]) -> list[str]:
    """A sentence about the endpoints that may not be."""
    endpoints = cast("EndpointSlice", endpoint_slice).get("endpoints") or ()
    gone = [address for each in endpoints for address in each["addresses"] if not reachable(address)]
    if not gone:
        return []
    why = "this virtual cluster is isolated, and only its own pods and public addresses may be endpoints"
    return [f"endpoints {', '.join(gone)} left out on the host: {why}"]


def _endpoint(endpoint: Endpoint, scope: Scope) -> Endpoint:
    """An endpoint. A ``targetRef`` that isn't a pod corresponds to nothing on the host."""
    translated = endpoint.copy()
    target = translated.pop("targetRef", None)
    if not target:
        return translated
    if target.get("kind") == "Pod" and target.get("name") and target.get("namespace"):
        name = host_name(VirtualName(target["namespace"], target["name"]), scope.cluster)
        translated["targetRef"] = {"kind": "Pod", "name": name, "namespace": scope.host_namespace}
    return translated
