"""The values of a virtual cluster, in the shape of vcluster.yaml: one dataclass a section, one field a key.

From these classes come validation (`vcli.config.parse`), the defaults, and the JSON Schema
(`vcli.config.jsonschema`). A key stands here only once it has an effect. Names are snake case here and camel
case in YAML.
"""

# ruff: noqa: RUF009  _doc and _section make fields

from dataclasses import dataclass, field
from typing import Literal

from vcli.config.fields import doc as _doc
from vcli.config.fields import section as _section
from vcli.config.image import Image
from vcli.config.quantity import PATTERN as QUANTITY
from vcli.config.schema_custom import CUSTOM_RESOURCE, CustomToHost
from vcli.config.schema_database import Database
from vcli.config.schema_deploy import Experimental
from vcli.config.schema_distros import K0s, K3s, PullPolicy
from vcli.config.schema_export import ExportKubeConfig
from vcli.config.schema_exposure import Ingress, ServiceSpec
from vcli.config.schema_ha import HighAvailability
from vcli.config.schema_kinds import FromHost, with_switches
from vcli.config.schema_networking import CIDRS, DnsMapping, ReplicateServices
from vcli.config.schema_pods import SyncedPods
from vcli.config.schema_policies import Policies
from vcli.config.schema_rbac import Rbac
from vcli.config.schema_services import SyncedServices
from vcli.config.schema_sleep import SleepMode
from vcli.config.schema_stores import ExternalEtcd
from vcli.kube.types import Object

