"""The objects of `metrics.k8s.io/v1beta1`, and those about the API itself. Pure.

Shapes: k8s.io/metrics/pkg/apis/metrics/v1beta1, and what a metrics-server answers.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from vcli.kube.types import Object
from vcli.kube.types import labels as labels_of
from vcli.syncer.translate.names import VirtualName
from vcli.syncer.translate.quantities import nanos, whole

GROUP: Final = "metrics.k8s.io"
VERSION: Final = "v1beta1"
GROUP_VERSION: Final = f"{GROUP}/{VERSION}"

_VERBS: Final = ["get", "list"]
_VERSION: Final = {"groupVersion": GROUP_VERSION, "version": VERSION}
_GROUP: Final[Object] = {"name": GROUP, "versions": [_VERSION], "preferredVersion": _VERSION}
API_GROUP: Final[Object] = {"kind": "APIGroup", "apiVersion": "v1", **_GROUP}
API_GROUPS: Final[Object] = {"kind": "APIGroupList", "apiVersion": "v1", "groups": [_GROUP]}
API_RESOURCES: Final[Object] = {
    "kind": "APIResourceList",
    "apiVersion": "v1",
    "groupVersion": GROUP_VERSION,
    "resources": [
        {"name": "nodes", "singularName": "", "namespaced": False, "kind": "NodeMetrics", "verbs": _VERBS},
        {"name": "pods", "singularName": "", "namespaced": True, "kind": "PodMetrics", "verbs": _VERBS},
    ],
}
OPENAPI_V2: Final[Object] = {
    "swagger": "2.0",
    "info": {"title": GROUP, "version": VERSION},
    "paths": {},
}
OPENAPI_V3: Final[Object] = {"paths": {}}
"""No schema: kube-apiserver asks for one again and again until there is an answer."""

_REASONS: Final = {
    400: "BadRequest",
    404: "NotFound",
    405: "MethodNotAllowed",
    500: "InternalError",
    503: "ServiceUnavailable",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PodUsage:
    """What a pod uses, in the names of the virtual cluster.

    Attributes:
        name: of the virtual pod.
        uid: of the virtual pod.
        node: that it runs on.
        labels: of the virtual pod.
        timestamp: end of the window, RFC 3339.
        window: how long it was measured, such as ``15.2s``.
        containers: by name, resource to quantity: ``{"cpu": "1200n", "memory": "12Ki"}``.
    """

    name: VirtualName
    uid: str
    node: str
    labels: Mapping[str, str]
    timestamp: str
    window: str
    containers: Mapping[str, Mapping[str, str]]

    @property
    def nanocores(self) -> int:
        """CPU of all containers, in billionths of a core."""
        return sum(nanos(usage.get("cpu", "0")) for usage in self.containers.values())

    @property
    def memory(self) -> int:
        """Memory of all containers, in bytes."""
        return sum(whole(usage.get("memory", "0")) for usage in self.containers.values())


def pod_metrics(usage: PodUsage) -> Object:
    """The PodMetrics."""
    metadata = {"name": usage.name.name, "namespace": usage.name.namespace}
    return {
        "kind": "PodMetrics",
        "apiVersion": GROUP_VERSION,
        "metadata": _metadata(metadata, usage.labels, usage.timestamp),
        "timestamp": usage.timestamp,
        "window": usage.window,
        "containers": [
            {"name": name, "usage": dict(resources)} for name, resources in usage.containers.items()
        ],
    }


def node_metrics(node: Object, usages: Sequence[PodUsage]) -> Object | None:
    """The NodeMetrics: what this cluster's pods use on a node. None where nothing is known of any of them.

    What others use of the node is not for this cluster to know.
    """
    if not usages:
        return None
    latest = max(usages, key=lambda usage: usage.timestamp)
    cpu, memory = sum(each.nanocores for each in usages), sum(each.memory for each in usages)
    return {
        "kind": "NodeMetrics",
        "apiVersion": GROUP_VERSION,
        "metadata": _metadata({"name": node["metadata"]["name"]}, labels_of(node), latest.timestamp),
        "timestamp": latest.timestamp,
        "window": latest.window,
        "usage": {"cpu": f"{cpu}n", "memory": f"{memory // 1024}Ki"},
    }


def listed(kind: str, items: Iterable[Object]) -> Object:
    """A list of metrics."""
    return {"kind": f"{kind}List", "apiVersion": GROUP_VERSION, "metadata": {}, "items": list(items)}


def failure(code: int, message: str) -> Object:
    """The Status that goes with an answer that is none."""
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message,
        "reason": _REASONS.get(code, ""),
        "code": code,
    }


def _metadata(metadata: Object, labels: Mapping[str, str], timestamp: str) -> Object:
    return {**metadata, "creationTimestamp": timestamp, **({"labels": dict(labels)} if labels else {})}
