"""The workloads of a control plane: all of them scaled to zero, and back to what each had.

The marks are those of loft-sh's CLI, so that either resumes what the other has paused.
"""

from dataclasses import replace
from typing import Final

from vcli.contract.labels import CLUSTER, MANAGED_BY, PAUSED, SLEEPING_SINCE
from vcli.contract.labels import PAUSED_REPLICAS as REPLICAS
from vcli.controlplane.apply import together
from vcli.errors import ConflictError, NotAllowedError
from vcli.invocation import vcli
from vcli.kube.client import Client
from vcli.kube.errors import Forbidden
from vcli.kube.resources import DEPLOYMENTS, STATEFULSETS, Resource
from vcli.kube.types import Object, annotations
from vcli.operations.resolve import VirtualCluster, cluster_of

_OF_OTHERS: Final = "app in (vcluster,vcluster-api,vcluster-controller,vcluster-etcd)"
"""A control plane of loft-sh's CLI that is spread over several workloads."""


def own_objects(cluster: VirtualCluster) -> str:
    """Selects workloads and pods of a control plane: all of its components, and nothing synced."""
    if cluster.ours:
        return f"{CLUSTER}={cluster.name},!{MANAGED_BY}"
    return f"{_OF_OTHERS},release={cluster.name}"


async def workloads_of(client: Client, cluster: VirtualCluster) -> list[Object]:
    """The workloads of a control plane, each with its kind.

    Raises:
        ApiError: we may not list them.
    """

    async def listed(resource: Resource) -> list[Object]:
        found = await client.list(resource, namespace=cluster.namespace, label_selector=own_objects(cluster))
        return [{**item, "kind": resource.kind} for item in found["items"]]

    return [item for items in await together(map(listed, (STATEFULSETS, DEPLOYMENTS))) for item in items]


async def scale_down(client: Client, cluster: VirtualCluster) -> bool:
    """Scale a control plane to zero, and mark that this is on purpose.

    Returns:
        Whether anything changed.
    """
    found = [each for each in await workloads_of(client, cluster) if _pausing(each)]
    await together(_patch(client, each, _pausing(each)) for each in found)
    return bool(found)


async def scale_up(client: Client, cluster: VirtualCluster) -> VirtualCluster:
    """Scale a control plane to what it was before it was paused, and remove the marks.

    Returns:
        The virtual cluster as it is now: nothing of it is ready.

    Raises:
        NotAllowedError: we may not.
    """
    found = [each for each in await workloads_of(client, cluster) if _resuming(each)]
    try:
        changed = await together(_patch(client, each, _resuming(each)) for each in found)
    except Forbidden as error:
        raise NotAllowedError(
            f"{title(cluster)} is paused, and you may not resume it: {error.message}",
            hint="who may change StatefulSets there resumes it:"
            f" {vcli('resume', cluster.name, namespace=cluster.namespace)}",
        ) from error
    main = cluster.workload["metadata"]["uid"]
    workload = next((each for each in changed if each["metadata"]["uid"] == main), cluster.workload)
    # What its status says is of the time before.
    return replace(cluster_of(workload, kind=cluster.kind), ready=0)


def is_paused(cluster: VirtualCluster) -> bool:
    """Whether it has no pod on purpose, with the marks or without."""
    return cluster.paused or cluster.replicas == 0


def title(cluster: VirtualCluster) -> str:
    """How messages name it."""
    return f"virtual cluster {cluster.name!r} in namespace {cluster.namespace!r}"


def paused_error(cluster: VirtualCluster) -> ConflictError:
    """The error for what needs a virtual cluster that runs."""
    resume = vcli("resume", cluster.name, namespace=cluster.namespace)
    return ConflictError(f"{title(cluster)} is paused, it has no pod", hint=f"start it: {resume}")


def _pausing(workload: Object) -> Object:
    """The change that pauses a workload; nothing where it is paused."""
    replicas = _replicas(workload)
    marks = annotations(workload)
    if not replicas and marks.get(PAUSED) == "true":
        return {}
    kept = str(replicas) if replicas else marks.get(REPLICAS, "1")
    return {"metadata": {"annotations": {PAUSED: "true", REPLICAS: kept}}, "spec": {"replicas": 0}}


def _resuming(workload: Object) -> Object:
    """The change that resumes a workload; nothing where it is not paused."""
    replicas = _replicas(workload)
    marks = annotations(workload)
    if replicas and PAUSED not in marks:
        return {}
    kept = marks.get(REPLICAS, "")
    wanted = replicas or (int(kept) if kept.isdecimal() else 0) or 1
    return {
        "metadata": {"annotations": {PAUSED: None, REPLICAS: None, SLEEPING_SINCE: None}},
        "spec": {"replicas": wanted},
    }


def _replicas(workload: Object) -> int:
    found = workload["spec"].get("replicas")
    return 1 if found is None else int(found)


async def _patch(client: Client, workload: Object, change: Object) -> Object:
    metadata = workload["metadata"]
    resource = STATEFULSETS if workload["kind"] == STATEFULSETS.kind else DEPLOYMENTS
    return await client.patch(resource, metadata["name"], change, namespace=metadata["namespace"])
