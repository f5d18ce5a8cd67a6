"""Everything put together: caches, controllers, kubelets, addons and health, in one event loop."""

import asyncio
import gc
import os
import signal
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from vcli.errors import VcliError
from vcli.kube import codec
from vcli.kube.access import Access, in_cluster
from vcli.kube.client import Client
from vcli.kube.errors import NotFound
from vcli.kube.resources import PODS, SERVICEACCOUNTS, SERVICES
from vcli.syncer import health
from vcli.syncer.addons import apply_addons, filled_in
from vcli.syncer.caches import watch_all
from vcli.syncer.engine.controller import Controller
from vcli.syncer.engine.hosted import find_pod
from vcli.syncer.engine.log import Log
from vcli.syncer.engine.recorder import Recorder
from vcli.syncer.engine.world import Caches, World, scope_of
from vcli.syncer.keys import Keys
from vcli.syncer.kinds.apiservice import ApiService
from vcli.syncer.kinds.claims import Claims
from vcli.syncer.kinds.endpointslices import EndpointSlices
from vcli.syncer.kinds.events import Events
from vcli.syncer.kinds.indexes import BY_NODE
from vcli.syncer.kinds.nodes import Nodes
from vcli.syncer.kinds.pod_context import DNS_SERVICE
from vcli.syncer.kinds.pods import Pods
from vcli.syncer.kinds.services import Services
from vcli.syncer.kinds.usageapi import UsageApiService
from vcli.syncer.kinds.volumes import Volumes
from vcli.syncer.kubelet import KubeletServer
from vcli.syncer.metrics import Metrics
from vcli.syncer.serving import ConnectionLimiter
from vcli.syncer.settings import Settings
from vcli.syncer.usage.source import HostUsage

log = Log("vcli.syncer")

_POLL: Final = 0.1
_WINDOW: Final = 16
"""Requests at once to each API server, at most."""
_PATIENCE: Final = 0.02
"""Seconds. A server that answers within them is asked over a few connections: a new one costs both sides as
much as several requests."""
_GARBAGE: Final = 20_000
_UNTIL_READY: Final = frozenset(
    {"virtual API", "caches", "addons", "default/kubernetes", "default ServiceAccount"}
)


@dataclass(frozen=True, slots=True)
class _Kinds:
    """What works once the caches are full."""

    nodes: Nodes
    pods: Pods
    events: Events
    api_service: ApiService
    usage_api: UsageApiService
    controllers: tuple[Controller[Any], ...]


async def run(settings: Settings, *, host: Access, virtual: Access, address: str = "") -> None:
    """Sync until cancelled. Starts before either API server answers, and waits for both.

    Args:
        settings: what to sync.
        host: access to the host namespace.
        virtual: access to the virtual cluster, as administrator.
        address: where kube-apiserver reaches this process; without it there is no `metrics.k8s.io`.

    Raises:
        OSError: the port for health is taken.
    """
    state = health.Health(set(_UNTIL_READY))
    listener = health.serve(state, port=settings.health_port)
    async with (
        listener,
        Client(host, max_inflight=_WINDOW, patience=_PATIENCE) as host_client,
        Client(virtual, max_inflight=_WINDOW, patience=_PATIENCE) as virtual_client,
    ):
        metrics = Metrics({"host": host_client, "virtual": virtual_client})
        state.metrics = metrics.text
        await _until_ready(virtual_client)
        state.reached("virtual API")
        world = World(
            settings=settings,
            scope=scope_of(settings),
            virtual=Caches(virtual_client),
            host=Caches(host_client),
            recorder=Recorder(virtual_client),
            host_version=await _version(host_client),
        )
        usage, limiter = HostUsage(world), ConnectionLimiter()
        async with _kubelets(world, usage, limiter) as server:
            kinds = _make(world, server, usage, limiter, address)
            metrics.watch_queues(kinds.controllers)
            await _sync(world, kinds, state)


async def _sync(world: World, kinds: _Kinds, state: health.Health) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(world.virtual.run())
        group.create_task(world.host.run())
        group.create_task(_addons(world, kinds.pods, state))
        await world.virtual.wait_synced()
        await world.host.wait_synced()
        _settle_memory()
        state.reached("caches")
        log.info("caches are full", pods=len(world.virtual[PODS].items()))
        await kinds.nodes.start()
        group.create_task(kinds.nodes.run())
        group.create_task(kinds.events.run())
        group.create_task(kinds.usage_api.run())
        for controller in kinds.controllers:
            group.create_task(controller.run(), name=controller.name)
        group.create_task(_wait_ready(world, kinds.api_service, state))


