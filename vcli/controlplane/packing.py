"""Components to workloads: which of them run together."""

from collections.abc import Sequence
from typing import Final

from vcli._version import __version__
from vcli.config.schema import Values
from vcli.controlplane import high_availability, manifests
from vcli.controlplane.components import Component
from vcli.controlplane.names import Names
from vcli.controlplane.roles import Role, order_of
from vcli.kube.types import Object

CHECKSUM: Final = "vcli.dev/checksum"
VERSION: Final = "vcli.dev/version"
"""Annotation: the vcli that made or upgraded it."""
RENEWED: Final = "vcli.dev/certificates-renewed"
"""Annotation of the pod: when certificates were renewed that a running component does not read again."""
# What depends on values comes after what is always there: another order would be another pod.
_LAST: Final = ("data", "bundle")


def one_pod(
    names: Names,
    values: Values,
    components: Sequence[Component],
    *,
    claims: Sequence[Object],
    checksum: str,
    renewed: str = "",
) -> Object:
    """A StatefulSet with all components in its pod, without the labels and owner that all objects get.

    Args:
        names: of the virtual cluster.
        values: what the user chose.
        components: in any order.
        claims: volume claim templates.
        checksum: of the settings, which the pod reads once only; another one restarts the pod.
        renewed: when certificates were renewed; another one restarts the pod.
    """
    (workload,) = manifests.load("control-plane/statefulset.yaml")
    chosen = values.control_plane.stateful_set
    spec, template = workload["spec"], workload["spec"]["template"]
    workload["metadata"] = {
        "name": names.stateful_set,
        "labels": chosen.labels,
        # On the object only, not on its pods: another version alone is no reason to restart them.
        "annotations": {**chosen.annotations, VERSION: __version__},
    }
    spec["serviceName"] = names.headless
    spec["podManagementPolicy"] = chosen.scheduling.pod_management_policy
    spec["selector"]["matchLabels"] = names.selector
    spec["persistentVolumeClaimRetentionPolicy"]["whenDeleted"] = (
        chosen.persistence.volume_claim.retention_policy
    )
    if claims:
        spec["volumeClaimTemplates"] = list(claims)
    template["metadata"] = {
        # The selector's labels win: without them the StatefulSet would not find its pod.
        "labels": {**chosen.pods.labels, **names.labels},
        "annotations": {
            **chosen.pods.annotations,
            CHECKSUM: checksum,
            **({RENEWED: renewed} if renewed else {}),
        },
    }
    pod = template["spec"]
    pod["serviceAccountName"] = names.service_account
    _fill(pod, components)
    _schedule(pod, values)
    _secure(pod, values)
    high_availability.spread(workload, values)
    return workload


def _fill(pod: Object, components: Sequence[Component]) -> None:
    ordered = sorted(components, key=lambda each: order_of(each.name))
    # Several components may mount one volume.
    # The syncer's come last, as in the chart, whose parts are the manifests one after the other.
    by_manifest = sorted(ordered, key=lambda each: Role.SYNCER in each.roles)
    volumes = {volume["name"]: volume for each in by_manifest for volume in each.volumes}
    pod["containers"] = [each.container for each in ordered]
    pod["volumes"] = sorted(volumes.values(), key=_place_of)


def _place_of(volume: Object) -> int:
    return _LAST.index(volume["name"]) if volume["name"] in _LAST else -1


def _schedule(pod: Object, values: Values) -> None:
    scheduling = values.control_plane.stateful_set.scheduling
    fields = {
        "nodeSelector": scheduling.node_selector,
        "affinity": scheduling.affinity,
        "tolerations": list(scheduling.tolerations),
        "topologySpreadConstraints": list(scheduling.topology_spread_constraints),
        "priorityClassName": scheduling.priority_class_name,
    }
    pod.update({key: value for key, value in fields.items() if value})


def _secure(pod: Object, values: Values) -> None:
    security = values.control_plane.stateful_set.security
    pod["securityContext"] |= security.pod_security_context
    if given := security.container_security_context:
        for container in pod["containers"]:
            container["securityContext"] = _over(container.get("securityContext", {}), given)


def _over(default: Object, given: Object) -> Object:
    """A security context with fields of the values; capabilities add up: programs can't start without."""
    found = {**default, **given}
    if capabilities := given.get("capabilities"):
        own = default.get("capabilities", {})
        both = {key: [*own.get(key, ()), *capabilities.get(key, ())] for key in ("add", "drop")}
        found["capabilities"] = {key: list(dict.fromkeys(names)) for key, names in both.items() if names}
    return found
