"""Changing a virtual cluster that is there: see what would change, then do it, and go back when it fails."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

from vcli import __version__
from vcli.config.document import Document
from vcli.config.load import Given
from vcli.config.schema import Values
from vcli.controlplane.apply import apply
from vcli.controlplane.names import Names, check_name
from vcli.controlplane.prune import find_surplus, prune
from vcli.controlplane.stateful_set import VERSION
from vcli.errors import ConflictError, NotFoundError, VcliError
from vcli.kube.client import Client
from vcli.kube.errors import Forbidden, NotFound, Object
from vcli.kube.resources import NAMESPACES, SERVICES, STATEFULSETS, Resource
from vcli.kubeconfig.auth import Loaded, load_access
from vcli.operations.cancelling import answered, finished
from vcli.operations.changes import Changes, Planned, compare
from vcli.operations.existing import is_there
from vcli.operations.gather import choose_namespace, load_bundle, read_files
from vcli.operations.planning import plan_objects
from vcli.operations.preflight import Findings, look, raise_for
from vcli.operations.rendering import rendered
from vcli.operations.resolve import resolve
from vcli.operations.rollback import restore
from vcli.operations.steps import NoSteps, Steps
from vcli.operations.stored import read_values
from vcli.operations.versions import check_step, is_older, running_version
from vcli.operations.wait import wait_ready

DEFAULT_TIMEOUT = 300.0
_ROLLBACK_TIMEOUT = 120.0

Review = Callable[[Changes], bool]
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
    """

    name: str
    namespace: str
    version: str
    changes: Changes


def _refuse(_: Changes) -> bool:
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
        ApiError: the host says no.
        UnreachableError: the host does not answer.
    """
    check_name(options.name)
    loaded = load_access(kubeconfig=options.kubeconfig, context=options.context)
    async with Client(loaded.access) as client:
        found = await resolve(client, options.name, namespace=options.namespace)
        if not found.ours:
            raise ConflictError(
                f"virtual cluster {found.name!r} in namespace {found.namespace!r} was made by loft-sh's"
                " vcluster, not by vcli",
                hint=f"helm upgrade, or vcluster create {found.name} --upgrade -n {found.namespace}",
            )
        names = Names(found.name, found.namespace)
        return await _Upgrade(client, names, options, review, steps or NoSteps()).run()


async def upgrade_if_there(
    options: Options, *, review: Review = _refuse, steps: Steps | None = None
) -> Upgraded | None:
    """As `upgrade_cluster`, in the namespace that create would choose; None if there is nothing to change."""
    check_name(options.name)
    loaded = load_access(kubeconfig=options.kubeconfig, context=options.context)
    async with Client(loaded.access) as client:
        names = _names(options, loaded)
        if not await _exists(client, names):
            return None
        return await _Upgrade(client, names, options, review, steps or NoSteps()).run()


def _names(options: Options, loaded: Loaded) -> Names:
    namespace = choose_namespace(options.name, given=options.namespace, of_context=loaded.namespace)
    return Names(options.name, namespace)


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
    ending = "deletionTimestamp" in (namespace or {}).get("metadata", {})
    return not ending and (service is not None or workload is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What is to be done."""

    planned: tuple[Planned, ...]
    surplus: tuple[Object, ...]
    changes: Changes
    was_ready: bool

    @property
    def touched(self) -> list[Planned]:
        return [each for each in self.planned if each.action]


