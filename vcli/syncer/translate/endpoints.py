"""EndpointSlices of Services without selector.

For a Service with selector the host makes its own, from the host pods.
"""

from collections.abc import Mapping
from typing import Any, Final

from vcli.syncer.translate.metadata import host_metadata
from vcli.syncer.translate.names import VirtualName, host_name
from vcli.syncer.translate.objects import Object
from vcli.syncer.translate.scope import Scope

_SERVICE_NAME: Final = "kubernetes.io/service-name"
_MANAGED_BY: Final = "endpointslice.kubernetes.io/managed-by"


def slice_to_host(endpoint_slice: Object, *, scope: Scope) -> Object:
    """The complete host EndpointSlice."""
    metadata = host_metadata(endpoint_slice, kind="EndpointSlice", scope=scope)
    labels = {**metadata["labels"], _MANAGED_BY: "vcli.dev"}
    if service := labels.get(_SERVICE_NAME):
        namespace = endpoint_slice["metadata"]["namespace"]
        labels[_SERVICE_NAME] = host_name(VirtualName(namespace, service), scope.cluster)
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {**metadata, "labels": labels},
        "addressType": endpoint_slice["addressType"],
        "endpoints": [_endpoint(each, scope) for each in endpoint_slice.get("endpoints") or ()],
        "ports": [dict(port) for port in endpoint_slice.get("ports") or ()],
    }


def _endpoint(endpoint: Mapping[str, Any], scope: Scope) -> Object:
    """An endpoint. A ``targetRef`` that isn't a pod corresponds to nothing on the host."""
    target = endpoint.get("targetRef")
    if not target:
        return dict(endpoint)
    translated = {key: value for key, value in endpoint.items() if key != "targetRef"}
    if target.get("kind") == "Pod" and target.get("name") and target.get("namespace"):
        name = host_name(VirtualName(target["namespace"], target["name"]), scope.cluster)
        translated["targetRef"] = {"kind": "Pod", "name": name, "namespace": scope.host_namespace}
    return translated
