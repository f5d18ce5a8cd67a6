"""What of a pod the host doesn't do, in sentences for events."""

from collections.abc import Iterator

from vcli.syncer.translate.metadata import left_out
from vcli.syncer.translate.objects import Object
from vcli.syncer.translate.pods.context import PodContext
from vcli.syncer.translate.pods.dns import full_hostname
from vcli.syncer.translate.scope import Scope

DEFAULT_SCHEDULER = "default-scheduler"


def unsupported(pod: Object, *, resource_claims: bool = False) -> list[str]:
    """Why a pod can't run on the host; empty when it can.

    Args:
        pod: the virtual pod.
        resource_claims: whether ResourceClaims are synced.
    """
    spec = pod["spec"]
    reasons = []
    if spec.get("resourceClaims") and not resource_claims:
        reasons.append(
            "spec.resourceClaims: resource claims are not available in this virtual cluster;"
            " the value sync.toHost.resourceClaims.enabled=true syncs them"
        )
    if spec.get("schedulingGroup"):
        reasons.append("spec.schedulingGroup: gang scheduling is not available in a virtual cluster")
    for volume in spec.get("volumes") or ():
        for source in (volume.get("projected") or {}).get("sources") or ():
            reasons += [
                f"volume {volume['name']}: the projected source {kind} is not available in a virtual cluster"
                for kind in ("clusterTrustBundle", "podCertificate")
                if source.get(kind)
            ]
    return reasons


def without_effect(pod: Object, context: PodContext) -> list[str]:
    """What the host leaves out, of a pod that runs nevertheless."""
    return list(_without_effect(pod, context))


def left_out_annotations(pod: Object, host_pod: Object, *, scope: Scope) -> list[str]:
    """A sentence about the annotations that the host pod has no room for; none where it has all."""
    gone = left_out(pod, host_pod, scope=scope)
    if not gone:
        return []
    return [f"metadata.annotations: {', '.join(gone)} left out on the host, which has no room for all"]


def awaited_scheduler(pod: Object, *, inside: bool = False) -> str | None:
    """The scheduler in the virtual cluster that has yet to bind the pod; None where it is the host's.

    Args:
        pod: the virtual pod.
        inside: whether the default scheduler is in the virtual cluster too; else it is the host's.
    """
    spec = pod["spec"]
    name: str = spec.get("schedulerName") or DEFAULT_SCHEDULER
    is_hosts = name == DEFAULT_SCHEDULER and not inside
    return None if is_hosts or spec.get("nodeName") else name


def _without_effect(pod: Object, context: PodContext) -> Iterator[str]:
    spec = pod["spec"]
    priority = spec.get("priorityClassName")
    if priority and spec.get("priority") and priority not in context.priority_classes:
        yield (
            f"spec.priorityClassName: {priority} is a class of the virtual cluster alone;"
            " the host runs the pod with its own default priority"
        )
    if spec.get("hostnameOverride") and not context.hostname_override:
        yield "spec.hostnameOverride: the host's version of Kubernetes does not know it"
    wants_full = spec.get("setHostnameAsFQDN") and spec.get("subdomain") and not spec.get("hostNetwork")
    if wants_full and not full_hostname(pod, context):
        yield "spec.setHostnameAsFQDN: " + (
            "the name is longer than 63 characters"
            if context.hostname_override
            else "the host's version of Kubernetes can't set it"
        )
