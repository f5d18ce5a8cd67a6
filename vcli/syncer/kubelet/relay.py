"""Sending a request about a pod on to the host's API, and what comes back to the client.

kube-apiserver opens exec, attach and port-forward as an upgrade to SPDY or, since 1.36 and where the Node
declares it, to WebSocket. Neither is understood here: after the host's 101 both connections are joined, byte
for byte.
"""

from contextlib import aclosing
from typing import Final

from vcli.errors import UnreachableError, VcliError
from vcli.kube.client import Client
from vcli.syncer.engine.log import Log
from vcli.syncer.kinds.pods.lookup import HostPod, Lookup
from vcli.syncer.kubelet.routes import LOGS, RUN, PodRoute
from vcli.syncer.kubelet.run import run_in_container
from vcli.syncer.serving import Exchange, Refused
from vcli.syncer.serving.sockets import keep_alive
from vcli.syncer.serving.streams import first_of, splice, until_gone
from vcli.syncer.translate.messages import rewrite
from vcli.syncer.translate.scope import Scope

log = Log(__name__)

# All that belongs to an upgrade. Whatever else the client sent (credentials, X-Forwarded-For) stays here.
_REQUEST_HEADERS: Final = ("x-stream-protocol-version", "sec-websocket-")
_RESPONSE_HEADERS: Final = ("connection", "upgrade", "x-stream-protocol-version", "sec-websocket-")


class Relay:
    """Relays requests about pods to the host."""

    def __init__(self, host: Client, *, scope: Scope, lookup: Lookup) -> None:
        self._host = host
        self._scope = scope
        self._lookup = lookup

    async def serve(self, exchange: Exchange, node: str, route: PodRoute) -> None:
        """Answer a request about a pod that came to the kubelet of `node`.

        Raises:
            Refused: no such pod or container on this node, or what the host said instead.
        """
        pod = self._find(node, route)
        path = route.host_path(namespace=self._scope.host_namespace, name=pod.name)
        try:
            if route.verb is LOGS:
                await self._logs(exchange, path)
            elif route.verb is RUN:
                await exchange.reply(await run_in_container(self._host, path))
            else:
                await self._upgrade(exchange, path)
        except VcliError as error:
            raise self._rejection(error, route, pod) from error

    def _find(self, node: str, route: PodRoute) -> HostPod:
        pod = self._lookup(route.pod)
        if pod is None or pod.node != node or route.uid not in (None, pod.uid):
            raise Refused(404, f'pod "{route.pod.name}" does not exist')
        if route.container is not None and route.container not in pod.containers:
            raise Refused(404, f'container "{route.container}" not found in pod "{route.pod.name}"')
        return pod

    async def _upgrade(self, exchange: Exchange, path: str) -> None:
        request = exchange.request
        if request.upgrade is None:
            raise Refused(400, "Upgrade request required")
        headers = {"Connection": "Upgrade", "Upgrade": request.upgrade}
        for name, value in request.headers:
            if name.lower().startswith(_REQUEST_HEADERS):
                # client-go repeats X-Stream-Protocol-Version; every server takes a list as well.
                key = name.title()
                headers[key] = f"{headers[key]}, {value}" if key in headers else value
        connection = await self._host.upgrade(request.method, path, headers=headers)
        keep_alive(connection.writer.get_extra_info("socket"))
        try:
            await exchange.switch_protocols(
                [pair for pair in connection.headers.items() if pair[0].startswith(_RESPONSE_HEADERS)]
            )
        except BaseException:
            connection.writer.transport.abort()
            raise
        await splice((exchange.reader, exchange.writer), (connection.reader, connection.writer))

    async def _logs(self, exchange: Exchange, path: str) -> None:
        # Whoever follows a silent container waits long for the first byte, and may leave before.
        await first_of(self._stream(exchange, path), until_gone(exchange.reader))

    async def _stream(self, exchange: Exchange, path: str) -> None:
        async with self._host.stream("GET", path) as answer, aclosing(aiter(answer)) as pieces:
            await exchange.stream(pieces)

    def _rejection(self, error: VcliError, route: PodRoute, pod: HostPod) -> Refused:
        """What the host said, in the names of the virtual cluster."""
        if isinstance(error, UnreachableError):
            log.warning("host does not answer", error=error.message)
            return Refused(503, "the host cluster does not answer")
        status = getattr(error, "status", 500)
        if status in (401, 403):
            # Our rights, not the tenant's; the message would name our account and its namespace.
            log.warning("rejected by the host", verb=route.verb.path, error=error.message)
            return Refused(500, f"the host cluster does not allow pods/{route.verb.subresource}")
        names: dict[str, str] = {pod.name: route.pod.name}
        namespace, own = route.pod.namespace, pod.containers
        return Refused(status, rewrite(error.message, names, namespace=namespace, scope=self._scope, own=own))
