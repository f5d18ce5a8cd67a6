"""What a pod's translation needs to know besides the pod."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from vcli.syncer.translate.objects import Object
from vcli.syncer.translate.scope import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class PodContext:
    """The surroundings of one pod at the moment of its translation.

    Attributes:
        scope: the virtual cluster.
        service_account: the host ServiceAccount, one without rights.
        api_host: ClusterIP of ``default/kubernetes`` in the virtual cluster.
        api_port: its port.
        dns_ip: the ClusterIP of the virtual kube-dns Service; None while there is none, and then pods
            get the node's resolver, as from a kubelet without cluster DNS.
        cluster_domain: the DNS domain, usually ``cluster.local``.
        services: the virtual Services of the pod's namespace, for service links.
        namespace_labels: the labels of the pod's virtual Namespace.
        namespaces: the labels of every virtual Namespace, by name; only asked for by a pod affinity
            term that has both ``namespaces`` and ``namespaceSelector``.
        environment_keys: the data keys of the ConfigMaps and Secrets that the pod takes ``envFrom``, by
            (kind, virtual name): what a user defines there wins over service links.
        priority_classes: host PriorityClass by virtual one; others are dropped, the default.
        runtime_classes: host RuntimeClass by virtual one, None to run without; others stay as they are.
        hosts_image: an image with Python, which writes /etc/hosts of pods with a subdomain; or empty.
        hostname_override: whether the host knows ``spec.hostnameOverride`` (beta in Kubernetes 1.35).
        isolated: whether pods are kept from the host's nodes.
    """

    scope: Scope
    service_account: str
    api_host: str
    api_port: int
    dns_ip: str | None
    cluster_domain: str = "cluster.local"
    services: Sequence[Object] = ()
    namespace_labels: Mapping[str, str] = field(default_factory=dict)
    namespaces: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    environment_keys: Mapping[tuple[str, str], Collection[str]] = field(default_factory=dict)
    priority_classes: Mapping[str, str] = field(default_factory=dict)
    runtime_classes: Mapping[str, str | None] = field(default_factory=dict)
    hosts_image: str = ""
    hostname_override: bool = False
    isolated: bool = False
