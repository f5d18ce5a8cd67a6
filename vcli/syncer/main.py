"""Everything put together: caches, controllers, kubelets, addons and health, in one event loop."""

import asyncio
import gc
import os
import signal
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from vcli.contract.settings import AUDIT_LOG, Settings
from vcli.errors import VcliError
from vcli.kube import codec
from vcli.kube.access import Access, certificate_files, in_cluster
from vcli.kube.client import Client
from vcli.kube.errors import NotFound
from vcli.kube.resources import EVENTS, NODES, PODS, PVCS, SERVICEACCOUNTS, SERVICES
from vcli.syncer import registry
from vcli.syncer.addons import apply_addons, filled_in
from vcli.syncer.caches import watch_all
from vcli.syncer.dns import addons_with_names
from vcli.syncer.engine.availability import Availability
from vcli.syncer.engine.budget import Budget
from vcli.syncer.engine.caches import Caches
from vcli.syncer.engine.context import SyncContext, scope_of
from vcli.syncer.engine.controller import Controller
from vcli.syncer.engine.election import LeadershipLostError
from vcli.syncer.engine.gates import Gates
from vcli.syncer.engine.log import Log
from vcli.syncer.engine.metrics import Metrics
from vcli.syncer.engine.recorder import Recorder
from vcli.syncer.engine.runnables import Runnable, Work, after, run_all
from vcli.syncer.engine.version import ServerVersion
from vcli.syncer.etcd.upkeep import looked_after
from vcli.syncer.exports import Exports
from vcli.syncer.health import Health, serve
from vcli.syncer.keys import Keys
from vcli.syncer.kinds import replicated_services
from vcli.syncer.kinds.claims import claims
from vcli.syncer.kinds.events import Events
from vcli.syncer.kinds.indexes import BY_NODE
from vcli.syncer.kinds.kubernetes_service import KubernetesService
from vcli.syncer.kinds.metrics_api import MetricsApiService
from vcli.syncer.kinds.pods.context import DNS_SERVICE
from vcli.syncer.kinds.pods.controller import Pods
from vcli.syncer.kinds.pods.lookup import find_pod
from vcli.syncer.kinds.services import Services
from vcli.syncer.kinds.volumes import Volumes
from vcli.syncer.kubelet import KubeletServer
from vcli.syncer.leadership import leadership
from vcli.syncer.manifests import apply_manifests
from vcli.syncer.metrics_api.source import HostUsage
from vcli.syncer.nodes.controller import Nodes
from vcli.syncer.nodes.mirrored import MirroredNodes
from vcli.syncer.nodes.occupancy import Occupancy
from vcli.syncer.nodes.source import NodeSource
from vcli.syncer.nodes.synthetic import SyntheticNodes
from vcli.syncer.registry import is_synced
from vcli.syncer.root_ca import RootCa
from vcli.syncer.serving import ConnectionLimiter
from vcli.syncer.sleep import AuditLog, Inactivity, SleepDueError, fall_asleep
from vcli.syncer.sync.definitions import Definitions
from vcli.syncer.sync.inert import InertObjects
from vcli.syncer.sync.references import ReferenceIndex
from vcli.syncer.sync.rejections import UNAVAILABLE
from vcli.syncer.sync.to_host import to_host
from vcli.syncer.unsynced import inert_kinds

log = Log("vcli.syncer")

_POLL: Final = 0.1
_WINDOW: Final = 16
"""Requests at once to each API server, at most."""
_REUSE_DELAY: Final = 0.02
"""Seconds. A server that answers within them is asked over a few connections: a new one costs both sides as
much as several requests."""
_GARBAGE: Final = 20_000
_UNTIL_READY: Final = frozenset(
    {"virtual API", "caches", "nodes", "addons", "default/kubernetes", "default ServiceAccount"}
)


