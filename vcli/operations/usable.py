"""Virtual clusters that can't be connected to as they are, and what is done about it."""

from vcli import invocation
from vcli.errors import ConflictError
from vcli.invocation import vcli
from vcli.kube.client import Client
from vcli.kube.errors import Forbidden, NotFound
from vcli.operations.resolve import NotListableError, VirtualCluster, find_clusters
from vcli.operations.workloads import is_paused, paused_error, scale_up, title


def refuse_deleted(cluster: VirtualCluster) -> None:
    """See that it is not being deleted.

    Raises:
        ConflictError: it is.
    """
    if cluster.deleting:
        shown = vcli("list", namespace=cluster.namespace)
        raise ConflictError(f"{title(cluster)} is being deleted", hint=f"{shown} shows when it is gone")


async def usable(client: Client, cluster: VirtualCluster) -> VirtualCluster:
    """The virtual cluster, resumed if it was paused, which is said.

    Args:
        client: of the host.
        cluster: as the host has it.

    Raises:
        ConflictError: it is being deleted.
        NotAllowedError: it is paused, and we may not resume it.
    """
    refuse_deleted(cluster)
    if not is_paused(cluster):
        return cluster
    resumed = await scale_up(client, cluster)
    invocation.notify(f"{title(cluster)} was paused: it is resumed")
    return resumed


async def refuse_paused(client: Client, name: str, namespace: str) -> None:
    """See that a virtual cluster is not paused, as far as we may see that.

    Raises:
        ConflictError: it is.
    """
    try:
        found = await find_clusters(client, name=name, namespace=namespace)
    except (Forbidden, NotFound, NotListableError):
        return
    for cluster in filter(is_paused, found):
        raise paused_error(cluster)
