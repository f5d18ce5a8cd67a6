"""Changing a virtual cluster that is there: see what would change, then do it, and go back when it fails."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

from vcli.config.document import Document
from vcli.config.load import Given
from vcli.controlplane.apply import apply
from vcli.controlplane.names import FIELD_MANAGER, Names, check_name
from vcli.controlplane.prune import prune
from vcli.errors import ConflictError, NotFoundError
from vcli.kube.client import Client
from vcli.kube.errors import Conflict, Forbidden, NotFound
from vcli.kube.resources import NAMESPACES, SERVICES, STATEFULSETS, Resource
from vcli.kube.types import Object, is_terminating
from vcli.operations import pod_security
from vcli.operations.cancelling import answered
from vcli.operations.changes import Changes
from vcli.operations.existing import is_there, resolve_ours
from vcli.operations.facts import choose_namespace
from vcli.operations.host_connection import HostConnection, connect_to_host
from vcli.operations.known import Known
from vcli.operations.load_balancer import awaits_address, wait_for_address
from vcli.operations.planning import Plan, make_plan
from vcli.operations.resolve import cluster_of
from vcli.operations.rollback import Rollback, workload_of
from vcli.operations.steps import NoSteps, Steps
from vcli.operations.stored import completed, read_values
from vcli.operations.wait import wait_ready

DEFAULT_TIMEOUT = 300.0

Review = Callable[[Changes], Awaitable[bool]]
"""Is shown what will change, before it does; answers whether data may be lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What to change, and how.

    Attributes:
        name: of the virtual cluster.
        given: the values that are given now; they are laid over the stored ones.
        namespace: on the host; None to look for it.
        kubeconfig: ``--kubeconfig`` of the host.
        context: ``--context`` of the host.
        reset_values: take only the values given now.
        may_lose_data: replace a control plane that keeps its data in its pod only, where a cheaper way would
            leave it as it is; ``review`` has the last word.
        dry_run: only say what would change.
        wait: until it is ready.
        keep_on_failure: leave it as it is when it does not become ready.
        timeout: seconds to wait at most.
    """

    name: str
    given: Given = field(default_factory=Given)
    namespace: str | None = None
    kubeconfig: str | None = None
    context: str | None = None
    reset_values: bool = False
    may_lose_data: bool = False
    dry_run: bool = False
    wait: bool = True
    keep_on_failure: bool = False
    timeout: float = DEFAULT_TIMEOUT


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgraded:
    """A virtual cluster that was changed, or would be.

    Attributes:
        name: of the virtual cluster.
        namespace: on the host.
        version: of its Kubernetes.
        changes: what changed; false if nothing did.
        known: what connecting to it need not ask for; None after a dry run.
    """

    name: str
    namespace: str
    version: str
    changes: Changes
    known: Known | None = field(default=None, repr=False)


async def _refuse(_: Changes) -> bool:
    return False


async def upgrade_cluster(
    options: Options, *, review: Review = _refuse, steps: Steps | None = None
) -> Upgraded:
    """Change a virtual cluster: new values over the stored ones, another Kubernetes, this version of vcli.

    Nothing is changed before ``review`` has seen it. When the new control plane does not become ready, or the
    call is cancelled, the objects from before are applied again.

    Raises:
        NotFoundError: there is none of that name; or its stored values are missing.
        UsageError: the values make no sense, or several clusters have the name.
        ConflictError: another tool made it; data would be lost and ``review`` does not agree; the store or
            the Kubernetes version can't be changed in this way.
        PreflightError: the host lacks something, or we lack rights; all problems at once.
        NotReadyError: the new control plane never becomes ready.
        TimedOutError: it did not become ready in time.
        ApiError: the host rejected a request.
        UnreachableError: the host does not answer.
    """
    check_name(options.name)
    async with connect_to_host(kubeconfig=options.kubeconfig, context=options.context) as host:
        _, names = await resolve_ours(host.client, options.name, namespace=options.namespace)
        return await _Upgrade(host.client, names, options, review, steps or NoSteps()).run()


async def upgrade_if_there(
    options: Options,
    *,
    review: Review = _refuse,
    steps: Steps | None = None,
    host: HostConnection | None = None,
) -> Upgraded | None:
    """As `upgrade_cluster`, in the namespace that create would choose; None if there is nothing to change.

    Args:
        options: what to change, and how.
        review: sees the changes.
        steps: is informed of progress.
        host: an open connection to the host, if there is one.
    """
    check_name(options.name)
    async with connect_to_host(
        kubeconfig=options.kubeconfig, context=options.context, shared=host
    ) as reached:
        of_context = reached.loaded.namespace
        namespace = choose_namespace(options.name, given=options.namespace, of_context=of_context)
        names = Names(options.name, namespace)
        if not await _exists(reached.client, names):
            return None
        return await _Upgrade(reached.client, names, options, review, steps or NoSteps()).run()


async def _exists(client: Client, names: Names) -> bool:
    async def get(resource: Resource, name: str) -> Object | None:
        try:
            return await client.get(resource, name, namespace=names.namespace)
        except (NotFound, Forbidden):
            return None

    namespace, service, workload = await asyncio.gather(
        get(NAMESPACES, names.namespace),
        get(SERVICES, names.service),
        get(STATEFULSETS, names.stateful_set),
    )
    return not is_terminating(namespace) and is_there(service, workload, names)


class _Upgrade:
    """One call of upgrade."""

    def __init__(self, client: Client, names: Names, options: Options, review: Review, steps: Steps) -> None:
        self._client = client
        self._names = names
        self._options = options
        self._review = review
        self._steps = steps

    async def run(self) -> Upgraded:
        client, names, options = self._client, self._names, self._options
        with self._steps.step("Compare with what is there"):
            stored = await self._stored()
            values = options.given.values(over=None if options.reset_values else stored)
            for warning in values.warnings:
                self._steps.warn(warning)
            plan = await make_plan(
                client,
                names,
                values,
                stored,
                steps=self._steps,
                waits=options.wait,
                may_lose_data=options.may_lose_data,
            )
        applied: list[Object] = []
        if plan.changes and not options.dry_run:
            await self._consent(plan.changes)
            await pod_security.enforce(client, names, values, steps=self._steps)
            rollback = Rollback(
                client, names, plan, self._steps, keeps=options.keep_on_failure, waits=options.wait
            )
            async with rollback:
                applied = await self._apply(plan, rollback)
            await prune(client, plan.surplus)
        return Upgraded(
            name=names.cluster,
            namespace=names.namespace,
            version=values.control_plane.distro.k8s.version,
            changes=plan.changes,
            known=None if options.dry_run else self._known(plan, applied),
        )

    def _known(self, plan: Plan, applied: Sequence[Object]) -> Known | None:
        """What is known of the virtual cluster now."""
        objects = [*(each.after or each.wanted for each in plan.planned), *applied]
        workload = workload_of(objects[::-1])
        if workload is None:
            return None
        cluster = cluster_of(workload, kind=workload["kind"])
        waited = self._options.wait and self._waits_for(plan) and workload_of(applied)
        return Known.of(replace(cluster, ready=max(cluster.ready, 1)) if waited else cluster, objects)

    def _waits_for(self, plan: Plan) -> bool:
        """Whether the pod is made new."""
        return plan.changes.restarts or plan.creates_workload

    async def _stored(self) -> Document:
        names = self._names
        found = await read_values(self._client, names)
        if found is not None:
            return await completed(self._client, names, found)
        if self._options.reset_values:
            return Document()
        raise NotFoundError(
            f"the values that virtual cluster {names.cluster!r} was made with are missing: there is no"
            f" {names.values} in namespace {names.namespace!r}",
            hint="give all of them again, with --reset-values",
        )

    async def _consent(self, changes: Changes) -> None:
        agreed = await self._review(changes)
        if changes.loses_data and not agreed:
            names = self._names
            raise ConflictError(
                f"this change restarts the pod of virtual cluster {names.cluster!r} in namespace"
                f" {names.namespace!r}, which keeps its data in that pod only: all of it would be lost",
                hint="nothing was changed; --yes goes on and starts with an empty store, --dry-run shows what"
                " would change",
            )

    async def _apply(self, plan: Plan, rollback: Rollback) -> list[Object]:
        client, timeout = self._client, self._options.timeout
        with self._steps.step("Apply the changes"):
            await self._claim(plan, rollback)
            applied = await answered(apply(client, [each.wanted for each in plan.touched]))
        rollback.applied()
        workload = workload_of(applied)
        if workload and self._options.wait and self._waits_for(plan):
            with self._steps.step("Wait until it is ready") as step:
                cluster = cluster_of(workload, kind=workload["kind"])
                await wait_ready(client, cluster, updated=True, timeout=timeout, detail=step.detail)
        if self._options.wait and any(each["kind"] == "Service" and awaits_address(each) for each in applied):
            with self._steps.step("Wait for the load balancer") as step:
                await wait_for_address(client, self._names, timeout=timeout, detail=step.detail)
        return applied

    async def _claim(self, plan: Plan, rollback: Rollback) -> None:
        """Write the new values first, and only over those that the plan was made from.

        So of two upgrades at once, or one that was thought over for long, the later does not undo the other.

        Raises:
            ConflictError: another client has changed them.
        """
        values = next(
            (each for each in plan.planned if each.wanted["metadata"]["name"] == self._names.values), None
        )
        if values is None or values.live is None:
            return
        version = {"resourceVersion": values.live["metadata"]["resourceVersion"]}
        body = {**values.wanted, "metadata": {**values.wanted["metadata"], **version}}
        try:
            await answered(self._client.apply(Resource.of(body), body, field_manager=FIELD_MANAGER))
        except Conflict as error:
            rollback.disarm()
            names = self._names
            raise ConflictError(
                f"virtual cluster {names.cluster!r} in namespace {names.namespace!r} was changed by another"
                " client meanwhile; this upgrade has changed nothing",
                hint="run it again to see what would change now",
            ) from error
