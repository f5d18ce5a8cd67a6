"""Virtual clusters of a host, as a list of them shows each."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from vcli.operations.list import Listed


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualClusterInfo:
    """A virtual cluster in a list.

    Attributes:
        name: of the virtual cluster.
        namespace: on the host.
        status: Running, Degraded, Starting, Paused, Sleeping or Terminating.
        version: of Kubernetes inside, as far as it is known.
        distro: k8s, k3s or k0s; None when it is not known.
        connected: the current context of the kubeconfig is its.
        tunnel: whether its tunnel in the background runs; None when there is none.
        created: RFC 3339.
        kind: of its workload: StatefulSet or Deployment.
        replicas: that the workload should have.
        ready: that it has.
        managed_by: the tool that made it, ``vcli`` or ``loft-sh``.
    """

    name: str
    namespace: str
    status: str
    version: str | None
    distro: str | None
    connected: bool
    tunnel: Literal["running", "stopped"] | None
    created: str
    kind: str
    replicas: int
    ready: int
    managed_by: str


async def list_infos(
    *,
    namespace: str | None,
    kubeconfig: str | Path | None,
    context: str | None,
    timeout: float | None,  # noqa: ASYNC109  the client's, of each request
) -> list[VirtualClusterInfo]:
    """All virtual clusters of a host; see `vcli.operations.list.list_clusters`."""
    from vcli.operations.list import list_clusters  # noqa: PLC0415  importing the library stays quick

    path = None if kubeconfig is None else str(kubeconfig)
    found = await list_clusters(namespace=namespace, kubeconfig=path, context=context, timeout=timeout)
    return [_info(each) for each in found]


def _info(listed: "Listed") -> VirtualClusterInfo:
    cluster = listed.cluster
    return VirtualClusterInfo(
        name=cluster.name,
        namespace=cluster.namespace,
        status=cluster.status,
        version=cluster.version,
        distro=cluster.distro,
        connected=listed.connected,
        tunnel=listed.tunnel,
        created=cluster.created,
        kind=cluster.kind,
        replicas=cluster.replicas,
        ready=cluster.ready,
        managed_by="vcli" if cluster.ours else "loft-sh",
    )