async def run(
    settings: Settings, *, host: Access, virtual: Access, address: str = "", identity: str = ""
) -> None:
    """Sync until cancelled. Starts before either API server answers, and waits for both.

    Args:
        settings: what to sync.
        host: access to the host namespace.
        virtual: access to the virtual cluster, as administrator.
        address: where kube-apiserver reaches this process; without it there is no `metrics.k8s.io`.
        identity: of this process among the syncers of the virtual cluster, where there are several.

    Raises:
        ExceptionGroup: of a LeadershipLostError, when another syncer may lead.
        OSError: the port for health is taken.
    """
    gates = Gates(_UNTIL_READY)
    async with (
        Client(host, max_inflight=_WINDOW, reuse_delay=_REUSE_DELAY) as host_client,
        Client(virtual, max_inflight=_WINDOW, reuse_delay=_REUSE_DELAY) as virtual_client,
    ):
        warn = partial(_warn, Recorder(host_client), settings)
        availability = Availability(partial(warn, UNAVAILABLE))
        metrics = Metrics({"host": host_client, "virtual": virtual_client}, availability)
        health = Health(gates, metrics=metrics.text, unavailable=availability.unavailable)
        async with (
            serve(health, port=settings.health_port),
            looked_after(settings.etcd, warn) as metrics.store,
        ):
            await _until_ready(virtual_client)
            gates.reached("virtual API")
            ctx = SyncContext(
                settings=settings,
                scope=scope_of(settings),
                virtual=Caches(virtual_client, name="virtual", availability=availability),
                host=Caches(host_client, name="host", availability=availability, budget=Budget()),
                recorder=Recorder(virtual_client),
                host_version=ServerVersion(host_client),
            )
            watch_all(ctx)
            replicated_services.watch(ctx)
            usage, limiter = HostUsage(ctx), ConnectionLimiter()
            async with (
                _kubelets(ctx, usage, limiter) as server,
                leadership(
                    settings,
                    host,
                    identity=identity,
                    is_healthy=virtual_client.ready,
                    writers=(host_client, virtual_client),
                ) as leader,
            ):
                metrics_api = MetricsApiService(ctx, usage, limiter=limiter, address=address)
                runnables, controllers = _runnables(ctx, gates, server, metrics_api, address)
                metrics.watch_controllers(controllers)
                metrics.kept = ctx.host.samples
                if settings.manifests:
                    work = partial(apply_manifests, virtual_client, settings.manifests, warn)
                    ready = partial(gates.wait, "default ServiceAccount")
                    runnables.append(after(ready, Work("manifests", work)))
                runnables = [availability, *leader.runnables(ctx, server, gates), *runnables]
                await run_all(runnables, elected=leader.elected)


def _runnables(
    ctx: SyncContext, gates: Gates, server: KubeletServer, metrics_api: Runnable, address: str
) -> tuple[list[Runnable], list[Controller[Any]]]:
    """All that runs, and the controllers among it."""
    nodes = Nodes(ctx, server, _source_of_nodes(ctx), pods_on=partial(ctx.virtual[PODS].by_index, BY_NODE))
    references = ReferenceIndex(ctx.virtual)
    pods, api_service, volumes = Pods(ctx, nodes, references), KubernetesService(ctx), Volumes(ctx)
    events = [Events(ctx, starting=pods.starting)] if is_synced(ctx.settings, EVENTS) else []
    services = Services(ctx, address=address)
    root_ca = RootCa(ctx)
    inert = InertObjects(ctx, inert_kinds(ctx.settings))
    definitions = Definitions(ctx, registry.definitions(ctx.settings))
    custom = _custom_resources(ctx, definitions, references, events)
    controllers: list[Controller[Any]] = [
        *(each.controller for each in (pods, pods.configs, pods.tokens, api_service, services, volumes)),
        *(each.controller for each in events),
        to_host(ctx, PVCS, claims(ctx, volumes)),
        *registry.controllers(ctx, references),
        *replicated_services.controllers(ctx),
        inert.controller,
        Exports(ctx).controller,
        root_ca.controller,
        definitions.controller,
    ]
    begins = partial(gates.wait, "nodes")
    inactivity = Inactivity(ctx.settings.sleep_after, AuditLog(Path(AUDIT_LOG)))
    writers: list[Runnable] = [inactivity, nodes, *events, metrics_api, root_ca, *controllers, *custom]
    return [
        ctx.virtual,
        ctx.host,
        ctx.host_version,
        Work("addons", partial(_addons, ctx, pods, gates)),
        Work("start", partial(_start, ctx, nodes, pods, gates)),
        after(begins, Work("tidying", partial(registry.tidy, ctx))),
        after(begins, Work("tidying of Services", partial(replicated_services.tidy, ctx))),
        Work("readiness", partial(_wait_ready, ctx, api_service, gates)),
        *(after(begins, each) for each in writers),
        # Nobody waits for these events: what makes the cluster ready goes first.
        after(partial(gates.wait, "default ServiceAccount"), inert),
    ], controllers


def _source_of_nodes(ctx: SyncContext) -> NodeSource:
    if not is_synced(ctx.settings, NODES):
        return SyntheticNodes(ctx)
    return MirroredNodes(ctx, Occupancy(ctx) if ctx.settings.scheduler else None)


