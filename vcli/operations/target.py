"""A virtual cluster that is ready, and the way to it: for contexts, commands and the library alike."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Final

from vcli.kube.client import Client
from vcli.kube.types import Object
from vcli.kubeconfig.model import Entry, Mark
from vcli.operations.cancelling import raise_if_cancelled, to_its_end
from vcli.operations.certificate_ends import of_user, warnings
from vcli.operations.connection import LOOPBACK, Options
from vcli.operations.credentials import Credentials, admin, service_account
from vcli.operations.endpoint import Endpoint, advertised, reach
from vcli.operations.host_connection import HostConnection, connect_to_host
from vcli.operations.known import Known
from vcli.operations.opened import Opened
from vcli.operations.resolve import VirtualCluster, resolve
from vcli.operations.steps import Steps
from vcli.operations.token import plugin
from vcli.operations.tunnel_uses import listener
from vcli.operations.usable import usable
from vcli.portforward import background
from vcli.portforward.state import TunnelSpec, TunnelState, on_this_machine
from vcli.portforward.tunnel import Tunnel, check_address

_READY_TIMEOUT: Final = 180.0
_IN_CERTIFICATE: Final = frozenset({LOOPBACK, "localhost"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A virtual cluster that is ready.

    Attributes:
        options: what was asked for.
        host: the connection to it.
        cluster: what was found.
        credentials: of its administrator.
        endpoint: where it answers without a tunnel, if anywhere.
    """

    options: Options
    host: HostConnection
    cluster: VirtualCluster
    credentials: Credentials
    endpoint: Endpoint | None

    @contextlib.asynccontextmanager
    async def open(self, *, lasting: bool = False) -> AsyncIterator[Opened]:
        """Have the virtual API answer on this machine: directly, or through a tunnel.

        Args:
            lasting: for longer than the block and this process, by a tunnel in the background, which no
                other process stops while the block runs. Otherwise the tunnel is in this process, and ends
                with the block.

        Raises:
            PortTakenError: the local port is taken.
            VcliError: the tunnel can't be started; or ``--service-account`` can't be had.
        """
        if self.endpoint is not None:
            yield await self._opened(self.endpoint, lasting=lasting)
        elif lasting:
            with contextlib.ExitStack() as held:
                state = await to_its_end(held.enter_context, background.held(self.tunnel_spec))
                raise_if_cancelled()
                yield await self._opened(self._through_tunnel(state.port), lasting=True, state=state)
        else:
            tunnel = self._tunnel()
            port = await tunnel.start()
            try:
                yield await self._opened(self._through_tunnel(port), tunnel=tunnel)
            finally:
                await tunnel.close()

    @property
    def context_name(self) -> str:
        """The name of its entry in kubeconfigs."""
        parent = self.host.loaded.context_name
        default = f"vcluster_{self.cluster.name}_{self.cluster.namespace}_{parent}"
        return self.options.context_name or default

    @property
    def tunnel_spec(self) -> TunnelSpec:
        """A tunnel in the background."""
        return TunnelSpec(
            server=self.host.loaded.access.server,
            kubeconfig=self.host.kubeconfig or None,
            context=self.host.loaded.context_name,
            namespace=self.cluster.namespace,
            name=self.cluster.name,
            selector=self.cluster.selector,
            address=self.options.address,
            local_port=self.options.local_port,
        )

    def _tunnel(self) -> Tunnel:
        return Tunnel(
            self.host.client,
            namespace=self.cluster.namespace,
            selector=self.cluster.selector,
            address=self.options.address,
            local_port=self.options.local_port,
        )

    def _through_tunnel(self, port: int) -> Endpoint:
        host = on_this_machine(self.options.address)
        return Endpoint(host, port, None if host in _IN_CERTIFICATE else "localhost")

    async def _opened(
        self,
        endpoint: Endpoint,
        *,
        lasting: bool = False,
        tunnel: Tunnel | None = None,
        state: TunnelState | None = None,
    ) -> Opened:
        asking = self._asking(state) if lasting else None
        entry = await self._entry(endpoint, asking)
        return Opened(
            target=self,
            endpoint=endpoint,
            entry=entry,
            asks=asking is not None,
            tunnel=tunnel,
            state=state,
        )

    async def _entry(self, endpoint: Endpoint, asking: Object | None) -> Entry:
        """What a kubeconfig says about it. With ``--service-account`` this talks to the virtual API."""
        credentials = self.credentials
        if self.options.service_account:
            async with Client(credentials.access(endpoint.server, endpoint.tls_server_name)) as inside:
                credentials = await service_account(
                    inside,
                    self.options.service_account,
                    cluster_role=self.options.cluster_role,
                    life=self.options.token_life,
                    ca=credentials.ca,
                )
        elif asking is not None:
            credentials = replace(credentials, user=asking)
        return Entry(
            name=self.context_name,
            cluster=credentials.cluster(endpoint.server, endpoint.tls_server_name),
            user=credentials.user,
            mark=Mark(
                name=self.cluster.name,
                namespace=self.cluster.namespace,
                host_context=self.host.loaded.context_name,
                host_kubeconfig=self.host.kubeconfig,
            ),
        )

    def _asking(self, state: TunnelState | None) -> Object | None:
        """The user's body by which kubectl asks us, which also starts the tunnel again; None for a key."""
        if self.options.inline_key or self.options.service_account:
            return None
        where = listener(state.spec.address, state.port) if state else None
        return plugin(self.tunnel_spec, authority=self.credentials.ca, tunnel=where)


