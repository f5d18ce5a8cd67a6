"""A listener on this machine whose connections end in a pod of the virtual control plane."""

import asyncio
import logging
import random
import socket
from collections.abc import Callable

from vcli.contract import ports
from vcli.errors import UsageError
from vcli.kube.access import Access
from vcli.kube.client import Client
from vcli.kube.errors import ApiError, Forbidden, NotFound, Unauthorized, Unreachable
from vcli.kube.resources import PODS
from vcli.portforward.link import Link, open_link
from vcli.portforward.listener import listen
from vcli.portforward.pods import in_order
from vcli.portforward.splice import Local

logger = logging.getLogger(__name__)

_POD_TIMEOUT = 30.0
_OPEN_TIMEOUT = 10.0
_OPEN_TIMEOUT_OF_SEVERAL = 3.0
"""Where another pod can be tried: clients give a TLS handshake ten seconds, and one node may be dead."""
_FIRST_BACKOFF = 0.1
_LONGEST_BACKOFF = 2.0


def check_address(address: str) -> None:
    """See whether this machine can listen on an address, on any port.

    Raises:
        UsageError: it is none of this machine's.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.bind(socket.getaddrinfo(address, 0, family, socket.SOCK_STREAM)[0][4])
    except OSError as error:
        raise UsageError(
            f"this machine can't listen on {address}: {error.strerror or error}",
            hint="--address takes an address of this machine, such as 127.0.0.1",
        ) from error


class Tunnel:
    """Connections to a local port end in whichever pod of the virtual control plane answers.

    Never tied to a pod: each new connection goes to the last pod that worked, or to another one when that
    fails. While the host or the pod is away, a new connection waits up to 30 seconds before it is closed,
    so that ``kubectl`` simply succeeds after a roll-out; the listener itself stays for ever.

    Args:
        client: of the host; may be replaced while the tunnel runs, for new credentials.
        namespace: on the host.
        selector: labels of the control plane's pods.
        port: in the pod.
        address: to listen on.
        local_port: to listen on; 0 takes a free one.
        on_failure: called when a connection could not be made at the first attempt.
    """

    def __init__(
        self,
        client: Client,
        *,
        namespace: str,
        selector: str,
        port: int = ports.API,
        address: str = "127.0.0.1",
        local_port: int = 0,
        on_failure: Callable[[], None] | None = None,
    ) -> None:
        self.client = client
        self._namespace = namespace
        self._selector = selector
        self._port = port
        self._address = address
        self._local_port = local_port
        self._on_failure = on_failure or (lambda: None)
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._closed = asyncio.Event()
        self._pod: str | None = None
        self._failed: list[str] = []
        self._of_several = False

    async def start(self, listener: socket.socket | None = None) -> int:
        """Serve.

        Args:
            listener: a socket that listens already, instead of one on the local port.

        Returns:
            The port.

        Raises:
            PortTakenError: the port is taken.
            VcliError: the address can't be used.
        """
        if listener is None:
            listener = await asyncio.to_thread(listen, self._address, [self._local_port])
        self._server = await asyncio.start_server(self._accept, sock=listener, limit=256 * 1024)
        self._local_port = int(listener.getsockname()[1])
        return self._local_port

    async def serve_forever(self) -> None:
        """Wait until ``close``."""
        await self._closed.wait()

    async def close(self) -> None:
        """Stop to listen, and end all connections."""
        if self._server is not None:
            self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        self._closed.set()

    async def probe(self) -> bool:
        """Does the virtual API answer through this tunnel now?

        Asked without credentials, so an answer that refuses them is an answer.
        """
        host = f"[{self._address}]" if ":" in self._address else self._address
        access = Access(server=f"https://{host}:{self._local_port}", insecure=True)
        async with Client(access, timeout=_OPEN_TIMEOUT) as client:
            try:
                await client.request("GET", "/readyz")
            except (Unauthorized, Forbidden):
                return True
            except (ApiError, Unreachable):
                return False
        return True

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(Local(reader, writer)))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _serve(self, local: Local) -> None:
        try:
            await self._connect_and_splice(local)
        except (ApiError, Unreachable) as error:
            logger.warning("connection closed: %s", error.message)
        except Exception:
            logger.exception("connection failed")
        finally:
            await local.close()

    async def _connect_and_splice(self, local: Local) -> None:
        """Find a link that answers, for 30 seconds, then carry the connection.

        A link whose pod doesn't listen opens, and closes again without a word: then another one is tried.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + _POD_TIMEOUT
        backoff = _FIRST_BACKOFF
        while True:
            pod = ""
            try:
                pod = self._pod or await self._choose()
                link = await self._open(pod)
                await self._carry(local, link)
                if local.committed or local.gone:
                    return
                failure: ApiError | Unreachable = Unreachable(
                    f"pod {pod} in namespace {self._namespace} does not answer"
                    f" on port {self._port}{': ' + link.error if link.error else ''}"
                )
            except (Forbidden, Unauthorized):
                self._on_failure()
                raise
            except (ApiError, Unreachable) as error:
                failure = error
            self._choose_another_than(pod)
            self._on_failure()
            if loop.time() + backoff > until:
                raise failure
            await asyncio.sleep(backoff * random.uniform(0.5, 1.0))  # noqa: S311
            backoff = min(backoff * 2, _LONGEST_BACKOFF)
            if local.gone:
                return

    async def _carry(self, local: Local, link: Link) -> None:
        try:
            await local.splice(link)
        finally:
            await link.close()

    async def _choose(self) -> str:
        try:
            async with asyncio.timeout(_OPEN_TIMEOUT):
                pods = await self.client.list(PODS, namespace=self._namespace, label_selector=self._selector)
        except TimeoutError as error:
            raise Unreachable(
                f"the host did not list the pods of {self._namespace} within {_OPEN_TIMEOUT:g} seconds"
            ) from error
        names = in_order(pods["items"], failed=self._failed)
        if not names:
            raise NotFound(
                f"no running pod with labels {self._selector} in namespace {self._namespace}", status=404
            )
        self._failed = [name for name in self._failed if name in names]
        self._pod, self._of_several = names[0], len(names) > 1
        return names[0]

    def _choose_another_than(self, pod: str) -> None:
        """Have the next connection choose again, and this pod last; unless another connection did so."""
        if pod and pod == self._pod:
            self._failed = [name for name in self._failed if name != pod] + [pod]
            self._pod = None

    async def _open(self, pod: str) -> Link:
        timeout = _OPEN_TIMEOUT_OF_SEVERAL if self._of_several else _OPEN_TIMEOUT
        try:
            async with asyncio.timeout(timeout):
                return await open_link(self.client, namespace=self._namespace, pod=pod, port=self._port)
        except TimeoutError as error:
            raise Unreachable(
                f"the host did not open a connection to pod {pod} within {timeout:g} seconds"
            ) from error
