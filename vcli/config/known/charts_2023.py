"""Keys of the Helm charts of 2023, v0.10 to v0.19."""

from collections.abc import Mapping
from typing import Any

from vcli.config.known.arguments import ALWAYS, KINDS, for_k3s, of_k3s, of_node_selector, of_syncer
from vcli.config.known.entry import Convert, default, later, moved, note, scope
from vcli.config.known.images import image_of_vcluster, of_program
from vcli.config.known.isolation import of_isolation

_SET, _K8S, _K3S = "controlPlane.statefulSet", "controlPlane.distro.k8s", "controlPlane.distro.k3s"
_ETCD, _CLAIM = "controlPlane.backingStore.etcd.embedded", f"{_SET}.persistence.volumeClaim"
_DNS = "controlPlane.coredns"
_REPLICAS = f"{_SET}.highAvailability.replicas"


def _if_true(path: str, wanted: object) -> Convert:
    """A new key for ``true``; ``false`` was the default, and asks for nothing."""

    def convert(value: Any) -> Mapping[str, Any]:
        if not isinstance(value, bool):
            raise ValueError("must be true or false")  # noqa: TRY004  said as a mistake in the values
        return {path: wanted} if value else {}

    return convert


def _of_metrics(value: Any) -> Mapping[str, Any]:
    wanted = isinstance(value, dict) and any(
        isinstance(each, dict) and each.get("enabled") is True for each in value.values()
    )
    return {"integrations.metricsServer.enabled": True} if wanted else {}


def _replicas(value: Any) -> Mapping[str, Any]:
    return {} if value == 1 else {_REPLICAS: value}


_RENAMED = {
    "api.resources": f"{_K8S}.apiServer.resources",
    "api.extraArgs": f"{_K8S}.apiServer.extraArgs",
    "controller.extraArgs": f"{_K8S}.controllerManager.extraArgs",
    "controller.resources": f"{_K8S}.controllerManager.resources",
    "scheduler.extraArgs": f"{_K8S}.scheduler.extraArgs",
    "scheduler.resources": f"{_K8S}.scheduler.resources",
    "etcd.extraArgs": f"{_ETCD}.extraArgs",
    "etcd.resources": f"{_ETCD}.resources",
    "syncer.image": f"{_SET}.image",
    "syncer.resources": f"{_SET}.resources",
    "etcd.storage.persistence": f"{_CLAIM}.enabled",
    "etcd.storage.size": f"{_CLAIM}.size",
    "etcd.storage.className": f"{_CLAIM}.storageClass",
    "storage.persistence": f"{_CLAIM}.enabled",
    "storage.size": f"{_CLAIM}.size",
    "storage.className": f"{_CLAIM}.storageClass",
    "coredns.enabled": f"{_DNS}.enabled",
    "coredns.replicas": f"{_DNS}.deployment.replicas",
    "coredns.resources": f"{_DNS}.deployment.resources",
    "coredns.nodeSelector": f"{_DNS}.deployment.nodeSelector",
    "coredns.tolerations": f"{_DNS}.deployment.tolerations",
    "coredns.config": f"{_DNS}.overwriteConfig",
    "mapServices.fromVirtual": "networking.replicateServices.toHost",
    "mapServices.fromHost": "networking.replicateServices.fromHost",
    "fallbackHostDns": "networking.advanced.fallbackHostCluster",
    "clusterDomain": "networking.advanced.clusterDomain",
    "defaultImageRegistry": "controlPlane.advanced.defaultImageRegistry",
    "nodeSelector": f"{_SET}.scheduling.nodeSelector",
    "affinity": f"{_SET}.scheduling.affinity",
    "tolerations": f"{_SET}.scheduling.tolerations",
    "priorityClassName": f"{_SET}.scheduling.priorityClassName",
    "securityContext": f"{_SET}.security.containerSecurityContext",
    "podSecurityContext": f"{_SET}.security.podSecurityContext",
    "labels": f"{_SET}.labels",
    "annotations": f"{_SET}.annotations",
    "podLabels": f"{_SET}.pods.labels",
    "podAnnotations": f"{_SET}.pods.annotations",
    "service.type": "controlPlane.service.spec.type",
    "service.externalTrafficPolicy": "controlPlane.service.spec.externalTrafficPolicy",
    "service.loadBalancerIP": "controlPlane.service.spec.loadBalancerIP",
    "monitoring.serviceMonitor": "controlPlane.serviceMonitor",
    "init.manifests": "experimental.deploy.vcluster.manifests",
    "init.helm": "experimental.deploy.vcluster.helm",
}