@contextlib.asynccontextmanager
async def target(
    options: Options, *, steps: Steps, host: HostConnection | None = None, known: Known | None = None
) -> AsyncIterator[Target]:
    """Find a virtual cluster, resume it if it is paused, and wait until it is ready.

    Args:
        options: which one, and how.
        steps: is informed when there is something to wait for.
        host: an open connection to the host, if there is one.
        known: what is known of the virtual cluster, which the host is not asked for again.

    Raises:
        NotFoundError: there is none of that name.
        UsageError: there are several; or this machine can't listen on the address.
        ConflictError: it is being deleted.
        NotAllowedError: it is paused, and we may not resume it.
        TimedOutError: it did not become ready.
        ApiError: the host rejected a request.
        UnreachableError: the host does not answer.
    """
    if options.address != LOOPBACK:
        check_address(options.address)
    async with connect_to_host(kubeconfig=options.kubeconfig, context=options.context, shared=host) as host:  # noqa: PLR1704
        client = host.client
        cluster = known.cluster if known else await resolve(client, options.name, namespace=options.namespace)
        cluster = await usable(client, cluster)
        await _wait(client, cluster, options.timeout, steps)
        known = replace(known, cluster=cluster) if known else Known(cluster=cluster)
        asked_for_tunnel = options.local_port or options.address != LOOPBACK or options.foreground
        if options.server or asked_for_tunnel:
            credentials = await _admin(client, known)
            endpoint = Endpoint.of(options.server) if options.server else None
        else:
            credentials, places = await asyncio.gather(
                _admin(client, known), advertised(client, cluster, service=known.service)
            )
            endpoint = await reach(places, cluster, ca=credentials.ca)
            if places and endpoint is None:
                tried = ", ".join(Endpoint(*place).server for place in places)
                steps.warn(f"virtual cluster {cluster.name!r} does not answer at {tried}: taking a tunnel")
        if cluster.ours:
            ends = of_user(credentials.user, credentials.ca)
            for warning in warnings(cluster.name, cluster.namespace, ends):
                steps.warn(warning)
        yield Target(options=options, host=host, cluster=cluster, credentials=credentials, endpoint=endpoint)


async def _admin(client: Client, known: Known) -> Credentials:
    return known.credentials or await admin(client, known.cluster)


async def _wait(client: Client, cluster: VirtualCluster, asked: float | None, steps: Steps) -> None:
    if cluster.ready:
        return
    from vcli.operations.wait import wait_ready  # noqa: PLC0415  most are ready

    limit = _READY_TIMEOUT if asked is None else asked
    with steps.step(f"Wait for virtual cluster {cluster.name}") as step:
        await wait_ready(client, cluster, timeout=limit, detail=step.detail)