class _Upgrade:
    """One call of upgrade."""

    def __init__(self, client: Client, names: Names, options: Options, review: Review, steps: Steps) -> None:
        self._client = client
        self._names = names
        self._options = options
        self._review = review
        self._steps = steps

    async def run(self) -> Upgraded:
        with self._steps.step("Compare with what is there"):
            stored = await self._stored()
            values = self._options.given.values(over=None if self._options.reset_values else stored)
            for warning in values.warnings:
                self._steps.warn(warning)
            plan = await self._plan(values, stored)
        if plan.changes and not self._options.dry_run:
            self._consent(plan.changes)
            async with self._rolled_back_on_failure(plan):
                await self._apply(plan)
            await prune(self._client, plan.surplus)
        return Upgraded(
            name=self._names.cluster,
            namespace=self._names.namespace,
            version=values.control_plane.distro.k8s.version,
            changes=plan.changes,
        )

    # --- seeing what would change

    async def _stored(self) -> Document:
        names = self._names
        found = await read_values(self._client, names)
        if found is not None:
            return found.document()
        if self._options.reset_values:
            return Document()
        raise NotFoundError(
            f"the values that virtual cluster {names.cluster!r} was made with are missing: there is no"
            f" {names.values} in namespace {names.namespace!r}",
            hint="give all of them again, with --reset-values",
        )

    async def _plan(self, values: Values, stored: Document) -> _Plan:
        client, names = self._client, self._names
        bundle = await load_bundle(values)
        findings = await look(client, names, values, bundle=bundle, replaces=True)
        service = self._service(findings)
        raise_for(findings, names)
        objects = await rendered(
            client,
            names,
            values,
            findings,
            service,
            bundle=bundle,
            files=lambda: read_files(client, names),
            steps=self._steps,
        )
        self._check_versions(values, findings, objects[-1])
        planned, surplus = await asyncio.gather(
            plan_objects(client, names, objects), find_surplus(client, names, objects)
        )
        changes = compare(names, stored=stored.data, values=values.given, planned=planned, surplus=surplus)
        if changes.restarts and not self._options.wait:
            # The pod from before may be wanted until the new one is ready: the next upgrade removes it.
            surplus = []
            changes = compare(names, stored=stored.data, values=values.given, planned=planned, surplus=())
        ready = (findings.workload or {}).get("status", {}).get("readyReplicas", 0)
        return _Plan(planned=tuple(planned), surplus=tuple(surplus), changes=changes, was_ready=ready > 0)

    def _service(self, findings: Findings) -> Object:
        names = self._names
        if not is_there(findings, names) or findings.service is None:
            raise NotFoundError(
                f"there is no virtual cluster {names.cluster!r} in namespace {names.namespace!r}",
                hint="vcli list shows what there is",
            )
        return findings.service

    def _check_versions(self, values: Values, findings: Findings, rendered_workload: Object) -> None:
        names, workload = self._names, findings.workload
        if workload is None:
            return
        made_by = (workload["metadata"].get("annotations") or {}).get(VERSION)
        if is_older(__version__, made_by):
            self._steps.warn(
                f"virtual cluster {names.cluster!r} was made by vcli {made_by}, this is {__version__}: what"
                " only the newer one knows is lost"
            )
        wanted = running_version(rendered_workload) or values.control_plane.distro.k8s.version
        command = f"vcli upgrade {names.cluster} -n {names.namespace}"
        check_step(running_version(workload), wanted, command=command)

    def _consent(self, changes: Changes) -> None:
        agreed = self._review(changes)
        if changes.loses_data and not agreed:
            names = self._names
            raise ConflictError(
                f"this change restarts the pod of virtual cluster {names.cluster!r} in namespace"
                f" {names.namespace!r}, which keeps its data in that pod only: all of it would be lost",
                hint="nothing was changed; --yes goes on and starts with an empty store, --dry-run shows what"
                " would change",
            )

    # --- doing it

    async def _apply(self, plan: _Plan) -> None:
        client, names = self._client, self._names
        with self._steps.step("Apply the changes"):
            applied = await answered(apply(client, [each.wanted for each in plan.touched]))
        workload = _workload(applied)
        anew = any(each.live is None and each.wanted["kind"] == "StatefulSet" for each in plan.touched)
        if workload and self._options.wait and (plan.changes.restarts or anew):
            with self._steps.step("Wait until it is ready") as step:
                await wait_ready(client, names, workload, timeout=self._options.timeout, detail=step.detail)

    @contextlib.asynccontextmanager
    async def _rolled_back_on_failure(self, plan: _Plan) -> AsyncIterator[None]:
        try:
            yield
        except BaseException as error:
            if self._options.keep_on_failure:
                self._steps.warn(
                    "the new control plane is left as it is; the values from before are replaced"
                )
                raise
            outcome: list[str] = []
            await finished(self._roll_back(plan, outcome))
            if isinstance(error, VcliError) and outcome:
                error.message += f"\n{outcome[0]}"
            elif outcome:
                self._steps.warn(outcome[0])
            raise

    async def _roll_back(self, plan: _Plan, outcome: list[str]) -> None:
        names = self._names
        lost = "; its data is lost, because its pod was replaced" if plan.changes.loses_data else ""
        try:
            with self._steps.step("Roll back to what was there before") as step:
                restored = await restore(self._client, plan.touched)
                workload = _workload(restored)
                waits = plan.changes.restarts and plan.was_ready and self._options.wait
                if workload and waits:
                    await wait_ready(
                        self._client, names, workload, timeout=_ROLLBACK_TIMEOUT, detail=step.detail
                    )
        except VcliError as error:
            outcome.append(f"rolling back failed as well: {error.message}")
        else:
            state = "it runs with the" if waits else "it has the"
            outcome.append(f"rolled back: {state} objects and values from before{lost}")


def _workload(objects: Sequence[Object]) -> Object | None:
    return next((obj for obj in objects if obj.get("kind") == "StatefulSet"), None)
