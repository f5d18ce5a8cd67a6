"""What virtual clusters there are on a host."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from vcli.kube.client import Client
from vcli.kubeconfig.auth import load_access
from vcli.kubeconfig.model import Mark
from vcli.operations.resolve import VirtualCluster, find_clusters

# A list is asked for by people and by scripts that poll: an API server that takes longer is as good as down.
TIMEOUT = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A virtual cluster in a list.

    Attributes:
        cluster: what the host says of it.
        connected: the current context of the kubeconfig is that of this cluster.
    """

    cluster: VirtualCluster
    connected: bool


async def list_clusters(
    *,
    kubeconfig: str | None = None,
    context: str | None = None,
    namespace: str | None = None,
    timeout: float | None = None,  # noqa: ASYNC109  the client's, of each request
    limited: Callable[[list[str]], None] = lambda _: None,
) -> list[Listed]:
    """All virtual clusters of a host, ours and those of loft-sh's CLI.

    In all namespaces; where that is not allowed, in those of `vcli.operations.own_namespace.candidates`.

    Args:
        kubeconfig: ``--kubeconfig``.
        context: ``--context``, of the host.
        namespace: only there.
        timeout: seconds for a request.
        limited: called with the namespaces that were looked at when we may not look at all.

    Raises:
        Unreachable: the host does not answer.
        NotListableError: we may not.
    """
    loaded = load_access(kubeconfig=kubeconfig, context=context)
    async with Client(loaded.access, timeout=timeout or TIMEOUT) as client:
        found = await find_clusters(client, namespace=namespace, limited=limited)
    mark, host = loaded.connected, loaded.context_name
    return [Listed(cluster=each, connected=_is(mark, each, host)) for each in found]


def _is(mark: Mark | None, cluster: VirtualCluster, host: str) -> bool:
    return mark is not None and (mark.name, mark.namespace, mark.host_context) == (
        cluster.name,
        cluster.namespace,
        host,
    )


def age(created: str, now: datetime | None = None) -> str:
    """How long ago a time of the API was, as kubectl shows it: ``45s``, ``12m``, ``5h``, ``3d``.

    Args:
        created: RFC 3339; empty gives an empty text.
        now: the present, for tests.
    """
    if not created:
        return ""
    past = (now or datetime.now(UTC)) - datetime.fromisoformat(created)
    seconds = max(int(past.total_seconds()), 0)
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
