"""PodDisruptionBudgets: what the virtual cluster has counted, as a number that the host need not count.

The host can't take a percentage, or `maxUnavailable`: these are of the size of a workload, which only the
virtual cluster has. So the host's budget asks for as many healthy pods as the virtual one's status desires.
"""

from typing import Final

from vcli.kube.types import conditions
from vcli.syncer.translate.labels import host_label_selector
from vcli.syncer.translate.metadata import host_metadata
from vcli.syncer.translate.objects import Object
from vcli.syncer.translate.scope import Scope

ALL: Final = 2**31 - 1
"""More pods than there are: nothing may be evicted."""


def is_counted(budget: Object) -> bool:
    """Whether the virtual cluster's controller has looked at it: before, its status means nothing."""
    return "observedGeneration" in (budget.get("status") or {}) or _has_failed(budget)


def to_host(budget: Object, *, scope: Scope) -> Object:
    """The complete host PodDisruptionBudget of one that `is_counted`.

    Without a selector it selects nothing, with an empty one all pods of its virtual namespace.
    """
    wanted = budget["spec"]
    spec: Object = {"minAvailable": ALL if _has_failed(budget) else budget["status"]["desiredHealthy"]}
    if wanted.get("selector") is not None:
        namespace = budget["metadata"]["namespace"]
        spec["selector"] = host_label_selector(wanted["selector"], namespace, scope)
    if wanted.get("unhealthyPodEvictionPolicy"):
        spec["unhealthyPodEvictionPolicy"] = wanted["unhealthyPodEvictionPolicy"]
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": host_metadata(budget, kind="PodDisruptionBudget", scope=scope),
        "spec": spec,
    }


def _has_failed(budget: Object) -> bool:
    """Whether the controller can't count, as for pods of an unknown workload: then it allows no eviction."""
    return any(
        each["type"] == "DisruptionAllowed" and each.get("reason") == "SyncFailed"
        for each in conditions(budget)
    )
