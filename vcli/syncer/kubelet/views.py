"""What a virtual kubelet answers from what the syncer knows, without asking the host."""

import json
from collections.abc import Callable, Iterable
from typing import Any, Final

from vcli.syncer.kubelet.exchange import Exchange
from vcli.syncer.kubelet.requests import Refused

Object = dict[str, Any]
PodsOn = Callable[[str], Iterable[Object]]

JSON: Final = "application/json"
_METRICS: Final = "text/plain; version=0.0.4; charset=utf-8"


class Views:
    """The read-only endpoints of the kubelets: health, pods."""

    def __init__(self, pods_on: PodsOn) -> None:
        self._pods_on = pods_on

    async def serve(self, exchange: Exchange, path: str) -> None:
        """Answer a request for a (decoded) path.

        Raises:
            Refused: 404 no such path, 405 not a GET, 501 known to a kubelet but not here.
        """
        if exchange.request.method != "GET":
            raise Refused(405, "Method Not Allowed")
        if path in ("/healthz", "/healthz/ping", "/healthz/log", "/healthz/syncloop"):
            await exchange.reply("ok")
        elif path == "/pods":
            await self._pods(exchange, self._pods_on(exchange.node))
        elif path == "/runningpods":
            await self._pods(exchange, (pod for pod in self._pods_on(exchange.node) if _is_running(pod)))
        elif path in ("/stats/summary", "/metrics/resource", "/metrics/cadvisor"):
            raise Refused(501, "this node's usage is not known to the virtual cluster")
        elif path in ("/metrics", "/metrics/probes"):
            await exchange.reply("", content_type=_METRICS)
        else:
            raise Refused(404, "404: Page Not Found")

    async def _pods(self, exchange: Exchange, pods: Iterable[Object]) -> None:
        body = {"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": list(pods)}
        await exchange.reply(json.dumps(body, separators=(",", ":")), content_type=JSON)


def _is_running(pod: Object) -> bool:
    return bool((pod.get("status") or {}).get("phase") == "Running")
