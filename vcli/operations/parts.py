"""Which objects on the host are a control plane's own: known one by one, never by how a name begins.

What runs inside a virtual cluster has objects beside them, whose names and texts are the tenants'.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from vcli.contract.labels import MANAGED_BY
from vcli.kube.client import Client
from vcli.kube.errors import Forbidden, NotFound
from vcli.kube.resources import DEPLOYMENTS, PODS, PVCS, REPLICASETS, SERVICES, STATEFULSETS, Resource
from vcli.operations.resolve import VirtualCluster

Reference = tuple[str, str]
"""Kind and name."""

_MANAGED_BY_OTHERS: Final = "vcluster.loft.sh/managed-by"
_KINDS: Final = (STATEFULSETS, DEPLOYMENTS, REPLICASETS, PODS, SERVICES, PVCS)


def selector(cluster: VirtualCluster) -> str:
    """Selects what is labelled as the control plane's, and was not synced."""
    return f"{cluster.selector},!{MANAGED_BY},!{_MANAGED_BY_OTHERS}"


def reference(target: Mapping[str, Any]) -> Reference:
    """Kind and name of what an event is about."""
    return str(target.get("kind", "")), str(target.get("name", ""))


async def parts(client: Client, cluster: VirtualCluster) -> frozenset[Reference]:
    """The objects of a control plane that there are, and those that its workload would have.

    A kind that may not be listed is left out.

    Args:
        client: of the host.
        cluster: whose control plane.
    """
    found = await asyncio.gather(*(_listed(client, resource, cluster) for resource in _KINDS))
    return frozenset().union(_expected(cluster), *found)


def _expected(cluster: VirtualCluster) -> set[Reference]:
    """What follows from the workload: a pod or claim that can't be made is known by its events alone."""
    name = str(cluster.workload["metadata"]["name"])
    known = {(cluster.kind, name), (SERVICES.kind, cluster.name), (SERVICES.kind, f"{cluster.name}-headless")}
    if cluster.kind != STATEFULSETS.kind:
        return known
    spec = cluster.workload["spec"]
    templates = spec.get("volumeClaimTemplates") or ()
    start = (spec.get("ordinals") or {}).get("start", 0)
    for ordinal in range(start, start + max(cluster.replicas, 1)):
        known.add((PODS.kind, f"{name}-{ordinal}"))
        known |= {(PVCS.kind, f"{each['metadata']['name']}-{name}-{ordinal}") for each in templates}
    return known


async def _listed(client: Client, resource: Resource, cluster: VirtualCluster) -> set[Reference]:
    try:
        found = await client.list(resource, namespace=cluster.namespace, label_selector=selector(cluster))
    except (Forbidden, NotFound):
        return set()
    return {(resource.kind, str(item["metadata"]["name"])) for item in found["items"]}
