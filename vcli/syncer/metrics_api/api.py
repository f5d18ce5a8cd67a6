"""`metrics.k8s.io` as kube-apiserver passes it on: discovery, pods and nodes, read only.

kube-apiserver has authenticated and authorized whoever asks; nobody else has a certificate to come here with.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final
from urllib.parse import parse_qs

from vcli.errors import VcliError
from vcli.kube import codec
from vcli.kube.types import Object
from vcli.syncer.engine.log import Log
from vcli.syncer.metrics_api import documents
from vcli.syncer.metrics_api.documents import (
    GROUP,
    GROUP_VERSION,
    PodUsage,
    listed,
    node_metrics,
    pod_metrics,
)
from vcli.syncer.metrics_api.selectors import field_selector, label_selector, selected
from vcli.syncer.metrics_api.source import HostUsage
from vcli.syncer.serving import Exchange, Refused, Request

log = Log(__name__)


_JSON: Final = "application/json"
_DISCOVERY: Final[Mapping[str, Object]] = {
    "/apis": documents.API_GROUPS,
    f"/apis/{GROUP}": documents.API_GROUP,
    f"/apis/{GROUP_VERSION}": documents.API_RESOURCES,
    "/openapi/v2": documents.OPENAPI_V2,
    "/openapi/v3": documents.OPENAPI_V3,
}
_ROUTE: Final = re.compile(
    rf"/apis/{GROUP_VERSION}/"
    r"(?:(?P<nodes>nodes)(?:/(?P<node>[^/]+))?"
    r"|pods|namespaces/(?P<namespace>[^/]+)/pods(?:/(?P<name>[^/]+))?)\Z"
)


class MetricsApi:
    """Answers requests for metrics.

    Args:
        source: what pods use.
        nodes: gives the virtual Nodes.
    """

    def __init__(self, source: HostUsage, *, nodes: Callable[[], Iterable[Object]]) -> None:
        self._source = source
        self._nodes = nodes

    async def answer(self, exchange: Exchange) -> None:
        """Answer one request; what is wrong with it is a Status."""
        try:
            body, code = await self._find(exchange.request), 200
        except Refused as refused:
            body, code = documents.failure(refused.status, refused.message), refused.status
        await exchange.reply(codec.dumps(body), status=code, content_type=_JSON)

    async def _find(self, request: Request) -> Object:
        path = request.target.rstrip("/")
        if request.method != "GET":
            raise Refused(405, "metrics can only be read")
        if path in _DISCOVERY:
            return _DISCOVERY[path]
        route = _ROUTE.match(path)
        if route is None:
            raise Refused(404, "the server could not find the requested resource")
        chosen, of_nodes = _chosen(request.query), route["nodes"] is not None
        kind, items = ("NodeMetrics", self._of_nodes) if of_nodes else ("PodMetrics", self._of_pods)
        found = [item for item in await items() if _is_in(item, route["namespace"])]
        name = route["name"] or route["node"]
        if name is None:
            return listed(kind, filter(chosen, found))
        for item in found:
            if item["metadata"]["name"] == name:
                return item
        raise Refused(404, f'{kind.lower()}.{GROUP} "{name}" not found')

    async def _of_pods(self) -> list[Object]:
        return [pod_metrics(usage) for usage in await self._usages()]

    async def _of_nodes(self) -> list[Object]:
        by_node: dict[str, list[PodUsage]] = {}
        for usage in await self._usages():
            by_node.setdefault(usage.node, []).append(usage)
        found = (node_metrics(node, by_node.get(node["metadata"]["name"], [])) for node in self._nodes())
        return [each for each in found if each is not None]

    async def _usages(self) -> list[PodUsage]:
        try:
            return await self._source.usages()
        except VcliError as error:
            log.warning("metrics of the host can't be read", error=error.message)
            raise Refused(503, "the host cluster does not serve its metrics now") from error


def _is_in(item: Object, namespace: str | None) -> bool:
    return namespace is None or item["metadata"].get("namespace") == namespace


def _chosen(query: str) -> Callable[[Object], bool]:
    """The selectors of a query, as a filter.

    Raises:
        Refused: they can't be understood.
    """
    asked = parse_qs(query)
    if asked.get("watch", ["false"])[0] not in ("false", "0"):
        raise Refused(405, "metrics can't be watched")
    try:
        labels = label_selector(asked.get("labelSelector", [""])[0])
        fields = field_selector(asked.get("fieldSelector", [""])[0])
    except ValueError as error:
        raise Refused(400, str(error)) from error
    return lambda item: selected(item, labels=labels, fields=fields)