KUBERNETES = "v1.36.3"
ETCD = "3.6.8-0"
COREDNS = "v1.14.2"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiServer:
    """kube-apiserver."""

    image: Image = field(
        default_factory=lambda: Image(registry="registry.k8s.io", repository="kube-apiserver")
    )
    extra_args: tuple[str, ...] = _doc((), "More flags for kube-apiserver; a flag given again wins.")
    resources: Object = _doc({}, "Resources of the container, in place of the default ones.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ControllerManager:
    """kube-controller-manager."""

    image: Image = field(
        default_factory=lambda: Image(registry="registry.k8s.io", repository="kube-controller-manager")
    )
    extra_args: tuple[str, ...] = _doc((), "More flags for kube-controller-manager; a flag given again wins.")
    resources: Object = _doc({}, "Resources of the container, in place of the default ones.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheduler:
    """kube-scheduler inside the virtual cluster; without one, the host schedules."""

    enabled: bool = _doc(
        False,
        "Schedule pods inside, onto the host's own nodes: takes sync.fromHost.nodes.enabled, and the right to"
        " list the pods of all namespaces.",
    )
    image: Image = field(
        default_factory=lambda: Image(registry="registry.k8s.io", repository="kube-scheduler")
    )
    extra_args: tuple[str, ...] = _doc((), "More flags for kube-scheduler; a flag given again wins.")
    resources: Object = _doc({}, "Resources of the container, in place of the default ones.")


@dataclass(frozen=True, slots=True, kw_only=True)
class K8s:
    """Upstream Kubernetes."""

    enabled: bool | Literal["auto"] = _doc(
        "auto", "Run upstream Kubernetes; auto: unless another distribution is enabled."
    )
    version: str = _doc(
        KUBERNETES,
        "Kubernetes version of the virtual cluster, whichever distribution runs it.",
        pattern=r"^v?1\.[0-9]+(\.[0-9]+([-+].+)?)?$",
        form="a version of Kubernetes, such as v1.36.3",
    )
    image_pull_policy: PullPolicy = _doc("", "Pull policy of the control plane's images.")
    api_server: ApiServer = _section(ApiServer)
    controller_manager: ControllerManager = _section(ControllerManager)
    scheduler: Scheduler = _section(Scheduler)


@dataclass(frozen=True, slots=True, kw_only=True)
class Distro:
    """What runs as the control plane."""

    k8s: K8s = _section(K8s)
    k3s: K3s = _section(K3s)
    k0s: K0s = _section(K0s)


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedEtcd:
    """One etcd member inside the control plane's pod."""

    enabled: bool | Literal["auto"] = _doc(
        "auto", "Run etcd in the control plane's pod; auto: unless another store is enabled."
    )
    image: Image = field(
        default_factory=lambda: Image(registry="registry.k8s.io", repository="etcd", tag=ETCD)
    )
    extra_args: tuple[str, ...] = _doc((), "More flags for etcd; a flag given again wins.")
    resources: Object = _doc({}, "Resources of the container, in place of the default ones.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Etcd:
    """etcd."""

    embedded: EmbeddedEtcd = _section(EmbeddedEtcd)
    external: ExternalEtcd = _section(ExternalEtcd)


@dataclass(frozen=True, slots=True, kw_only=True)
class BackingStore:
    """Where the virtual cluster's objects are kept."""

    etcd: Etcd = _section(Etcd)
    database: Database = _section(Database)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """Labels and annotations added to an object."""

    labels: dict[str, str] = _doc({}, "Labels to add.")
    annotations: dict[str, str] = _doc({}, "Annotations to add.")


@dataclass(frozen=True, slots=True, kw_only=True)
class CorednsDeployment(Metadata):
    """The Deployment of CoreDNS inside the virtual cluster."""

    image: Image = field(
        default_factory=lambda: Image(registry="registry.k8s.io", repository="coredns/coredns", tag=COREDNS)
    )
    replicas: int = _doc(1, "How many.", minimum=0)
    resources: Object = _doc({}, "Resources of the container, in place of the default ones.")
    node_selector: dict[str, str] = _doc({}, "Node selector of the pods.")
    affinity: Object = _doc({}, "Affinity of the pods.")
    tolerations: tuple[Object, ...] = _doc((), "Tolerations of the pods.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Coredns:
    """DNS of the virtual cluster."""

    enabled: bool = _doc(True, "Run CoreDNS in the virtual cluster.")
    overwrite_config: str = _doc("", "A whole Corefile, in place of the default one.")
    deployment: CorednsDeployment = _section(CorednsDeployment)
    service: Metadata = _section(Metadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """How clients reach the API server."""

    extra_sans: tuple[str, ...] = _doc(
        (), "More names and addresses for the API server's certificate.", name="extraSANs"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Service(Metadata):
    """The control plane's Service."""

    spec: ServiceSpec = _section(ServiceSpec)
    https_node_port: int = _doc(0, "Node port of the API server; 0 lets the host choose.", minimum=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeClaim:
    """The volume of the store."""

    enabled: bool | Literal["auto"] = _doc(
        "auto", "Keep the data on a volume claim; auto: if the host has a default StorageClass."
    )
    size: str = _doc("5Gi", "Size of the claim.", pattern=QUANTITY, form="a quantity, such as 5Gi")
    storage_class: str = _doc("", "StorageClass; empty means the host's default.")
    access_modes: tuple[str, ...] = _doc(("ReadWriteOnce",), "Access modes of the claim.")
    retention_policy: Literal["Delete", "Retain"] = _doc(
        "Delete", "What becomes of the claim when the virtual cluster is deleted."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Persistence:
    """What outlives the pod."""

    volume_claim: VolumeClaim = _section(VolumeClaim)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheduling:
    """Where the control plane's pod runs."""

    node_selector: dict[str, str] = _doc({}, "Node selector.")
    affinity: Object = _doc({}, "Affinity.")
    tolerations: tuple[Object, ...] = _doc((), "Tolerations.")
    topology_spread_constraints: tuple[Object, ...] = _doc((), "Topology spread constraints.")
    priority_class_name: str = _doc("", "Priority class.")
    pod_management_policy: Literal["Parallel", "OrderedReady"] = _doc(
        "Parallel", "Whether pods start one after the other; it stays as it is at the creation."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Security:
    """Under which limits the control plane's pod runs."""

    pod_security_context: Object = _doc({}, "Pod security context: its fields over those of the default one.")
    container_security_context: Object = _doc(
        {}, "Security context of each container: its fields over those of the default one."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StatefulSet(Metadata):
    """The StatefulSet that is the control plane."""

    image: Image = _section(Image)
    image_pull_policy: PullPolicy = _doc("", "Pull policy of the syncer's image.")
    resources: Object = _doc(
        {},
        "Resources of the control plane as a whole: shared out over its containers without resources of their"
        " own, by what each requests by default.",
    )
    persistence: Persistence = _section(Persistence)
    scheduling: Scheduling = _section(Scheduling)
    security: Security = _section(Security)
    pods: Metadata = _section(Metadata)
    high_availability: HighAvailability = _section(HighAvailability)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAccount(Metadata):
    """A ServiceAccount on the host."""

    image_pull_secrets: tuple[Object, ...] = _doc((), "Pull secrets, as a list of {name: …}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class GlobalMetadata:
    """What every object on the host carries."""

    annotations: dict[str, str] = _doc({}, "Annotations to add to every object on the host.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvancedControlPlane:
    """Rarely needed."""

    default_image_registry: str = _doc("", "Registry prefix for every image, as for a mirror.")
    service_account: ServiceAccount = _section(ServiceAccount)
    workload_service_account: ServiceAccount = _section(ServiceAccount)
    global_metadata: GlobalMetadata = _section(GlobalMetadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlPlane:
    """The control plane and how it runs on the host."""

    distro: Distro = _section(Distro)
    backing_store: BackingStore = _section(BackingStore)
    coredns: Coredns = _section(Coredns)
    proxy: Proxy = _section(Proxy)
    service: Service = _section(Service)
    ingress: Ingress = _section(Ingress)
    stateful_set: StatefulSet = _section(StatefulSet)
    advanced: AdvancedControlPlane = _section(AdvancedControlPlane)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvancedNetworking:
    """Rarely needed."""

    cluster_domain: str = _doc(
        "cluster.local",
        "DNS domain of the virtual cluster.",
        pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$",
        form="a DNS domain, such as cluster.local",
    )
    fallback_host_cluster: bool = _doc(
        False, "Ask the host's DNS for names of Services that the virtual cluster does not have."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Networking:
    """Network of the virtual cluster."""

    replicate_services: ReplicateServices = _section(ReplicateServices)
    service_cidr: str = _doc(
        "",
        "Range of Service IPs; it is the host's, whose Services have the same IPs. Empty: it is found out.",
        name="serviceCIDR",
        pattern=CIDRS,
        form="a range such as 10.96.0.0/16, or one of each family with a comma between",
    )
    resolve_dns: tuple[DnsMapping, ...] = _doc(
        (), "Names that the virtual cluster's DNS answers otherwise.", name="resolveDNS"
    )
    advanced: AdvancedNetworking = _section(AdvancedNetworking)


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsServer:
    """`kubectl top` and autoscaling by the host's metrics."""

    enabled: bool = _doc(
        True, "Offer metrics.k8s.io where the host has it, for the pods of this virtual cluster."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Integrations:
    """What the host has and the virtual cluster may use."""

    metrics_server: MetricsServer = _section(MetricsServer)


@with_switches("toHost")
@dataclass(frozen=True, slots=True, kw_only=True)
class ToHost:
    """From the virtual cluster to the host."""

    pods: SyncedPods = _section(SyncedPods)
    services: SyncedServices = _section(SyncedServices)
    custom_resources: dict[str, CustomToHost] = _doc(
        {}, "Custom resources, each by plural and group: certificates.cert-manager.io.", **CUSTOM_RESOURCE
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sync:
    """What the syncer does to each kind."""

    to_host: ToHost = _section(ToHost)
    from_host: FromHost = _section(FromHost)


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """All values. ``given`` is what the user wrote, merged: that is what is kept in the cluster."""

    control_plane: ControlPlane = _section(ControlPlane)
    networking: Networking = _section(Networking)
    export_kube_config: ExportKubeConfig = _section(ExportKubeConfig)
    integrations: Integrations = _section(Integrations)
    policies: Policies = _section(Policies)
    rbac: Rbac = _section(Rbac)
    sleep_mode: SleepMode = _section(SleepMode)
    experimental: Experimental = _section(Experimental)
    sync: Sync = _section(Sync)
    given: Object = field(default_factory=dict, metadata={"internal": True})
    warnings: tuple[str, ...] = field(default=(), metadata={"internal": True})