KEYS = (
    moved("vcluster.image", "controlPlane.distro", image_of_vcluster, image=True),
    moved("isolation", "policies", of_isolation),
    moved("api.image", f"{_K8S}.apiServer.image", of_program("apiServer"), image=True),
    moved("controller.image", f"{_K8S}.controllerManager.image", image=True),
    moved("scheduler.image", f"{_K8S}.scheduler.image", image=True),
    moved("etcd.image", f"{_ETCD}.image", image=True),
    moved("coredns.image", f"{_DNS}.deployment.image", image=True),
    *(moved(old, new) for old, new in _RENAMED.items()),
    *(
        moved(f"{part}.replicas", _REPLICAS, _replicas)
        for part in ("api", "controller", "scheduler", "syncer", "etcd")
    ),
    moved("replicas", _REPLICAS, _replicas),
    moved("enableHA", _REPLICAS, _if_true(_REPLICAS, 3)),
    moved("vcluster.extraArgs", f"{_K8S}.apiServer.extraArgs", of_k3s, for_k3s=for_k3s),
    moved(
        "vcluster.resources",
        f"{_K8S}.apiServer.resources",
        for_k3s=lambda value: {f"{_K3S}.resources": value},
    ),
    moved(
        "syncer.extraArgs",
        "controlPlane.proxy.extraSANs (--tls-san), exportKubeConfig.server (--out-kube-config-server),"
        " exportKubeConfig.secret (--out-kube-config-secret) and sync.toHost (--sync)",
        of_syncer,
    ),
    moved("rbac.clusterRole.create", "rbac.clusterRole.enabled", _if_true("rbac.clusterRole.enabled", True)),
    default("rbac.role.create", True, text="the syncer needs a Role"),
    note("rbac.role.extended", "rights follow from what is synced"),
    *later("rbac.role.excludedApiResources"),
    moved("proxy.metricsServer", "integrations.metricsServer", _of_metrics),
    *(moved(f"sync.{old}", f"sync.{new}") for old, new in KINDS.items() if old != "nodes"),
    moved("sync.nodes.enabled", "sync.fromHost.nodes.enabled"),
    *(
        default(
            f"sync.{kind}",
            {"enabled": True},
            {"enabled": True, "all": False},
            {"all": False},
            text="leave it out: they are always synced",
        )
        for kind in ALWAYS
    ),
    moved("sync.nodes.syncAllNodes", "sync.fromHost.nodes.selector.all"),
    moved("sync.nodes.syncNodeChanges", "sync.fromHost.nodes.syncBackChanges"),
    moved("sync.nodes.enableScheduler", f"{_K8S}.scheduler.enabled"),
    moved("sync.nodes.nodeSelector", "sync.fromHost.nodes.selector.labels", of_node_selector),
    default("sync.nodes.fakeKubeletIPs", True),
    *later("sync.generic", text="sync.toHost.customResources syncs other kinds"),
    *later("service.externalIPs", text="use type LoadBalancer or NodePort, or controlPlane.ingress"),
    *later("syncer.env", "syncer.volumeMounts", "vcluster.env", "volumes"),
    *later("coredns.service"),
    default("serviceAccount.create", True),
    *later("serviceAccount.name", "serviceAccount.annotations"),
    note("coredns.integrated", "DNS runs in a Deployment of its own in the virtual cluster"),
    note("syncer.livenessProbe", ""),
    note("syncer.readinessProbe", ""),
    note("job", ""),
    note("embeddedEtcd", "etcd always runs in the control plane's pod"),
    scope("multiNamespaceMode", "all objects go to one namespace of the host: leave it out"),
    scope("hostpathMapper", "leave it out"),
    scope("admission", "install admission webhooks in the virtual cluster: leave it out"),
)
