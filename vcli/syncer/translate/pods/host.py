"""The host pod for a virtual pod."""

from collections.abc import Mapping
from typing import Any, Final

from vcli.syncer.translate.labels import host_namespace_labels
from vcli.syncer.translate.metadata import host_metadata
from vcli.syncer.translate.names import HostName, VirtualName, host_name
from vcli.syncer.translate.objects import Object, compact, without
from vcli.syncer.translate.pods.affinity import host_affinity, host_constraint
from vcli.syncer.translate.pods.bookkeeping import bookkeeping_annotations
from vcli.syncer.translate.pods.context import PodContext
from vcli.syncer.translate.pods.dns import dns_fields, hostname_fields
from vcli.syncer.translate.pods.downward import shown_annotations
from vcli.syncer.translate.pods.environment import Rename, host_container, renamed
from vcli.syncer.translate.pods.links import service_variables
from vcli.syncer.translate.pods.references import token_secret_name
from vcli.syncer.translate.pods.volumes import host_volume

_REPLACED: Final = (
    "dnsConfig",
    "dnsPolicy",
    "enableServiceLinks",
    "ephemeralContainers",  # only by their subresource
    "hostname",
    "hostnameOverride",
    "overhead",  # the host's RuntimeClass decides, and its admission rejects another one
    "preemptionPolicy",  # as priority
    "priority",  # the host's PriorityClass decides, and its admission rejects another one
    "priorityClassName",
    "runtimeClassName",
    "schedulerName",  # a virtual cluster's schedulers don't see the host
    "serviceAccount",
    "setHostnameAsFQDN",
    "subdomain",
)


def to_host(pod: Object, context: PodContext) -> Object:
    """The complete host pod, ready to be created.

    To be created with POST: kubelet takes an environment that defines a name twice, server-side apply does
    not.
    """
    rename = _rename(pod, context)
    spec = pod["spec"]
    services = service_variables(pod, context)
    secret = token_secret_name(pod, context.scope)
    translated: Object = {
        **without(spec, *_REPLACED),
        "serviceAccountName": context.service_account,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        **dns_fields(pod, context),
        **hostname_fields(pod, context),
        **_classes(spec, context),
        "containers": [
            host_container(container, pod, context, rename=rename, services=services)
            for container in spec["containers"]
        ],
    }
    if spec.get("initContainers"):
        translated["initContainers"] = [
            host_container(container, pod, context, rename=rename, services=services)
            for container in spec["initContainers"]
        ]
    if spec.get("volumes"):
        translated["volumes"] = [
            host_volume(volume, pod, rename=rename, token_secret=secret) for volume in spec["volumes"]
        ]
    if spec.get("imagePullSecrets"):
        translated["imagePullSecrets"] = [renamed(each, rename) for each in spec["imagePullSecrets"]]
    if spec.get("affinity"):
        translated["affinity"] = host_affinity(spec["affinity"], pod, context)
    if spec.get("topologySpreadConstraints"):
        translated["topologySpreadConstraints"] = [
            host_constraint(constraint, pod, context) for constraint in spec["topologySpreadConstraints"]
        ]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": _metadata(pod, translated, context),
        "spec": translated,
    }


def ephemeral_containers(pod: Object, context: PodContext) -> list[Object]:
    """The virtual pod's ephemeral containers for the host pod's ``ephemeralcontainers`` subresource."""
    rename, services = _rename(pod, context), service_variables(pod, context)
    return [
        host_container(container, pod, context, rename=rename, services=services)
        for container in pod["spec"].get("ephemeralContainers") or ()
    ]


def _rename(pod: Object, context: PodContext) -> Rename:
    namespace, cluster = pod["metadata"]["namespace"], context.scope.cluster

    def rename(name: str) -> HostName:
        return host_name(VirtualName(namespace, name), cluster)

    return rename


def _classes(spec: Mapping[str, Any], context: PodContext) -> Object:
    runtime = spec.get("runtimeClassName")
    return compact(
        {
            "priorityClassName": context.priority_classes.get(spec.get("priorityClassName") or ""),
            "runtimeClassName": context.runtime_classes.get(runtime, runtime) if runtime else None,
        }
    )


def _metadata(pod: Object, spec: Object, context: PodContext) -> Object:
    metadata = host_metadata(pod, kind="Pod", scope=context.scope)
    labels = {**metadata["labels"], **host_namespace_labels(context.namespace_labels)}
    annotations = {**metadata["annotations"], **shown_annotations(pod)}
    return {
        **metadata,
        "labels": labels,
        "annotations": {
            **annotations,
            **bookkeeping_annotations(
                spec, labels, annotations, generation=pod["metadata"].get("generation")
            ),
        },
    }
