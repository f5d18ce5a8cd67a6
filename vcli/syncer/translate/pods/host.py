"""The host pod for a virtual pod."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from vcli.kube.types import annotations as annotations_of
from vcli.kube.types import labels as labels_of
from vcli.syncer.translate.labels import host_namespace_labels
from vcli.syncer.translate.metadata import POD_DOWNWARD, host_metadata
from vcli.syncer.translate.names import HostName, VirtualName, host_name
from vcli.syncer.translate.objects import Object, compact, without
from vcli.syncer.translate.pods import isolation
from vcli.syncer.translate.pods.affinity import host_affinity, host_constraint
from vcli.syncer.translate.pods.bookkeeping import bookkeeping_annotations
from vcli.syncer.translate.pods.config_maps import (
    downward_map,
    environment_maps,
    inline_variables,
    needed_config_maps,
)
from vcli.syncer.translate.pods.context import PodContext
from vcli.syncer.translate.pods.devices import with_resource_claims
from vcli.syncer.translate.pods.dns import dns_fields, hostname_fields
from vcli.syncer.translate.pods.downward import from_map, referenced_annotations, shown_annotations
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


def to_host(pod: Object, context: PodContext, *, kinds: Sequence[str] | None = None) -> Object:
    """The complete host pod, ready to be created.

    To be created with POST: kubelet takes an environment that defines a name twice, server-side apply does
    not.

    Args:
        pod: the virtual pod.
        context: its surroundings.
        kinds: the ConfigMaps that the host pod has (``config_map_kinds``); None: it is to be created.
    """
    rename = _rename(pod, context)
    spec, scope = pod["spec"], context.scope
    variables = service_variables(pod, context)
    kinds = needed_config_maps(pod, context) if kinds is None else kinds
    services, maps = inline_variables(variables, kinds, context), environment_maps(pod, kinds, scope)
    secret, shown = token_secret_name(pod, scope), downward_map(pod, kinds, scope)
    translated: Object = {
        **without(spec, *_REPLACED),
        "serviceAccountName": context.service_account,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        **dns_fields(pod, context),
        **hostname_fields(pod, context),
        **_classes(spec, context),
        "containers": [
            host_container(container, pod, context, rename=rename, services=services, maps=maps)
            for container in spec["containers"]
        ],
    }
    if spec.get("initContainers"):
        translated["initContainers"] = [
            host_container(container, pod, context, rename=rename, services=services, maps=maps)
            for container in spec["initContainers"]
        ]
    if spec.get("volumes"):
        translated["volumes"] = [
            host_volume(volume, pod, rename=rename, token_secret=secret, scope=scope)
            for volume in spec["volumes"]
        ]
    if shown:
        translated["volumes"] = [from_map(volume, shown) for volume in translated["volumes"]]
    if spec.get("imagePullSecrets"):
        translated["imagePullSecrets"] = [renamed(each, rename) for each in spec["imagePullSecrets"]]
    if spec.get("affinity"):
        translated["affinity"] = host_affinity(spec["affinity"], pod, context)
    if spec.get("topologySpreadConstraints"):
        translated["topologySpreadConstraints"] = [
            host_constraint(constraint, pod, context) for constraint in spec["topologySpreadConstraints"]
        ]
    if context.isolated and spec.get("tolerations"):
        translated["tolerations"] = isolation.tolerations(spec["tolerations"])
    if spec.get("resourceClaims"):
        translated = with_resource_claims(translated, pod, rename=rename)
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": _metadata(pod, translated, context, kinds=kinds),
        "spec": translated,
    }


def ephemeral_containers(pod: Object, context: PodContext, *, kinds: Sequence[str] = ()) -> list[Object]:
    """The virtual pod's ephemeral containers for the host pod's ``ephemeralcontainers`` subresource.

    Args:
        pod: the virtual pod.
        context: its surroundings.
        kinds: the ConfigMaps that the host pod was created with (``config_map_kinds``).
    """
    rename, maps = _rename(pod, context), environment_maps(pod, kinds, context.scope)
    services = inline_variables(service_variables(pod, context), kinds, context)
    return [
        host_container(container, pod, context, rename=rename, services=services, maps=maps)
        for container in pod["spec"].get("ephemeralContainers") or ()
        if not context.isolated or isolation.may_run(container)
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


def _metadata(pod: Object, spec: Object, context: PodContext, *, kinds: Sequence[str]) -> Object:
    namespace_labels = host_namespace_labels(context.namespace_labels)
    shown = {} if POD_DOWNWARD in kinds else shown_annotations(pod)
    # The bookkeeping names each key once more.
    keys_of = (*labels_of(pod), *annotations_of(pod), *namespace_labels, *kinds)
    metadata = host_metadata(
        pod,
        kind="Pod",
        scope=context.scope,
        reserved=sum(len(key) + 3 for key in keys_of) + sum(len(text.encode()) for text in shown.values()),
        needed=referenced_annotations(pod),
    )
    labels = {**metadata["labels"], **namespace_labels}
    annotations = {**metadata["annotations"], **shown}
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
