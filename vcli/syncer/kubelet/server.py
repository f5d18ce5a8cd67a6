"""The server that kube-apiserver calls as the kubelet of every virtual node.

One listening TLS socket a node: by the port a request came in on we know which node is meant, as a pod's
request must be rejected where the pod isn't. Everything about pods is relayed to the host's API (`relay`),
the rest is answered from what the syncer knows (`views`).
"""

import asyncio
import socket
import ssl
from functools import partial
from pathlib import Path
from urllib.parse import unquote

from vcli.errors import ConflictError
from vcli.kube.client import Client
from vcli.syncer.engine.log import Log
from vcli.syncer.kinds.pods.lookup import Lookup
from vcli.syncer.kubelet.access import Gatekeeper
from vcli.syncer.kubelet.ports import free_ports
from vcli.syncer.kubelet.relay import Relay
from vcli.syncer.kubelet.routes import pod_route
from vcli.syncer.kubelet.usage import Usage
from vcli.syncer.kubelet.views import PodsOn, Views
from vcli.syncer.metrics_api.source import HostUsage
from vcli.syncer.serving import ConnectionLimiter, Exchange, Listener, ServingContext
from vcli.syncer.serving.sockets import listen_on
from vcli.syncer.translate.scope import Scope

log = Log(__name__)


class KubeletServer:
    """The kubelets of all virtual nodes.

    Args:
        host: client of the host cluster; exec, attach, port-forward and logs are done with its credentials.
        virtual: client of the virtual cluster, for TokenReview and SubjectAccessReview.
        pki: folder with `kubelet.crt`, `kubelet.key` (what we serve with) and `ca.crt` (the CA of
            clients).
        scope: the virtual cluster. The name of its host namespace is never in an answer.
        lookup: finds the host pod of a virtual pod: ours, and bound to a node; else None.
        pods_on: gives the virtual pods of a node.
        usage: what pods use, where the host's kubelets can't be asked.
        limiter: for unauthenticated connections.
    """

    def __init__(
        self,
        host: Client,
        virtual: Client,
        *,
        pki: Path,
        scope: Scope,
        lookup: Lookup,
        pods_on: PodsOn,
        usage: HostUsage,
        limiter: ConnectionLimiter,
    ) -> None:
        self._serving = ServingContext(pki, authority="ca.crt", verify=ssl.CERT_OPTIONAL)
        self._limiter = limiter
        self._gatekeeper = Gatekeeper(virtual)
        self._relay = Relay(host, scope=scope, lookup=lookup)
        self._views = Views(pods_on, Usage(host, scope=scope, lookup=lookup, pods_on=pods_on, source=usage))
        self._listeners: dict[str, Listener] = {}
        self._changing = asyncio.Lock()

    def port(self, node: str) -> int | None:
        """The port that a node's kubelet listens on, or None."""
        listener = self._listeners.get(node)
        return listener.port if listener else None

    async def listen(self, node: str, port: int | None = None) -> int:
        """Begin to serve a node; does nothing when it is served already.

        Args:
            node: its name.
            port: the port in the status of its Node; another one is taken when that is in use.

        Returns:
            The port that it is served on.

        Raises:
            ConflictError: no port is free.
        """
        async with self._changing:
            listener = self._listeners.get(node)
            if listener is None:
                self._serving.start()
                listener = Listener(f"kubelet of {node}", partial(self._answer, node), self._limiter)
                await listener.start(self._bind(node, port), self._serving.context)
                self._listeners[node] = listener
            return listener.port

    async def stop(self, node: str) -> None:
        """Stop serving a node, and end what is open on it."""
        async with self._changing:
            listener = self._listeners.pop(node, None)
            if listener is not None:
                await listener.close()

    async def close(self) -> None:
        """Stop serving all nodes."""
        for node in list(self._listeners):
            await self.stop(node)
        await self._serving.close()

    def _bind(self, node: str, port: int | None) -> socket.socket:
        taken = {listener.port for listener in self._listeners.values()}
        for candidate in (*([port] if port and port not in taken else []), *free_ports(taken)):
            try:
                return listen_on(candidate)
            except OSError as error:
                log.debug("port is taken", port=candidate, error=error)
        raise ConflictError(f"no port is free for the kubelet of node {node}")

    async def _answer(self, node: str, exchange: Exchange) -> None:
        request = exchange.request
        path = f"/{unquote(request.target).strip('/')}"
        certificate = exchange.writer.get_extra_info("peercert")
        await self._gatekeeper.check(
            request, path=path, node=node, certificate=certificate, authenticated=exchange.authenticated
        )
        route = pod_route(request)
        if route is not None:
            await self._relay.serve(exchange, node, route)
        else:
            await self._views.serve(exchange, node, path)
