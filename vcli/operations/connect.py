"""Connecting to a virtual cluster: find it, wait for it, reach it, and write down how."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from vcli import inputs, invocation
from vcli.errors import UsageError
from vcli.kube.client import Client
from vcli.kubeconfig.auth import Loaded, load_access
from vcli.kubeconfig.change import Warn, add, drop
from vcli.kubeconfig.merge import standalone
from vcli.kubeconfig.model import IN_CLUSTER, Entry, Mark
from vcli.kubeconfig.paths import Sources
from vcli.operations.cancelling import raise_if_cancelled, to_its_end
from vcli.operations.credentials import Credentials, admin, service_account
from vcli.operations.endpoint import Endpoint, advertised, reach
from vcli.operations.resolve import VirtualCluster, check_place, resolve
from vcli.operations.steps import Steps
from vcli.operations.token import keep, plugin
from vcli.operations.tunnel_uses import follow, listener
from vcli.operations.usable import refuse_unusable
from vcli.operations.wait import wait_ready
from vcli.portforward import background, state
from vcli.portforward.state import TunnelSpec, TunnelState, Use, on_this_machine
from vcli.portforward.tunnel import Tunnel, check_address

Object = dict[str, Any]

LOOPBACK = "127.0.0.1"
_READY_TIMEOUT = 180.0
_IN_CERTIFICATE = {LOOPBACK, "localhost"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What to connect to, and how.

    Raises UsageError when one of them makes no sense, or two don't go together.

    Attributes:
        name: of the virtual cluster.
        namespace: on the host; None to look in all.
        kubeconfig: ``--kubeconfig`` of the host.
        context: ``--context`` of the host.
        timeout: seconds to wait until it is ready.
        address: for the tunnel to listen on.
        local_port: for the tunnel; 0 takes a free one.
        server: a URL that reaches the virtual API: then there is no tunnel.
        service_account: ``[NAMESPACE/]NAME`` inside, to connect as.
        cluster_role: to bind to that account.
        token_life: of that account's token, in seconds.
        context_name: instead of ``vcluster_NAME_NAMESPACE_PARENT``.
        foreground: a tunnel is wanted, even where it could do without.
        inline_key: write the credentials into kubeconfigs, not how to ask `vcli.operations.token` for them;
            None to do so only for a ServiceAccount.
    """

    name: str
    namespace: str | None = None
    kubeconfig: str | None = None
    context: str | None = None
    timeout: float | None = None
    address: str = LOOPBACK
    local_port: int = 0
    server: str | None = None
    service_account: str | None = None
    cluster_role: str | None = None
    token_life: float | None = None
    context_name: str | None = None
    foreground: bool = False
    inline_key: bool | None = None

    def __post_init__(self) -> None:
        self._check_each()
        if (self.cluster_role or self.token_life is not None) and not self.service_account:
            raise UsageError(
                "--cluster-role and --token-expiration need --service-account",
                hint="name the account: --service-account [NAMESPACE/]NAME",
            )
        if self.inline_key is False and self.service_account:
            raise UsageError("--no-key is for the administrator's key, so not with --service-account")
        if self.server and (self.local_port or self.address != LOOPBACK or self.foreground):
            raise UsageError(
                "--server means no tunnel, so --local-port, --address and --foreground make no sense with it"
            )

    def _check_each(self) -> None:
        check_place(self.name, self.namespace)
        inputs.port(self.local_port, "the local port")
        inputs.address(self.address)
        if self.timeout is not None:
            inputs.timeout(self.timeout)
        if self.server is not None:
            Endpoint.of(self.server)
        if self.service_account is not None:
            inputs.service_account(self.service_account)
        if self.cluster_role is not None:
            inputs.role(self.cluster_role)
        if self.token_life is not None:
            inputs.token_life(self.token_life)
        if self.context_name is not None:
            inputs.not_empty(self.context_name, "the name of the context")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A virtual cluster that is ready, and how to get there.

    Attributes:
        options: what was asked for.
        loaded: how the host was reached.
        client: of the host, open.
        cluster: what was found.
        credentials: of its administrator.
        endpoint: where it answers without a tunnel, if anywhere.
    """

    options: Options
    loaded: Loaded
    client: Client
    cluster: VirtualCluster
    credentials: Credentials
    endpoint: Endpoint | None

    @property
    def context_name(self) -> str:
        """The name of its entry in kubeconfigs."""
        parent = self.loaded.context_name
        default = f"vcluster_{self.cluster.name}_{self.cluster.namespace}_{parent}"
        return self.options.context_name or default

    def tunnel(self) -> Tunnel:
        """A tunnel in this process, not started."""
        return Tunnel(
            self.client,
            namespace=self.cluster.namespace,
            selector=self.cluster.selector,
            address=self.options.address,
            local_port=self.options.local_port,
        )

    @property
    def tunnel_spec(self) -> TunnelSpec:
        """A tunnel in the background."""
        return TunnelSpec(
            server=self.loaded.access.server,
            kubeconfig=self._host_kubeconfig or None,
            context=self.loaded.context_name,
            namespace=self.cluster.namespace,
            name=self.cluster.name,
            selector=self.cluster.selector,
            address=self.options.address,
            local_port=self.options.local_port,
        )

    def through_tunnel(self, port: int) -> Endpoint:
        """Where the virtual API answers when a tunnel listens on that port."""
        host = on_this_machine(self.options.address)
        return Endpoint(host, port, None if host in _IN_CERTIFICATE else "localhost")

    async def entry(self, place: Endpoint, *, asking: Object | None = None) -> Entry:
        """What a kubeconfig says about it.

        With ``--service-account`` this talks to the virtual API, so ``place`` must answer.

        Args:
            place: where the virtual API answers.
            asking: the user's body that takes the place of the administrator's key.
        """
        credentials = self.credentials
        if self.options.service_account:
            async with Client(credentials.access(place.server, place.tls_server_name)) as inside:
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
            cluster=credentials.cluster(place.server, place.tls_server_name),
            user=credentials.user,
            mark=Mark(
                name=self.cluster.name,
                namespace=self.cluster.namespace,
                host_context=self.loaded.context_name,
                host_kubeconfig=self._host_kubeconfig,
            ),
        )

    def asking(self, tunnel: TunnelState | None) -> Object | None:
        """The user's body by which kubectl asks us, which also starts the tunnel again; None for a key."""
        if self.options.inline_key or self.options.service_account:
            return None
        where = listener(tunnel.spec.address, tunnel.port) if tunnel else None
        return plugin(self.tunnel_spec, authority=self.credentials.ca, tunnel=where)

    @property
    def _host_kubeconfig(self) -> str:
        return "" if self.loaded.context_name == IN_CLUSTER else str(self.loaded.sources)


