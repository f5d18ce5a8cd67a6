"""The server that kube-apiserver calls as the kubelet of every virtual node.

One listening TLS socket a node: by the port a request came in on we know which node is meant, as a pod's
request must be refused where the pod isn't. Everything about pods is relayed to the host's API (`relay`), the
rest is answered from what the syncer knows (`views`).
"""

import asyncio
import socket
from asyncio import StreamReader, StreamWriter, Task
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from vcli.errors import ConflictError
from vcli.kube.client import Client
from vcli.syncer.engine.log import Log
from vcli.syncer.kubelet.access import Gatekeeper
from vcli.syncer.kubelet.certificates import ServingContext
from vcli.syncer.kubelet.exchange import TEXT, Exchange
from vcli.syncer.kubelet.listeners import free_ports, keep_alive, listen_on
from vcli.syncer.kubelet.relay import Lookup, Relay
from vcli.syncer.kubelet.requests import MAX_HEAD_BYTES, Refused, read_request, response
from vcli.syncer.kubelet.routes import pod_route
from vcli.syncer.kubelet.streams import close
from vcli.syncer.kubelet.usage import Usage
from vcli.syncer.kubelet.views import PodsOn, Views
from vcli.syncer.translate.scope import Scope

log = Log(__name__)

# Seconds to wait for the (next) request on a connection: more than the 90 after which a Go client drops an
# idle one, so that we never close one that it is about to use.
_IDLE: Final = 120.0
_HANDSHAKE: Final = 20.0
_SHUTDOWN: Final = 5.0


@dataclass(slots=True, kw_only=True)
class _Listener:
    port: int
    server: asyncio.Server
    connections: set[Task[None]]


class KubeletServer:
    """The kubelets of all virtual nodes.

    Args:
        host: client of the host cluster; exec, attach, port-forward and logs are done with its credentials.
        virtual: client of the virtual cluster, for TokenReview and SubjectAccessReview.
        pki: folder with `kubelet.crt`, `kubelet.key` (what we serve with) and `ca.crt` (whose clients we
            know).
        scope: the virtual cluster. The name of its host namespace never shows in an answer.
        lookup: finds the host pod of a virtual pod: ours, and bound to a node; else None.
        pods_on: gives the virtual pods of a node.
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
    ) -> None:
        self._serving = ServingContext(pki)
        self._gatekeeper = Gatekeeper(virtual)
        self._relay = Relay(host, scope=scope, lookup=lookup)
        self._views = Views(pods_on, Usage(host, scope=scope, lookup=lookup, pods_on=pods_on))
        self._listeners: dict[str, _Listener] = {}
        self._changing = asyncio.Lock()

    def port(self, node: str) -> int | None:
        """The port that a node's kubelet listens on, or None."""
        listener = self._listeners.get(node)
        return listener.port if listener else None

    async def listen(self, node: str, port: int | None = None) -> int:
        """Begin to serve a node; does nothing when it is served already.

        Args:
            node: its name.
            port: the port that its Node object tells; another one is taken when somebody has that.

        Returns:
            The port that it is served on.

        Raises:
            ConflictError: no port is free.
        """
        async with self._changing:
            listener = self._listeners.get(node)
            if listener is None:
                self._serving.start()
                listener = self._listeners[node] = await self._start(node, self._bind(node, port))
            return listener.port

    async def stop(self, node: str) -> None:
        """Stop serving a node, and end what is open on it."""
        async with self._changing:
            listener = self._listeners.pop(node, None)
            if listener is None:
                return
            listener.server.close()
            for task in listener.connections:
                task.cancel()
            await asyncio.gather(*listener.connections, return_exceptions=True)

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

    async def _start(self, node: str, sock: socket.socket) -> _Listener:
        connections: set[Task[None]] = set()

        def serve(reader: StreamReader, writer: StreamWriter) -> None:
            # A task of our own: in Python 3.11, asyncio takes the end of one that it made itself for a fault.
            task = asyncio.create_task(self._serve(node, reader, writer), name=f"kubelet of {node}")
            connections.add(task)
            task.add_done_callback(connections.discard)

        server = await asyncio.start_server(
            serve,
            sock=sock,
            ssl=self._serving.context,
            limit=MAX_HEAD_BYTES,
            ssl_handshake_timeout=_HANDSHAKE,
            ssl_shutdown_timeout=_SHUTDOWN,
        )
        return _Listener(port=sock.getsockname()[1], server=server, connections=connections)

    async def _serve(self, node: str, reader: StreamReader, writer: StreamWriter) -> None:
        """Answer all requests on a connection."""
        keep_alive(writer.get_extra_info("socket"))
        try:
            while await self._exchange(node, reader, writer):
                pass
        except OSError as error:
            log.debug("client is gone", node=node, error=error)
        except asyncio.CancelledError:
            writer.transport.abort()
            raise
        except Exception as error:  # noqa: BLE001 - one bad request must not be the end of the syncer
            log.error("request failed", exc=error, node=node)  # noqa: TRY400 - fields, and the same traceback
            writer.transport.abort()
        finally:
            await close(writer)

    async def _exchange(self, node: str, reader: StreamReader, writer: StreamWriter) -> bool:
        """Answer the next request; tell whether another one may follow."""
        try:
            async with asyncio.timeout(_IDLE):
                request = await read_request(reader)
        except TimeoutError:
            return False
        except Refused as refused:
            writer.write(
                response(refused.status, refused.message.encode(), content_type=TEXT, keep_alive=False)
            )
            await writer.drain()
            return False
        if request is None:
            return False
        exchange = Exchange(node=node, request=request, reader=reader, writer=writer)
        try:
            await self._answer(exchange)
        except Refused as refused:
            if exchange.started:
                # Too late to say so: an answer without its proper end tells that something is missing.
                writer.transport.abort()
                return False
            await exchange.reply(refused.message, status=refused.status)
        return exchange.keep

    async def _answer(self, exchange: Exchange) -> None:
        request = exchange.request
        path = f"/{unquote(request.target).strip('/')}"
        certificate = exchange.writer.get_extra_info("peercert")
        await self._gatekeeper.check(request, path=path, node=exchange.node, certificate=certificate)
        route = pod_route(request)
        if route is not None:
            await self._relay.serve(exchange, route)
        else:
            await self._views.serve(exchange, path)
