"""Shapes of Kubernetes objects, for the type checker, and how to read what all objects have.

Pure data: the shapes hold those fields that vcli builds or reads by name, with the API reference's own names.
At run time they are plain dicts. Where a shape is known, name it, and a misspelt field does not pass mypy.
Pod specs have no shape here: they are passed on with whatever is in them.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Required, TypeAlias, TypedDict, cast

Object: TypeAlias = dict[str, Any]
"""Any Kubernetes object, as JSON has it."""


class OwnerReference(TypedDict, total=False):
    """What an object is deleted with."""

    apiVersion: Required[str]
    kind: Required[str]
    name: Required[str]
    uid: Required[str]
    controller: bool
    blockOwnerDeletion: bool


class ObjectMeta(TypedDict, total=False):
    """``metadata`` of every object."""

    name: str
    generateName: str
    namespace: str
    uid: str
    resourceVersion: str
    generation: int
    selfLink: str
    creationTimestamp: str
    deletionTimestamp: str
    deletionGracePeriodSeconds: int
    labels: dict[str, str]
    annotations: dict[str, str]
    finalizers: list[str]
    ownerReferences: list[OwnerReference]
    managedFields: list[Object]


class Condition(TypedDict, total=False):
    """One of ``status.conditions``, of whatever kind."""

    type: Required[str]
    status: Required[str]
    reason: str
    message: str
    observedGeneration: int
    lastTransitionTime: str
    lastHeartbeatTime: str
    lastProbeTime: str | None


class ObjectReference(TypedDict, total=False):
    """Another object; which of the fields are there depends on who refers to it."""

    apiVersion: str
    kind: str
    namespace: str
    name: str
    uid: str
    resourceVersion: str
    fieldPath: str


class EventSource(TypedDict, total=False):
    """Who reports an Event."""

    component: str
    host: str


class Event(TypedDict, total=False):
    """``v1`` Event."""

    apiVersion: str
    kind: str
    metadata: Required[ObjectMeta]
    involvedObject: Required[ObjectReference]
    related: ObjectReference
    reason: str
    message: str
    type: str
    action: str
    count: int
    eventTime: str | None
    firstTimestamp: str | None
    lastTimestamp: str | None
    reportingComponent: str
    reportingInstance: str
    series: Object
    source: EventSource


class EndpointConditions(TypedDict, total=False):
    """Whether an endpoint takes traffic; None is not known."""

    ready: bool | None
    serving: bool | None
    terminating: bool | None


class Endpoint(TypedDict, total=False):
    """One of an EndpointSlice."""

    addresses: Required[list[str]]
    conditions: EndpointConditions
    deprecatedTopology: dict[str, str]
    hints: Object
    hostname: str
    nodeName: str
    targetRef: ObjectReference
    zone: str


class EndpointPort(TypedDict, total=False):
    """A port that all endpoints of a slice have."""

    name: str
    protocol: str
    port: int
    appProtocol: str


class EndpointSlice(TypedDict, total=False):
    """``discovery.k8s.io/v1`` EndpointSlice."""

    apiVersion: str
    kind: str
    metadata: Required[ObjectMeta]
    addressType: Required[str]
    endpoints: Required[list[Endpoint] | None]
    ports: list[EndpointPort] | None


class ServicePort(TypedDict, total=False):
    """A port of a Service."""

    name: str
    protocol: str
    port: Required[int]
    targetPort: int | str
    nodePort: int
    appProtocol: str


class ServiceSpec(TypedDict, total=False):
    """``spec`` of a Service."""

    allocateLoadBalancerNodePorts: bool
    clusterIP: str
    clusterIPs: list[str]
    externalIPs: list[str]
    externalName: str
    externalTrafficPolicy: str
    healthCheckNodePort: int
    internalTrafficPolicy: str
    ipFamilies: list[str]
    ipFamilyPolicy: str
    loadBalancerClass: str
    loadBalancerIP: str
    loadBalancerSourceRanges: list[str]
    ports: list[ServicePort]
    publishNotReadyAddresses: bool
    selector: dict[str, str]
    sessionAffinity: str
    sessionAffinityConfig: Object
    trafficDistribution: str
    type: str


class ServiceStatus(TypedDict, total=False):
    """``status`` of a Service."""

    conditions: list[Condition]
    loadBalancer: Object


class LabelSelectorRequirement(TypedDict, total=False):
    """One of ``matchExpressions``."""

    key: Required[str]
    operator: Required[str]
    values: list[str]


class LabelSelector(TypedDict, total=False):
    """What selects objects by their labels."""

    matchLabels: dict[str, str]
    matchExpressions: list[LabelSelectorRequirement]


class ClaimSpec(TypedDict, total=False):
    """``spec`` of a PersistentVolumeClaim."""

    accessModes: list[str]
    dataSource: Object
    dataSourceRef: Object
    resources: Object
    selector: LabelSelector
    storageClassName: str
    volumeAttributesClassName: str
    volumeMode: str
    volumeName: str


class ClaimStatus(TypedDict, total=False):
    """``status`` of a PersistentVolumeClaim."""

    accessModes: list[str]
    allocatedResourceStatuses: dict[str, str]
    allocatedResources: dict[str, str]
    capacity: dict[str, str]
    conditions: list[Condition]
    currentVolumeAttributesClassName: str
    modifyVolumeStatus: Object
    phase: str


class VolumeSpec(TypedDict, total=False):
    """``spec`` of a PersistentVolume; of its sources those that are shown to tenants."""

    accessModes: list[str]
    capacity: dict[str, str]
    claimRef: ObjectReference
    csi: Object
    hostPath: Object
    local: Object
    mountOptions: list[str]
    nfs: Object
    nodeAffinity: Object
    persistentVolumeReclaimPolicy: str
    storageClassName: str
    volumeAttributesClassName: str
    volumeMode: str


class NodeAddress(TypedDict):
    """Where a Node is reached."""

    type: Literal["Hostname", "InternalIP", "ExternalIP", "InternalDNS", "ExternalDNS"]
    address: str


class NodeSpec(TypedDict, total=False):
    """``spec`` of a Node."""

    podCIDR: str
    podCIDRs: list[str]
    providerID: str
    taints: list[Object]
    unschedulable: bool


class NodeInfo(TypedDict):
    """Versions and names that a kubelet reports."""

    architecture: str
    bootID: str
    containerRuntimeVersion: str
    kernelVersion: str
    kubeProxyVersion: str
    kubeletVersion: str
    machineID: str
    operatingSystem: str
    osImage: str
    systemUUID: str


class KubeletEndpoint(TypedDict):
    """The port of a kubelet."""

    Port: int


class NodeDaemonEndpoints(TypedDict):
    """The ports of what runs on a Node."""

    kubeletEndpoint: KubeletEndpoint


class NodeStatus(TypedDict, total=False):
    """``status`` of a Node."""

    addresses: list[NodeAddress]
    allocatable: dict[str, str]
    capacity: dict[str, str]
    conditions: list[Condition]
    daemonEndpoints: NodeDaemonEndpoints
    declaredFeatures: list[str]
    images: list[Object]
    nodeInfo: NodeInfo
    runtimeHandlers: list[Object]


class LeaseSpec(TypedDict, total=False):
    """``spec`` of a Lease."""

    holderIdentity: str
    leaseDurationSeconds: int
    renewTime: str


_NOTHING: Mapping[str, str] = {}


def plain(shape: Mapping[str, object]) -> Object:
    """A shape as the plain object that caches, clients and writers take. It is the same dict."""
    return cast("Object", shape)


def metadata(obj: Mapping[str, Any]) -> ObjectMeta:
    """``metadata`` of an object."""
    found: ObjectMeta = obj["metadata"]
    return found


def labels(obj: Mapping[str, Any] | None) -> Mapping[str, str]:
    """The labels of an object, or of a pod template; empty if there are none, or no object."""
    return _of_metadata(obj, "labels")


def annotations(obj: Mapping[str, Any] | None) -> Mapping[str, str]:
    """The annotations of an object, or of a pod template; empty if there are none, or no object."""
    return _of_metadata(obj, "annotations")


def conditions(obj: Mapping[str, Any] | None) -> Sequence[Condition]:
    """``status.conditions`` of an object; empty if there are none, or no object."""
    return ((obj or {}).get("status") or {}).get("conditions") or ()


def is_true(obj: Mapping[str, Any] | None, condition: str) -> bool:
    """Whether an object has a condition, and its status is ``True``."""
    return any(each["type"] == condition and each["status"] == "True" for each in conditions(obj))


def uid(obj: Mapping[str, Any]) -> str:
    """The uid of an object that exists.

    Raises:
        KeyError: it was not read from a server.
    """
    found: str = obj["metadata"]["uid"]
    return found


def is_terminating(obj: Mapping[str, Any] | None) -> bool:
    """Whether somebody has asked for an object's deletion; False if there is no object."""
    return "deletionTimestamp" in ((obj or {}).get("metadata") or ())


def _of_metadata(obj: Mapping[str, Any] | None, field: str) -> Mapping[str, str]:
    found: Mapping[str, str] | None = ((obj or {}).get("metadata") or {}).get(field)
    return found or _NOTHING