@contextlib.asynccontextmanager
async def target(options: Options, *, steps: Steps) -> AsyncIterator[Target]:
    """Find a virtual cluster and wait until it is ready.

    Args:
        options: which one, and how.
        steps: told when there is something to wait for.

    Raises:
        NotFoundError: there is none of that name.
        UsageError: there are several; or this machine can't listen on the address.
        ConflictError: it is paused, or on its way out.
        TimedOutError: it did not become ready.
        ApiError: the host rejected a request.
        UnreachableError: the host does not answer.
    """
    if options.address != LOOPBACK:
        check_address(options.address)
    loaded = load_access(kubeconfig=options.kubeconfig, context=options.context)
    async with Client(loaded.access) as client:
        cluster = await resolve(client, options.name, namespace=options.namespace)
        refuse_unusable(cluster)
        await _wait(client, cluster, options.timeout, steps)
        asked_for_tunnel = options.local_port or options.address != LOOPBACK or options.foreground
        if options.server or asked_for_tunnel:
            credentials = await admin(client, cluster)
            endpoint = Endpoint.of(options.server) if options.server else None
        else:
            credentials, places = await asyncio.gather(admin(client, cluster), advertised(client, cluster))
            endpoint = await reach(places, cluster, ca=credentials.ca)
        yield Target(
            options=options,
            loaded=loaded,
            client=client,
            cluster=cluster,
            credentials=credentials,
            endpoint=endpoint,
        )


