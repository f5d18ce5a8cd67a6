"""What virtual clusters there are on a host."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from vcli.kube.client import Client
from vcli.kube.errors import Forbidden, NotFound
from vcli.kube.resources import SECRETS
from vcli.kubeconfig.auth import load_access
from vcli.kubeconfig.model import Mark, View
from vcli.kubeconfig.paths import sources
from vcli.kubeconfig.read import load
from vcli.operations.certificate_ends import ends_of
from vcli.operations.exposed import exposed
from vcli.operations.probe import recounted
from vcli.operations.resolve import VirtualCluster, check_place, find_clusters
from vcli.operations.tunnel_uses import in_use
from vcli.portforward import background
from vcli.portforward.state import TunnelState

# A list is asked for by people and by scripts that poll: an API server that takes longer is as good as down.
TIMEOUT = 10.0

Status = Literal["running", "stopped"]
"""Of a tunnel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A virtual cluster in a list.

    Attributes:
        cluster: what the host says of it.
        connected: the current context of the kubeconfig is that of this cluster.
        tunnel: whether the tunnel to it runs: that of the current context where it is connected; None when
            there is none.
        ends: of the control plane's certificates; None when that was not asked for, or may not be read.
        exposed: how it is reached without a tunnel, see `vcli.operations.exposed`; None if it is not.
    """

    cluster: VirtualCluster
    connected: bool
    tunnel: Status | None = None
    ends: Mapping[str, datetime] | None = None
    exposed: str | None = None


async def list_clusters(
    *,
    kubeconfig: str | None = None,
    context: str | None = None,
    namespace: str | None = None,
    timeout: float | None = None,  # noqa: ASYNC109  the client's, of each request
    limited: Callable[[list[str]], None] = lambda _: None,
    certificates: bool = False,
) -> list[Listed]:
    """All virtual clusters of a host, ours and those of loft-sh's CLI.

    In all namespaces; where that is not allowed, in those of `vcli.operations.own_namespace.candidates`.

    Args:
        kubeconfig: ``--kubeconfig``.
        context: ``--context``, of the host.
        namespace: only there.
        timeout: seconds for a request.
        limited: called with the namespaces that were looked at when we may not look at all.
        certificates: find out when they end, at a request for each cluster.

    Raises:
        Unreachable: the host does not answer.
        NotListableError: we may not.
    """
    check_place(None, namespace)
    loaded = load_access(kubeconfig=kubeconfig, context=context)
    async with Client(loaded.access, timeout=timeout or TIMEOUT) as client:
        found = await find_clusters(client, namespace=namespace, limited=limited)
        ways, found = await asyncio.gather(
            exposed(client, found, namespace=namespace),
            asyncio.gather(*(recounted(client, each) for each in found)),
        )
        asked = found if certificates else []
        ends = await asyncio.gather(*(_ends(client, each) for each in asked)) or [None] * len(found)
    mark, host = loaded.connected, loaded.context_name
    records = await asyncio.to_thread(background.records)
    listed = []
    for each, known in zip(found, ends, strict=True):
        connected = _is(mark, each, host)
        cluster = (loaded.access.server, each.namespace, each.name)
        states = [state for state in records if state.spec.cluster == cluster]
        if connected:
            tunnel = _of_context(states, kubeconfig)
        else:
            tunnel = _status(states) if any(state.alive or in_use(state) for state in states) else None
        way = ways.get((each.namespace, each.name))
        listed.append(Listed(cluster=each, connected=connected, tunnel=tunnel, ends=known, exposed=way))
    return listed


async def _ends(client: Client, cluster: VirtualCluster) -> dict[str, datetime] | None:
    try:
        secret = await client.get(SECRETS, f"{cluster.name}-certs", namespace=cluster.namespace)
    except (Forbidden, NotFound):
        return None
    return ends_of(secret.get("data") or {})


def _of_context(states: Sequence[TunnelState], kubeconfig: str | None) -> Status | None:
    """Whether the tunnel that the current context leads through runs; None if it leads through none."""
    view = View({path: file.data for path, file in load(sources(kubeconfig)).items()})
    context = view.get("contexts", view.current)
    cluster = view.get("clusters", str(context.body.get("cluster"))) if context else None
    user = view.get("users", str(context.body.get("user"))) if context else None
    through = [state for state in states if cluster and state.server == cluster.body.get("server")]
    if through:
        return _status(through)
    # Its traces are gone, as in another state folder.
    return "stopped" if user and "--tunnel" in ((user.body.get("exec") or {}).get("args") or ()) else None


def _status(states: Sequence[TunnelState]) -> Status:
    return "running" if any(state.alive for state in states) else "stopped"


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
