"""The kinds we speak of, and where the API serves them."""

from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class Resource:
    """``Resource("apps", "v1", "statefulsets", "StatefulSet")``, for example; the core group is ``""``."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True

    known: ClassVar[dict[tuple[str, str], "Resource"]] = {}

    @property
    def api_version(self) -> str:
        """As in an object's ``apiVersion``."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def definition(self) -> str:
        """The name of its CustomResourceDefinition, if it has one: ``certificates.cert-manager.io``."""
        return f"{self.plural}.{self.group}"

    def path(
        self, *, namespace: str | None = None, name: str | None = None, subresource: str | None = None
    ) -> str:
        """The URL path of the collection, an object, or a subresource; namespace None for all namespaces."""
        parts = [f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"]
        if namespace is not None and self.namespaced:
            parts.append(f"namespaces/{quote(namespace, safe='')}")
        parts.append(self.plural)
        if name is not None:
            parts.append(quote(name, safe=""))
        if subresource is not None:
            parts.append(subresource)
        return "/".join(parts)

    @staticmethod
    def of(obj: dict[str, Any]) -> "Resource":
        """The resource of an object, by its apiVersion and kind.

        Raises:
            LookupError: not in this table.
        """
        try:
            return Resource.known[obj["apiVersion"], obj["kind"]]
        except KeyError:
            message = f"unknown kind {obj.get('apiVersion')}/{obj.get('kind')}"
            raise LookupError(message) from None


def _known(group: str, version: str, plural: str, kind: str, *, namespaced: bool = True) -> Resource:
    resource = Resource(group, version, plural, kind, namespaced)
    Resource.known[resource.api_version, kind] = resource
    return resource


PODS = _known("", "v1", "pods", "Pod")
SERVICES = _known("", "v1", "services", "Service")
ENDPOINTS = _known("", "v1", "endpoints", "Endpoints")
CONFIGMAPS = _known("", "v1", "configmaps", "ConfigMap")
SECRETS = _known("", "v1", "secrets", "Secret")
EVENTS = _known("", "v1", "events", "Event")
SERVICEACCOUNTS = _known("", "v1", "serviceaccounts", "ServiceAccount")
PVCS = _known("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim")
RESOURCEQUOTAS = _known("", "v1", "resourcequotas", "ResourceQuota")
LIMITRANGES = _known("", "v1", "limitranges", "LimitRange")
REPLICATIONCONTROLLERS = _known("", "v1", "replicationcontrollers", "ReplicationController")
NAMESPACES = _known("", "v1", "namespaces", "Namespace", namespaced=False)
NODES = _known("", "v1", "nodes", "Node", namespaced=False)
PVS = _known("", "v1", "persistentvolumes", "PersistentVolume", namespaced=False)

DEPLOYMENTS = _known("apps", "v1", "deployments", "Deployment")
STATEFULSETS = _known("apps", "v1", "statefulsets", "StatefulSet")
REPLICASETS = _known("apps", "v1", "replicasets", "ReplicaSet")
DAEMONSETS = _known("apps", "v1", "daemonsets", "DaemonSet")
CONTROLLERREVISIONS = _known("apps", "v1", "controllerrevisions", "ControllerRevision")
JOBS = _known("batch", "v1", "jobs", "Job")
CRONJOBS = _known("batch", "v1", "cronjobs", "CronJob")
HPAS = _known("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler")
PDBS = _known("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget")
LEASES = _known("coordination.k8s.io", "v1", "leases", "Lease")

_NETWORKING = "networking.k8s.io"
ENDPOINTSLICES = _known("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice")
INGRESSES = _known(_NETWORKING, "v1", "ingresses", "Ingress")
NETWORKPOLICIES = _known(_NETWORKING, "v1", "networkpolicies", "NetworkPolicy")
INGRESSCLASSES = _known(_NETWORKING, "v1", "ingressclasses", "IngressClass", namespaced=False)
SERVICECIDRS = _known(_NETWORKING, "v1", "servicecidrs", "ServiceCIDR", namespaced=False)
IPADDRESSES = _known(_NETWORKING, "v1", "ipaddresses", "IPAddress", namespaced=False)

_RBAC = "rbac.authorization.k8s.io"
ROLES = _known(_RBAC, "v1", "roles", "Role")
ROLEBINDINGS = _known(_RBAC, "v1", "rolebindings", "RoleBinding")
CLUSTERROLES = _known(_RBAC, "v1", "clusterroles", "ClusterRole", namespaced=False)
CLUSTERROLEBINDINGS = _known(_RBAC, "v1", "clusterrolebindings", "ClusterRoleBinding", namespaced=False)

_AUTHORIZATION = "authorization.k8s.io"
SELFSUBJECTACCESSREVIEWS = _known(
    _AUTHORIZATION, "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview", namespaced=False
)
SELFSUBJECTRULESREVIEWS = _known(
    _AUTHORIZATION, "v1", "selfsubjectrulesreviews", "SelfSubjectRulesReview", namespaced=False
)
SUBJECTACCESSREVIEWS = _known(
    _AUTHORIZATION, "v1", "subjectaccessreviews", "SubjectAccessReview", namespaced=False
)
_AUTHENTICATION = "authentication.k8s.io"
TOKENREVIEWS = _known(_AUTHENTICATION, "v1", "tokenreviews", "TokenReview", namespaced=False)
SELFSUBJECTREVIEWS = _known(
    _AUTHENTICATION, "v1", "selfsubjectreviews", "SelfSubjectReview", namespaced=False
)

_STORAGE = "storage.k8s.io"
_SNAPSHOTS = "snapshot.storage.k8s.io"
STORAGECLASSES = _known(_STORAGE, "v1", "storageclasses", "StorageClass", namespaced=False)
CSIDRIVERS = _known(_STORAGE, "v1", "csidrivers", "CSIDriver", namespaced=False)
CSINODES = _known(_STORAGE, "v1", "csinodes", "CSINode", namespaced=False)
CSISTORAGECAPACITIES = _known(_STORAGE, "v1", "csistoragecapacities", "CSIStorageCapacity")
VOLUMEATTACHMENTS = _known(_STORAGE, "v1", "volumeattachments", "VolumeAttachment", namespaced=False)
VOLUMESNAPSHOTS = _known(_SNAPSHOTS, "v1", "volumesnapshots", "VolumeSnapshot")
VOLUMESNAPSHOTCLASSES = _known(
    _SNAPSHOTS, "v1", "volumesnapshotclasses", "VolumeSnapshotClass", namespaced=False
)
VOLUMESNAPSHOTCONTENTS = _known(
    _SNAPSHOTS, "v1", "volumesnapshotcontents", "VolumeSnapshotContent", namespaced=False
)

_GATEWAYS = "gateway.networking.k8s.io"
GATEWAYCLASSES = _known(_GATEWAYS, "v1", "gatewayclasses", "GatewayClass", namespaced=False)
GATEWAYS = _known(_GATEWAYS, "v1", "gateways", "Gateway")
HTTPROUTES = _known(_GATEWAYS, "v1", "httproutes", "HTTPRoute")
GRPCROUTES = _known(_GATEWAYS, "v1", "grpcroutes", "GRPCRoute")
TCPROUTES = _known(_GATEWAYS, "v1", "tcproutes", "TCPRoute")
TLSROUTES = _known(_GATEWAYS, "v1", "tlsroutes", "TLSRoute")
UDPROUTES = _known(_GATEWAYS, "v1", "udproutes", "UDPRoute")
BACKENDTLSPOLICIES = _known(_GATEWAYS, "v1", "backendtlspolicies", "BackendTLSPolicy")
REFERENCEGRANTS = _known(_GATEWAYS, "v1beta1", "referencegrants", "ReferenceGrant")

_DEVICES = "resource.k8s.io"
RESOURCECLAIMS = _known(_DEVICES, "v1", "resourceclaims", "ResourceClaim")
DEVICECLASSES = _known(_DEVICES, "v1", "deviceclasses", "DeviceClass", namespaced=False)

PRIORITYCLASSES = _known("scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass", namespaced=False)
RUNTIMECLASSES = _known("node.k8s.io", "v1", "runtimeclasses", "RuntimeClass", namespaced=False)
CRDS = _known(
    "apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", namespaced=False
)
APISERVICES = _known("apiregistration.k8s.io", "v1", "apiservices", "APIService", namespaced=False)
PODMETRICS = _known("metrics.k8s.io", "v1beta1", "pods", "PodMetrics")
MUTATINGWEBHOOKS = _known(
    "admissionregistration.k8s.io",
    "v1",
    "mutatingwebhookconfigurations",
    "MutatingWebhookConfiguration",
    namespaced=False,
)
VALIDATINGWEBHOOKS = _known(
    "admissionregistration.k8s.io",
    "v1",
    "validatingwebhookconfigurations",
    "ValidatingWebhookConfiguration",
    namespaced=False,
)