async def _wait(client: Client, cluster: VirtualCluster, asked: float | None, steps: Steps) -> None:
    if cluster.ready:
        return
    limit = _READY_TIMEOUT if asked is None else asked
    with steps.step(f"Wait for virtual cluster {cluster.name}") as step:
        await wait_ready(client, cluster, timeout=limit, detail=step.detail)


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """A connection that a kubeconfig speaks of.

    Attributes:
        name: of the virtual cluster.
        namespace: on the host.
        context: of the virtual cluster.
        server: URL of the virtual API.
        kubeconfig: the file that the context was written to, None when it was not.
        tunnel: in the background, None if there is none.
        document: a kubeconfig with this one entry.
    """

    name: str
    namespace: str
    context: str
    server: str
    kubeconfig: Path | None
    tunnel: TunnelState | None
    document: Object


async def connect(options: Options, *, into: Sources | None, steps: Steps) -> Connected:
    """Connect, with a tunnel in the background where one is needed.

    Args:
        options: what to connect to, and how.
        into: the kubeconfig that gets a context, which becomes its current one; None to write none.
        steps: told what goes on.

    Raises:
        ConflictError: a context of that name is not ours; or the local port is taken.
        VcliError: see `target`.
    """
    async with target(options, steps=steps) as found:
        if found.endpoint is not None:
            return await _record(found, found.endpoint, None, into=into, steps=steps, lasting=True)
        if warning := await asyncio.to_thread(state.check):
            steps.warn(warning)
        with contextlib.ExitStack() as held:
            tunnel = await to_its_end(held.enter_context, background.held(found.tunnel_spec))
            raise_if_cancelled()
            place = found.through_tunnel(tunnel.port)
            connected = await _record(found, place, tunnel, into=into, steps=steps, lasting=True)
            # The port of the last tunnel was taken, or another one is wanted now: the others follow.
            if moved := await to_its_end(follow, tunnel):
                steps.warn(f"the tunnel listens on port {tunnel.port} now; changed: {', '.join(moved)}")
            return connected


async def foreground(
    options: Options, *, into: Sources | None, steps: Steps, ready: Callable[[Connected], None]
) -> None:
    """Connect with a tunnel in this process; until cancelled, then everything is as it was.

    Args:
        options: what to connect to, and how.
        into: the kubeconfig that has a context meanwhile; None for none.
        steps: told what goes on.
        ready: called once it is connected.

    Raises:
        VcliError: see `connect`.
    """
    async with target(options, steps=steps) as found:
        tunnel = found.tunnel()
        port = await tunnel.start()
        try:
            connected = await _record(found, found.through_tunnel(port), None, into=into, steps=steps)
            try:
                raise_if_cancelled()
                ready(connected)
                invocation.lift_deadline()
                await tunnel.serve_forever()
            finally:
                if into is not None:
                    drop(into, lambda _: [connected.context], warn=steps.warn)
        finally:
            await tunnel.close()


async def _record(
    found: Target,
    place: Endpoint,
    tunnel: TunnelState | None,
    *,
    into: Sources | None,
    steps: Steps,
    lasting: bool = False,
) -> Connected:
    """Write it down. What asks us to end while the file is being written comes too late."""
    asking = found.asking(tunnel) if lasting else None
    entry = await found.entry(place, asking=asking)
    if into is not None:
        await to_its_end(_write_down, into, entry, tunnel, warn=steps.warn)
    if asking is not None:
        await to_its_end(keep, found.tunnel_spec, found.credentials)
    return Connected(
        name=found.cluster.name,
        namespace=found.cluster.namespace,
        context=entry.name,
        server=place.server,
        kubeconfig=into.default if into else None,
        tunnel=tunnel,
        document=standalone(entry),
    )


def _write_down(into: Sources, entry: Entry, tunnel: TunnelState | None, *, warn: Warn) -> None:
    file = add(into, entry, make_current=True, warn=warn)
    if tunnel is not None:
        background.record_use(tunnel, Use(str(file), entry.name))
