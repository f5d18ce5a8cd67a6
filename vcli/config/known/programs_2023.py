"""Keys of the programs and their pods in the charts of 2023."""

from collections.abc import Mapping
from typing import Any

from vcli.config.known.entry import Convert, default, later, moved, note

_SET, _K8S = "controlPlane.statefulSet", "controlPlane.distro.k8s"
_CLAIM = f"{_SET}.persistence.volumeClaim"
_SCHEDULING = f"{_SET}.scheduling"
_OF_PODS = (
    "affinity",
    "annotations",
    "labels",
    "nodeSelector",
    "podAnnotations",
    "podLabels",
    "priorityClassName",
    "securityContext",
    "serviceAnnotations",
    "tolerations",
)


def _into(path: str) -> Convert:
    """A key inside a mapping that the schema takes as it is; empty is left out."""

    def convert(value: Any) -> Mapping[str, Any]:
        return {path: value} if value not in (None, "", [], {}) else {}

    return convert


def _retention(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")  # noqa: TRY004  said as a mistake in the values
    return {f"{_CLAIM}.retentionPolicy": "Delete" if value else "Retain"}


def _scheduler(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")  # noqa: TRY004  as above
    return {f"{_K8S}.scheduler.enabled": not value}


_MOVED = {
    **{
        f"syncer.{key}": f"{_SCHEDULING}.{key}"
        for key in ("affinity", "nodeSelector", "priorityClassName", "tolerations")
    },
    "syncer.labels": f"{_SET}.labels",
    "syncer.annotations": f"{_SET}.annotations",
    "syncer.podLabels": f"{_SET}.pods.labels",
    "syncer.podAnnotations": f"{_SET}.pods.annotations",
    "syncer.imagePullPolicy": f"{_SET}.imagePullPolicy",
    "syncer.kubeConfigContextName": "exportKubeConfig.context",
    "syncer.serviceAnnotations": "controlPlane.service.annotations",
    "syncer.storage.persistence": f"{_CLAIM}.enabled",
    "syncer.storage.size": f"{_CLAIM}.size",
    "syncer.storage.className": f"{_CLAIM}.storageClass",
    "vcluster.priorityClassName": f"{_SCHEDULING}.priorityClassName",
    "globalAnnotations": "controlPlane.advanced.globalMetadata.annotations",
    "init.manifestsTemplate": "experimental.deploy.vcluster.manifestsTemplate",
    "service.loadBalancerAnnotations": "controlPlane.service.annotations",
    "service.loadBalancerClass": "controlPlane.service.spec.loadBalancerClass",
    "service.loadBalancerSourceRanges": "controlPlane.service.spec.loadBalancerSourceRanges",
    "workloadServiceAccount.annotations": "controlPlane.advanced.workloadServiceAccount.annotations",
    "serviceAccount.imagePullSecrets": "controlPlane.advanced.serviceAccount.imagePullSecrets",
    "centralAdmission": "policies.centralAdmission",
    "ingress.enabled": "controlPlane.ingress.enabled",
    "ingress.host": "controlPlane.ingress.host",
    "ingress.pathType": "controlPlane.ingress.pathType",
    "ingress.labels": "controlPlane.ingress.labels",
    "ingress.annotations": "controlPlane.ingress.annotations",
}

KEYS = (
    *(moved(old, new) for old, new in _MOVED.items()),
    moved(
        "ingress.ingressClassName",
        "controlPlane.ingress.spec",
        _into("controlPlane.ingress.spec.ingressClassName"),
    ),
    moved("ingress.tls", "controlPlane.ingress.spec", _into("controlPlane.ingress.spec.tls")),
    note("ingress.apiVersion", "it is always networking.k8s.io/v1"),
    moved("autoDeletePersistentVolumeClaims", f"{_CLAIM}.retentionPolicy", _retention),
    moved("etcd.autoDeletePersistentVolumeClaims", f"{_CLAIM}.retentionPolicy", _retention),
    moved("scheduler.disabled", f"{_K8S}.scheduler.enabled", _scheduler),
    *(
        default(
            f"{part}.{key}",
            text="all programs are in one pod, and controlPlane.statefulSet has its settings",
        )
        for part in ("api", "controller", "scheduler", "etcd")
        for key in _OF_PODS
    ),
    *(
        default(f"{part}.imagePullPolicy", text=f"{_K8S}.imagePullPolicy is that of all of them")
        for part in ("api", "controller", "scheduler", "etcd")
    ),
    default("vcluster.imagePullPolicy", text="controlPlane.distro.k3s.imagePullPolicy is that of k3s"),
    *(
        default(
            f"vcluster.{key}",
            text="controlPlane.distro.k3s has command and extraArgs, vcluster.extraArgs is understood",
        )
        for key in ("baseArgs", "command")
    ),
    *later(
        "syncer.extraVolumeMounts",
        "syncer.volumes",
        "syncer.storage.binariesVolume",
        "vcluster.extraVolumeMounts",
        "vcluster.volumeMounts",
        "coredns.plugin",
        "coredns.podAnnotations",
        "coredns.podLabels",
        "headless",
        "k3sToken",
        "serverToken",
        "noopSyncer",
        "podDisruptionBudget",
        "sync.legacy-storageclasses",
        "sync.nodes.reservedResources",
    ),
    *later(
        "syncer.securityContext", "syncer.podSecurityContext", text="leave it out: nothing runs as root here"
    ),
    default("coredns.fallback", text="policies.networkPolicy.fallbackDns has it"),
    note("openshift.enable", "rights follow from what is synced"),
    note("proLicenseSecret", "vcli has no paid edition"),
)