def _make(
    world: World, server: KubeletServer, usage: HostUsage, limiter: ConnectionLimiter, address: str
) -> _Kinds:
    slices = watch_all(world)
    nodes = Nodes(world, server, pods_on=lambda node: world.virtual[PODS].by_index(BY_NODE, node))
    pods, api_service, events = Pods(world, nodes), ApiService(world, slices), Events(world)
    volumes = Volumes(world)
    others = (Services(world, address=address), EndpointSlices(world), Claims(world, volumes), volumes)
    return _Kinds(
        nodes=nodes,
        pods=pods,
        events=events,
        api_service=api_service,
        usage_api=UsageApiService(world, usage, limiter=limiter, address=address),
        controllers=(
            pods.controller,
            pods.configs.controller,
            pods.tokens.controller,
            api_service.controller,
            events.controller,
            *(kind.controller for kind in others),
        ),
    )


@asynccontextmanager
async def _kubelets(
    world: World, usage: HostUsage, limiter: ConnectionLimiter
) -> AsyncIterator[KubeletServer]:
    server = KubeletServer(
        world.host.client,
        world.virtual.client,
        pki=world.settings.pki,
        scope=world.scope,
        lookup=lambda name: find_pod(world, name),
        pods_on=lambda node: world.virtual[PODS].by_index(BY_NODE, node),
        usage=usage,
        limiter=limiter,
    )
    try:
        yield server
    finally:
        await server.close()


async def _until_ready(client: Client) -> None:
    """Wait for an API server that may not have been started yet."""
    while not await client.ready():  # noqa: ASYNC110 - it can't tell us
        await asyncio.sleep(_POLL)


async def _addons(world: World, pods: Pods, state: health.Health) -> None:
    client = world.virtual.client
    addons = filled_in(world.settings.addons, service_cidrs=world.settings.service_cidrs)
    refused = await apply_addons(client, addons)
    with suppress(VcliError):  # the watch may be a moment behind, and a pod must not miss its resolver
        found = await client.get(SERVICES, DNS_SERVICE.name, namespace=DNS_SERVICE.namespace)
        world.virtual[SERVICES].store(found)
    pods.addons_applied()
    state.reached("addons")
    while refused:  # which must not keep the tenant from the API server, where it can be seen to
        refused = await apply_addons(client, refused)


async def _wait_ready(world: World, api_service: ApiService, state: health.Health) -> None:
    """Ready means that a pod can be created, and would find its API server."""
    await api_service.wait_right()
    state.reached("default/kubernetes")
    while world.settings.default_service_account_ready:
        try:
            await world.virtual.client.get(SERVICEACCOUNTS, "default", namespace="default")
            break
        except NotFound:
            await asyncio.sleep(_POLL)
        except VcliError as error:
            log.debug("ServiceAccount not readable yet", error=error)
            await asyncio.sleep(_POLL)
    state.reached("default ServiceAccount")
    log.info("ready", cluster=world.settings.cluster)


async def _version(client: Client) -> tuple[int, int]:
    """Major and minor version; (0, 0), which means no new features, where that may not be read."""
    try:
        answer = await client.version()
        return int(answer["major"]), int("".join(filter(str.isdigit, answer["minor"])))
    except (VcliError, KeyError, ValueError) as error:
        log.warning("version of the host is not known", error=error)
        return 0, 0


def _settle_memory() -> None:
    """What the first lists brought stays: the garbage collector need not walk through it again and again."""
    gc.collect()
    gc.freeze()
    # Objects come by the hundred with each document, and stay. Looking for cycles after every 700 of them, as
    # is the default, takes a quarter of the time that decoding does.
    gc.set_threshold(_GARBAGE)


def virtual_access(settings: Settings) -> Access:
    """The syncer's own access to the virtual cluster, by client certificate.

    Raises:
        OSError: the certificates can't be read.
    """
    return Access(
        server=settings.virtual_server,
        ca=(settings.pki / "ca.crt").read_bytes(),
        client_certificate=(settings.pki / "syncer.crt").read_bytes(),
        client_key=(settings.pki / "syncer.key").read_bytes(),
    )


async def main(path: Path) -> None:
    """Run inside the control plane's pod until SIGTERM or SIGINT.

    Args:
        path: of settings.json; the facts about the host are in the folder ``facts`` beside it.

    Raises:
        UsageError: the settings make no sense.
        UnreachableError: this is not a pod of a cluster.
        VcliError: keys or facts are missing and can't be made.
    """
    codec.use_fastest()
    task = asyncio.current_task()
    loop = asyncio.get_running_loop()
    if task is not None:
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, task.cancel)
    keys = Keys(path)
    try:
        settings = await keys.prepare()
        address = os.environ.get("POD_IP", "")
        work = run(settings, host=in_cluster(), virtual=virtual_access(settings), address=address)
        await _until_either(work, keys.renew())
        log.info("stopped, to start again with renewed certificates")
    except asyncio.CancelledError:
        log.info("stopped")


async def _until_either(*work: Coroutine[Any, Any, None]) -> None:
    """Run until one of them ends; its error is raised."""
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
