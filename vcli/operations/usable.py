"""Virtual clusters that can't be connected to, and what starts them."""

from vcli.errors import ConflictError
from vcli.invocation import kubectl, vcli
from vcli.kube.types import annotations
from vcli.operations.resolve import VirtualCluster


def refuse_unusable(cluster: VirtualCluster) -> None:
    """See that it can be connected to.

    Raises:
        ConflictError: it is paused, or being deleted.
    """
    where = f"virtual cluster {cluster.name!r} in namespace {cluster.namespace!r}"
    if cluster.deleting:
        shown = vcli("list", namespace=cluster.namespace)
        raise ConflictError(f"{where} is being deleted", hint=f"{shown} shows when it is gone")
    if cluster.paused or cluster.replicas == 0:
        raise ConflictError(f"{where} is paused, it has no pod", hint=_resume(cluster))


def _resume(cluster: VirtualCluster) -> str:
    """What loft-sh's CLI does to resume a virtual cluster, by kubectl."""
    replicas = annotations(cluster.workload).get("loft.sh/paused-replicas") or "1"
    workload = f"{cluster.kind.lower()}/{cluster.workload['metadata']['name']}"
    scale = kubectl("scale", workload, f"--replicas={replicas}", namespace=cluster.namespace)
    if not cluster.paused:
        return f"start it: {scale}"
    marks = ("loft.sh/paused-", "loft.sh/paused-replicas-")
    return f"start it: {scale} && {kubectl('annotate', workload, *marks, namespace=cluster.namespace)}"
