"""Adopting a virtual cluster: see whether it can be, show what will happen, do it, go back when it fails."""

import datetime as dt
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from vcli.config.load import Given
from vcli.config.schema import Values
from vcli.controlplane.names import check_name
from vcli.errors import ConflictError
from vcli.invocation import vcli
from vcli.kube.client import Client
from vcli.kube.types import Object
from vcli.operations import pod_security
from vcli.operations.adopt.exchange import Exchange
from vcli.operations.adopt.leftovers import find_leftovers, remove_leftovers
from vcli.operations.adopt.peer import Peer, read_peer
from vcli.operations.adopt.refusals import check_values, refuse
from vcli.operations.adopt.store import copy_store, copying_pod, remove_pod
from vcli.operations.facts import load_bundle
from vcli.operations.host_connection import connect_to_host
from vcli.operations.preflight import raise_for, run_preflight
from vcli.operations.rendering import rendered
from vcli.operations.resolve import cluster_of, resolve
from vcli.operations.steps import NoSteps, Steps
from vcli.operations.undo import Undo
from vcli.operations.wait import wait_ready

DEFAULT_TIMEOUT: Final = 300.0

Consent = Callable[["Plan"], Awaitable[bool]]
"""Is shown what will happen; answers whether it may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What to adopt, and how.

    Attributes:
        name: of the virtual cluster.
        given: values that are laid over its own.
        namespace: on the host; None to look for it.
        kubeconfig: ``--kubeconfig`` of the host.
        context: ``--context`` of the host.
        dry_run: only say what would happen.
        timeout: seconds to wait at most, for each of: the copy of the store, the new control plane.
    """

    name: str
    given: Given = field(default_factory=Given)
    namespace: str | None = None
    kubeconfig: str | None = None
    context: str | None = None
    dry_run: bool = False
    timeout: float = DEFAULT_TIMEOUT


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What will happen.

    Attributes:
        name: of the virtual cluster.
        namespace: on the host.
        chart: that made it.
        before: its version of Kubernetes.
        version: the one that it will have.
        kept: how many objects of each kind stay as they are on the host.
        removed: what is deleted at the end, ``secret/vc-config-demo``.
    """

    name: str
    namespace: str
    chart: str
    before: str
    version: str
    kept: dict[str, int]
    removed: tuple[str, ...]

    def lines(self) -> list[str]:
        """For people."""
        stays = ", ".join(f"{kind} {count}" for kind, count in self.kept.items()) or "none"
        change = self.version if self.version == self.before else f"{self.before} → {self.version}"
        return [
            f"virtual cluster {self.name} in namespace {self.namespace} of {self.chart}, Kubernetes {change}",
            f"stay as they are on the host, and run on: {stays}",
            "stay: the CA, the key of tokens, all objects inside; kubeconfigs and tokens go on working",
            "its API does not answer while its control plane is replaced, for about a minute",
            "its SQLite file is copied on its volume; the one from before stays there, and is used no more",
            f"are deleted when all is well: {', '.join(self.removed) or 'nothing'}",
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted:
    """A virtual cluster that was adopted, or would be.

    Attributes:
        plan: what was done, or would be.
        done: false after a dry run.
    """

    plan: Plan
    done: bool


async def adopt_cluster(options: Options, *, consent: Consent, steps: Steps | None = None) -> Adopted:
    """Take over a virtual cluster that loft-sh's vcluster made.

    When it fails, or is cancelled, the control plane from before is put back.

    Raises:
        NotFoundError: there is none of that name.
        UsageError: the values make no sense, or several clusters have the name.
        ConflictError: it is one of ours, or can't be adopted; ``consent`` does not agree.
        PreflightError: the host lacks something, or we lack rights; all problems at once.
        NotReadyError: the new control plane never becomes ready, or the store can't be copied.
        TimedOutError: it did not become ready in time.
        ApiError: the host rejected a request.
        UnreachableError: the host does not answer.
    """
    check_name(options.name)
    async with connect_to_host(kubeconfig=options.kubeconfig, context=options.context) as host:
        return await _Adoption(host.client, options, consent, steps or NoSteps()).run()


class _Adoption:
    """One call of adopt."""

    def __init__(self, client: Client, options: Options, consent: Consent, steps: Steps) -> None:
        self._client = client
        self._options = options
        self._consent = consent
        self._steps = steps

    async def run(self) -> Adopted:
        client, options = self._client, self._options
        with self._steps.step("See what is there"):
            peer = await self._peer()
            values = self._values(peer)
            objects = await self._objects(peer, values)
            plan = await self._plan(peer, values, objects)
        if options.dry_run:
            return Adopted(plan=plan, done=False)
        if not await self._consent(plan):
            raise ConflictError(
                f"virtual cluster {plan.name!r} in namespace {plan.namespace!r} is adopted with consent only",
                hint="nothing was changed; --yes goes on, --dry-run shows what would happen",
            )
        undo = Undo(peer.names, self._steps, keeps=False, title="Put back what was there before")
        async with undo:
            await self._exchange(peer, values, objects, undo)
        with self._steps.step("Remove what is no longer used"):
            found = await find_leftovers(client, peer.names, objects)
            for each in await remove_leftovers(client, peer.names, found, objects):
                self._steps.warn(f"not removed: {each}")
        return Adopted(plan=plan, done=True)

    async def _peer(self) -> Peer:
        cluster = await resolve(self._client, self._options.name, namespace=self._options.namespace)
        if cluster.ours:
            raise ConflictError(
                f"virtual cluster {cluster.name!r} in namespace {cluster.namespace!r} is vcli's already",
                hint=f"change it: {vcli('upgrade', cluster.name, namespace=cluster.namespace)}",
            )
        peer = await read_peer(self._client, cluster)
        refuse(peer, now=dt.datetime.now(dt.UTC))
        return peer

    def _values(self, peer: Peer) -> Values:
        values = self._options.given.values(over=peer.adopted_values())
        for warning in values.warnings:
            self._steps.warn(warning)
        check_values(peer, values)
        return values

    async def _objects(self, peer: Peer, values: Values) -> list[Object]:
        client, names = self._client, peer.names
        bundle = await load_bundle(values)
        preflight = await run_preflight(client, names, values, bundle=bundle, replaces=True)
        raise_for(preflight, names)
        return await rendered(
            client,
            names,
            values,
            preflight,
            peer.service or {},
            bundle=bundle,
            fresh=peer.files(),
            steps=self._steps,
        )

    async def _plan(self, peer: Peer, values: Values, objects: list[Object]) -> Plan:
        names = peer.names
        found = await find_leftovers(self._client, names, objects)
        return Plan(
            name=names.cluster,
            namespace=names.namespace,
            chart=peer.chart,
            before=peer.version or "",
            version=values.control_plane.distro.k8s.version,
            kept=dict(sorted(Counter(obj["kind"] for obj in peer.synced).items())),
            removed=tuple(sorted(f"{obj['kind'].lower()}/{obj['metadata']['name']}" for obj in found)),
        )

    async def _exchange(self, peer: Peer, values: Values, objects: list[Object], undo: Undo) -> None:
        client, names, steps = self._client, peer.names, self._steps
        exchange = Exchange(client, peer, undo)
        pod = copying_pod(peer, objects[-1])
        await pod_security.enforce(client, names, values, steps=steps)
        with steps.step("Stop the control plane from before"):
            await exchange.stop()
        with steps.step("Copy its store"):
            undo.add(lambda: remove_pod(client, names, pod["metadata"]["name"]))
            await copy_store(client, names, pod, timeout=self._options.timeout)
        with steps.step("Take over its objects on the host"):
            await exchange.mark()
        with steps.step("Apply the control plane"):
            applied = await exchange.replace(objects)
        with steps.step("Wait until it is ready") as step:
            cluster = cluster_of(applied[-1], kind="StatefulSet")
            await wait_ready(client, cluster, updated=True, timeout=self._options.timeout, detail=step.detail)