def _custom_resources(
    ctx: SyncContext, definitions: Definitions, references: ReferenceIndex, events: Sequence[Events]
) -> list[Runnable]:
    """What syncs them; nothing, and no import, where the values name none."""
    if not ctx.settings.custom_resources:
        return []
    module = import_module("vcli.syncer.kinds.custom.controllers")
    return [module.CustomResources(ctx, definitions, references, next(iter(events), None))]


async def _start(ctx: SyncContext, nodes: Nodes, pods: Pods, gates: Gates) -> None:
    """Nothing is written before it is known what is there."""
    for caches in (ctx.virtual, ctx.host):
        await caches.wait_synced()
    await ctx.host_version.wait_tried()
    await pods.paused.read(ctx)
    _settle_memory()
    gates.reached("caches")
    log.info("caches are full", pods=len(ctx.virtual[PODS].items()))
    await nodes.start()
    gates.reached("nodes")


async def _warn(recorder: Recorder, settings: Settings, reason: str, message: str) -> None:
    """Make an event on the control plane's Service, where `vcli describe` finds it."""
    service = {
        "metadata": {
            "name": settings.service,
            "namespace": settings.namespace,
            "uid": settings.service_uid,
        }
    }
    await recorder.warn(SERVICES, service, reason=reason, message=message)


@asynccontextmanager
async def _kubelets(
    ctx: SyncContext, usage: HostUsage, limiter: ConnectionLimiter
) -> AsyncIterator[KubeletServer]:
    server = KubeletServer(
        ctx.host.client,
        ctx.virtual.client,
        pki=ctx.settings.pki,
        scope=ctx.scope,
        lookup=partial(find_pod, ctx),
        pods_on=partial(ctx.virtual[PODS].by_index, BY_NODE),
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


async def _addons(ctx: SyncContext, pods: Pods, gates: Gates) -> None:
    client = ctx.virtual.client
    addons = filled_in(addons_with_names(ctx.settings), service_cidrs=ctx.settings.service_cidrs)
    refused = await apply_addons(client, addons)
    with suppress(VcliError):  # the watch may be a moment behind, and a pod must not miss its resolver
        found = await client.get(SERVICES, DNS_SERVICE.name, namespace=DNS_SERVICE.namespace)
        ctx.virtual.store(SERVICES, found)
    pods.addons_applied()
    gates.reached("addons")
    while refused:  # which must not keep the tenant from the API server, where it can be seen to
        refused = await apply_addons(client, refused)


async def _wait_ready(ctx: SyncContext, api_service: KubernetesService, gates: Gates) -> None:
    """Ready means that a pod can be created, and would find its API server."""
    await api_service.wait_right()
    gates.reached("default/kubernetes")
    while ctx.settings.default_service_account_ready:
        try:
            await ctx.virtual.client.get(SERVICEACCOUNTS, "default", namespace="default")
            break
        except NotFound:
            await asyncio.sleep(_POLL)
        except VcliError as error:
            log.debug("ServiceAccount not readable yet", error=error)
            await asyncio.sleep(_POLL)
    gates.reached("default ServiceAccount")
    log.info("ready", cluster=ctx.settings.cluster)


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
        OSError: the certificate authority can't be read.
    """
    return Access(
        server=settings.virtual_server,
        ca=(settings.pki / "ca.crt").read_bytes(),
        certificate=certificate_files(settings.pki / "syncer.crt", settings.pki / "syncer.key"),
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
        address = os.environ.get("POD_IP", "")
        identity = f"{os.environ.get('POD_NAME', '')}_{os.environ.get('POD_UID', '')}"
        while True:
            settings = await keys.prepare()
            again = _run_again(settings, address=address, identity=identity)
            await _until_either(again, keys.renew(), keys.follow(), keys.dropped())
            log.info("starting over, with another certificate authority")
    except asyncio.CancelledError:
        log.info("stopped")


async def _run_again(settings: Settings, *, address: str, identity: str) -> None:
    """Run; who has lost the lead starts over, as one of those that wait for it."""
    while True:
        try:
            virtual = virtual_access(settings)
            await run(settings, host=in_cluster(), virtual=virtual, address=address, identity=identity)
        except* SleepDueError as due:
            log.info("goes to sleep", reason=due.exceptions[0])
            await _sleep(settings)
        except* LeadershipLostError as lost:
            log.warning("this syncer no longer leads", error=lost.exceptions[0])


async def _sleep(settings: Settings) -> None:
    """Go to sleep, and wait for the end; where that can't be, it is said, and everything goes on."""
    async with Client(in_cluster()) as client:
        try:
            await fall_asleep(client, settings)
        except VcliError as error:
            log.warning("can't go to sleep", error=error)
            await _warn(Recorder(client), settings, "SleepFailed", error.message)
            return
    await asyncio.Event().wait()


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
