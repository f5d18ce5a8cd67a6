"""Usage of a node and its pods: the host kubelet's metrics, where the syncer may read them.

That takes the right to `nodes/proxy` on the host, which no namespaced Role can give. Without it, CPU and
memory are estimated from the host's metrics, where it has them, and the rest is 501.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, TypeVar
from urllib.parse import quote

from vcli.errors import UnreachableError, VcliError
from vcli.kube import codec
from vcli.kube.client import Client
from vcli.kube.errors import ApiError, Forbidden, NotFound
from vcli.kube.types import Object
from vcli.syncer.engine.log import Log
from vcli.syncer.kinds.pods.lookup import Lookup
from vcli.syncer.kubelet.estimated import EstimatedUsage
from vcli.syncer.kubelet.exposition import VirtualPod, virtual_metrics, virtual_summary
from vcli.syncer.metrics_api.source import HostUsage
from vcli.syncer.serving import Refused
from vcli.syncer.translate.names import HostName, VirtualName
from vcli.syncer.translate.scope import Scope

log = Log(__name__)


Answer = TypeVar("Answer", str, Object)

# Seconds until a host that has answered 403 is asked again.
_ASK_AGAIN: Final = 60.0


class Usage:
    """Reads the metrics of the host's kubelets and keeps what concerns this cluster."""

    def __init__(
        self,
        host: Client,
        *,
        scope: Scope,
        lookup: Lookup,
        pods_on: Callable[[str], Iterable[Object]],
        source: HostUsage,
    ) -> None:
        self._host = host
        self._scope = scope
        self._lookup = lookup
        self._pods_on = pods_on
        self._estimated = EstimatedUsage(source, pods_on=pods_on)
        self._not_before = 0.0

    async def metrics(self, node: str, path: str) -> str:
        """Give `/metrics/resource`, `/metrics/cadvisor` or `/metrics/probes` of a node.

        Raises:
            Refused: 501 we may not ask, 503 the host does not answer, 502 it could not say.
        """
        body = await self._ask(node, path)
        if body is None:
            if path != "/metrics/resource":
                raise _not_allowed()
            return await _estimate(self._estimated.exposition(node))
        text = body.decode("utf-8", "replace")
        namespace = self._scope.host_namespace
        # Megabytes on a big node; nobody else should wait for it.
        return await asyncio.to_thread(
            virtual_metrics, text, pods=self._virtual_pods(node), host_namespace=namespace
        )

    async def summary(self, node: str, *, only_cpu_and_memory: bool) -> Object:
        """Give `/stats/summary` of a node.

        Raises:
            Refused: as `metrics`.
        """
        query = "?only_cpu_and_memory=true" if only_cpu_and_memory else ""
        body = await self._ask(node, f"/stats/summary{query}")
        if body is None:
            return await _estimate(self._estimated.summary(node))
        namespace = self._scope.host_namespace
        return virtual_summary(codec.loads(body), pods=self._virtual_pods(node), host_namespace=namespace)

    async def _ask(self, node: str, path: str) -> bytes | None:
        """What the host's kubelet says; None where we may not ask it."""
        now = asyncio.get_running_loop().time()
        if now < self._not_before:
            return None
        try:
            answer = await self._host.request("GET", f"/api/v1/nodes/{quote(node, safe='')}/proxy{path}")
        except Forbidden:
            self._not_before = now + _ASK_AGAIN
            return None
        except UnreachableError as error:
            raise Refused(503, "the host cluster does not answer") from error
        except ApiError as error:
            log.warning("usage not readable", node=node, path=path, error=error.message)
            raise Refused(502, "the host cluster could not report this node's usage") from error
        return answer.body

    def _virtual_pods(self, node: str) -> dict[HostName, VirtualPod]:
        found = {}
        for pod in self._pods_on(node):
            name = VirtualName(pod["metadata"]["namespace"], pod["metadata"]["name"])
            on_host = self._lookup(name)
            if on_host is not None and on_host.node == node:
                found[on_host.name] = VirtualPod(
                    name=name, uid=on_host.uid, containers=on_host.containers, claims=_claims(pod)
                )
        return found


async def _estimate(answer: Awaitable[Answer]) -> Answer:
    try:
        return await answer
    except (NotFound, Forbidden):
        raise _not_allowed() from None
    except VcliError as error:
        raise Refused(503, "the host cluster does not serve its metrics now") from error


def _claims(pod: Object) -> dict[str, str]:
    """Give the claim of each volume that has one, ephemeral ones too."""
    claims = {}
    for volume in pod["spec"].get("volumes") or ():
        if "persistentVolumeClaim" in volume:
            claims[volume["name"]] = volume["persistentVolumeClaim"]["claimName"]
        elif "ephemeral" in volume:
            claims[volume["name"]] = f"{pod['metadata']['name']}-{volume['name']}"
    return claims


def _not_allowed() -> Refused:
    return Refused(501, "the host cluster does not let this virtual cluster read the usage of its nodes")
