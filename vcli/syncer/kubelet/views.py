"""What a virtual kubelet answers without a connection to a pod: health, its pods, their usage."""

from collections.abc import Callable, Iterable
from typing import Final
from urllib.parse import parse_qs

from vcli.kube import codec
from vcli.kube.types import Object
from vcli.syncer.engine.prometheus import CONTENT_TYPE, exposition
from vcli.syncer.kubelet.usage import Usage
from vcli.syncer.serving import Exchange, Refused

PodsOn = Callable[[str], Iterable[Object]]

_JSON: Final = "application/json"


class Views:
    """The read-only endpoints of the kubelets."""

    def __init__(self, pods_on: PodsOn, usage: Usage) -> None:
        self._pods_on = pods_on
        self._usage = usage

    async def serve(self, exchange: Exchange, node: str, path: str) -> None:
        """Answer a request for a (decoded) path of the kubelet of `node`.

        Raises:
            Refused: 404 no such path, 405 not a GET, or what the host answered about usage.
        """
        if exchange.request.method != "GET":
            raise Refused(405, "Method Not Allowed")
        match path:
            case "/healthz" | "/healthz/ping" | "/healthz/log" | "/healthz/syncloop":
                await exchange.reply("ok")
            case "/pods":
                await _pods(exchange, self._pods_on(node))
            case "/runningpods":
                await _pods(exchange, filter(_is_running, self._pods_on(node)))
            case "/stats/summary":
                asked = parse_qs(exchange.request.query).get("only_cpu_and_memory", ["false"])
                summary = await self._usage.summary(node, only_cpu_and_memory=asked[0] == "true")
                await exchange.reply(codec.dumps(summary), content_type=_JSON)
            case "/metrics/resource" | "/metrics/cadvisor" | "/metrics/probes":
                await exchange.reply(await self._usage.metrics(node, path), content_type=CONTENT_TYPE)
            case "/metrics":
                await exchange.reply(_own_metrics(node, self._pods_on(node)), content_type=CONTENT_TYPE)
            case _:
                raise Refused(404, "404: Page Not Found")


async def _pods(exchange: Exchange, pods: Iterable[Object]) -> None:
    body = {"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": list(pods)}
    await exchange.reply(codec.dumps(body), content_type=_JSON)


def _is_running(pod: Object) -> bool:
    return bool((pod.get("status") or {}).get("phase") == "Running")


def _own_metrics(node: str, pods: Iterable[Object]) -> str:
    """Give what a kubelet counts and we know: names and meaning as there."""
    return exposition(
        (
            ("kubelet_node_name", f'{{node="{node}"}}', 1, None),
            ("kubelet_running_pods", "", sum(map(_is_running, pods)), None),
        )
    )
