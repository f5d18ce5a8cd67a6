"""The virtual objects by which kube-apiserver knows our `metrics.k8s.io`. Pure.

The Service has the name that our Nodes give as their kubelets', so that this name also resolves in the
namespace where a metrics-server is installed.
"""

import base64
import json
from typing import Final

from vcli.kube.types import Object
from vcli.syncer.metrics_api.documents import GROUP, VERSION
from vcli.syncer.translate.names import VirtualName

API_SERVICE_NAME: Final = f"{VERSION}.{GROUP}"
_PORT: Final = 443
_PORT_NAME: Final = "https"
_LABELS: Final = {"vcli.dev/part-of": "metrics"}
_LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"
_READ: Final = ["get", "list", "watch"]


def service_name(kubelet_host: str) -> VirtualName:
    """Where the Service is."""
    return VirtualName("kube-system", kubelet_host)


def service(name: VirtualName) -> Object:
    """The Service: without an address, as nobody but kube-apiserver calls it, which goes to the endpoints."""
    return {
        "metadata": _metadata(name),
        "spec": {
            "type": "ClusterIP",
            "clusterIP": "None",
            "ports": [{"name": _PORT_NAME, "port": _PORT, "protocol": "TCP"}],
        },
    }


def endpoint_slice(name: VirtualName, *, address: str, port: int) -> Object:
    """The EndpointSlice: the syncer's own address."""
    metadata = _metadata(name)
    labels = {"kubernetes.io/service-name": name.name, "endpointslice.kubernetes.io/managed-by": "vcli.dev"}
    return {
        "metadata": {**metadata, "labels": {**metadata["labels"], **labels}},
        "addressType": "IPv6" if ":" in address else "IPv4",
        "endpoints": [{"addresses": [address], "conditions": {"ready": True}}],
        "ports": [{"name": _PORT_NAME, "port": port, "protocol": "TCP"}],
    }


def api_service(name: VirtualName, *, authority: bytes) -> Object:
    """The APIService.

    Args:
        name: of the Service.
        authority: PEM of the CA that our serving certificate is of.
    """
    body: Object = {
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": {"name": API_SERVICE_NAME, "labels": _LABELS},
        "spec": {
            "group": GROUP,
            "version": VERSION,
            "groupPriorityMinimum": 100,
            "versionPriority": 100,
            "service": {"namespace": name.namespace, "name": name.name, "port": _PORT},
            "caBundle": base64.b64encode(authority).decode(),
        },
    }
    # A metrics-server's manifest has no caBundle: by this, `kubectl apply` knows that it has to go.
    applied = {"annotations": {_LAST_APPLIED: json.dumps(body, separators=(",", ":"))}}
    return {**body, "metadata": {**body["metadata"], **applied}}


def is_ours(api_service: Object, name: VirtualName) -> bool:
    """Whether an APIService leads to our Service."""
    target = api_service["spec"].get("service") or {}
    return (target.get("namespace"), target.get("name")) == name


def readers() -> Object:
    """The ClusterRole that gives metrics to whoever may view the pods; a metrics-server has the same."""
    to = {f"rbac.authorization.k8s.io/aggregate-to-{role}": "true" for role in ("view", "edit", "admin")}
    rule = {"apiGroups": [GROUP], "resources": ["pods", "nodes"], "verbs": _READ}
    return {
        "metadata": {"name": "system:aggregated-metrics-reader", "labels": to},
        "rules": [rule],
    }


def _metadata(name: VirtualName) -> Object:
    return {"name": name.name, "namespace": name.namespace, "labels": _LABELS}
