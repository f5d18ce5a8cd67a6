"""What the CLI hands to the syncer: `settings.json`, which follows from names and values.

Facts about the host are in it only once the syncer has read them: see `vcli.syncer.settings`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from vcli.contract import ports

Object = dict[str, Any]

ETCD_INSIDE: Final = "http://127.0.0.1:2379"
"""The etcd in the control plane's pod, see manifests/control-plane/stores/embedded-etcd.yaml."""

AUDIT_LOG: Final = "/audit/log"
"""Where kube-apiserver writes down who uses the virtual cluster, if it may go to sleep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One virtual cluster, as its syncer sees it. Without defaults is what the values always say.

    Attributes:
        cluster: the virtual cluster's name.
        namespace: the host namespace that everything lives in.
        service: the control plane's own Service in the host namespace, owner of all that the syncer makes.
        service_uid: its uid.
        service_ip: its ClusterIP: the address of `default/kubernetes` in the virtual cluster.
        service_cidrs: ranges of Service IPs, the host's.
        service_port: its port.
        headless_service: the DNS name under which kube-apiserver finds this syncer, `NAME-headless.NS.svc`.
        workload_service_account: the host ServiceAccount of every pod, without rights.
        workload_pull_secrets: pull secrets for all pods, where they have ServiceAccounts of their own.
        cluster_domain: the DNS domain of the virtual cluster.
        virtual_server: URL of the virtual API server.
        pki: the folder with `ca.crt`, `syncer.crt`, `syncer.key` and what the kubelet server needs.
        kubernetes_version: of the virtual cluster, `v1.36.3`.
        addons: objects to apply in the virtual cluster when it starts (CoreDNS).
        manifests: objects of the values to apply there, of any kind.
        hosts_image: what writes /etc/hosts of pods with a subdomain; empty to leave it as the host makes it.
        etcd: URL of the etcd that the syncer looks after; empty where the store is somebody else's.
        metrics: whether to offer `metrics.k8s.io` where the host has it.
        health_port: where `/readyz` and `/healthz` answer, plain HTTP.
        external_ip_ranges: ranges of addresses that virtual Services may have as externalIPs.
        default_service_account_ready: whether being ready includes that `default/default` exists.
        nodes: which of the host's Nodes are shown, where that kind is on: the ``used`` ones or ``all``.
        node_labels: only Nodes with these are shown, all of them, and pods go nowhere else.
        node_images: whether Nodes show the images that they have.
        node_changes: whether labels, taints and cordons that are changed inside go to the host's Nodes.
        scheduler: whether pods are scheduled inside, and wait for that before the host gets them.
        isolated: whether pods are kept from the host's nodes: see `vcli.syncer.translate.pods.isolation`.
        host_metadata: ``labels`` and ``annotations``, patterns of what passes to the host beside what always
            does: see `vcli.syncer.translate.allowed`; empty where all passes.
        kinds: the kinds that are on or off otherwise than by default, by `vcli.catalog.kind.SyncedKind.path`.
        selectors: LabelSelectors of what is mirrored from the host, by the same; of other kinds, all is.
        exports: Secrets on the host with kubeconfigs for other programs: ``name``, ``context``, ``server``,
            ``insecure``, perhaps ``serviceAccount`` with ``name``, ``namespace``, ``clusterRole``; of one in
            another namespace, ``namespace`` and ``role``, the Role there which gives the rights and owns it.
        mappings: objects of the host that are mirrored, by the same: see `vcli.contract.mappings`.
        networking: ``replicateServices``, ``resolveDNS`` and ``fallbackHostCluster`` of the values, as far as
            they are given.
        election: ``leaseDuration``, ``renewDeadline``, ``retryPeriod`` in seconds; empty for one syncer.
        custom_resources: those that are synced, by the same, with what the values say of them.
        sleep_after: seconds without use after which it goes to sleep; 0 for never.
    """

    cluster: str
    namespace: str
    service: str
    service_uid: str = ""
    service_ip: str = ""
    service_cidrs: tuple[str, ...] = ()
    service_port: int = 443
    headless_service: str
    workload_service_account: str
    workload_pull_secrets: list[Object] = field(default_factory=list)
    cluster_domain: str = "cluster.local"
    virtual_server: str
    pki: Path
    kubernetes_version: str
    addons: list[Object] = field(default_factory=list)
    hosts_image: str = ""
    etcd: str = ETCD_INSIDE
    metrics: bool = True
    health_port: int = ports.HEALTH
    external_ip_ranges: list[str] = field(default_factory=list)
    default_service_account_ready: bool = True
    nodes: str = "used"
    node_labels: dict[str, str] = field(default_factory=dict)
    node_images: bool = False
    node_changes: bool = False
    scheduler: bool = False
    isolated: bool = False
    host_metadata: Object = field(default_factory=dict)
    kinds: dict[str, bool] = field(default_factory=dict)
    selectors: dict[str, Object] = field(default_factory=dict)
    exports: list[Object] = field(default_factory=list)
    mappings: dict[str, dict[str, str]] = field(default_factory=dict)
    networking: Object = field(default_factory=dict)
    custom_resources: dict[str, Object] = field(default_factory=dict)
    manifests: list[Object] = field(default_factory=list)
    election: Object = field(default_factory=dict)
    sleep_after: int = 0

    @property
    def kubelet_host(self) -> str:
        """The name of the headless Service alone: its namespace is nothing for a tenant to know.

        The search list of the control plane's pod, in the same namespace, makes the rest of it.
        """
        return self.headless_service.partition(".")[0]


_SPELLED: Final = {
    "service_uid": "serviceUID",
    "service_ip": "serviceIP",
    "service_cidrs": "serviceCIDRs",
    "external_ip_ranges": "externalIPRanges",
}
_ADDED: Final = (
    "etcd",
    "kinds",
    "selectors",
    "custom_resources",
    "mappings",
    "exports",
    "networking",
    "nodes",
    "node_labels",
    "node_images",
    "node_changes",
    "scheduler",
    "isolated",
    "host_metadata",
    "workload_pull_secrets",
    "manifests",
    "election",
    "sleep_after",
)
_NEWER: Final = tuple(f for f in fields(Settings) if f.name in _ADDED)
"""Left out with their defaults: an update of vcli that brings what is off is no reason for a restart."""
_OF_THE_HOST: Final = frozenset({"service_uid", "service_ip", "service_cidrs"})


def dump(settings: Settings) -> Object:
    """As JSON, without what only the host knows."""
    values = {f.name: getattr(settings, f.name) for f in fields(Settings) if f.name not in _OF_THE_HOST}
    values["pki"] = str(settings.pki)
    defaults = {f.name: f.default_factory() if callable(f.default_factory) else f.default for f in _NEWER}
    values = {
        name: value for name, value in values.items() if name not in defaults or value != defaults[name]
    }
    return {_spelling(name): value for name, value in values.items()}


def load(data: Mapping[str, Any]) -> Settings:
    """From JSON; keys that this version does not know are left alone.

    Raises:
        ValueError: a key without a default is missing.
    """
    values = {f.name: data[_spelling(f.name)] for f in fields(Settings) if _spelling(f.name) in data}
    if "pki" in values:
        values["pki"] = Path(values["pki"])
    try:
        return Settings(**values)
    except TypeError as error:
        wanted = ", ".join(_spelling(f.name) for f in fields(Settings) if f.name not in values)
        raise ValueError(f"settings lack some of: {wanted}") from error


def _spelling(name: str) -> str:
    head, *rest = name.split("_")
    return _SPELLED.get(name, head + "".join(map(str.title, rest)))
