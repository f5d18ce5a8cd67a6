"""Creating a virtual cluster, or changing one: a row of named steps, undone when one of them fails."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from vcli.config.schema import Values
from vcli.controlplane import render
from vcli.controlplane.apply import apply
from vcli.controlplane.bundle import Bundle
from vcli.controlplane.facts import Facts, Storage
from vcli.controlplane.names import Names, check_name
from vcli.controlplane.prune import prune_bundles, prune_cluster_rights
from vcli.controlplane.rights import features
from vcli.controlplane.stateful_set import wants_claim
from vcli.errors import ConflictError
from vcli.invocation import vcli
from vcli.kube.client import Client
from vcli.kube.errors import AlreadyExists, ApiError, Forbidden, Invalid, NotFound, Object, Unreachable
from vcli.kube.resources import NAMESPACES, SERVICES
from vcli.kubeconfig.auth import load_access
from vcli.operations import removal
from vcli.operations.cancelling import answered, finished
from vcli.operations.gather import choose_namespace, gather_facts, load_bundle, read_files
from vcli.operations.preflight import Findings, find_storage, look, raise_for
from vcli.operations.steps import NoSteps, Steps
from vcli.operations.template import UNKNOWN, planned
from vcli.operations.wait import wait_ready

if TYPE_CHECKING:
    from vcli.controlplane.certificates import Files

DEFAULT_TIMEOUT = 300.0
_CLEANUP_TIMEOUT = 60.0
_ENDING_TIMEOUT = 60.0
# Tells our own Service and namespace from those of another create of the same name, when the answer got lost.
_CREATION = "vcli.dev/creation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What to create, and how.

    Attributes:
        name: of the virtual cluster.
        values: from `vcli.config.load`.
        namespace: on the host; None to choose as `choose_namespace` does.
        kubeconfig: ``--kubeconfig`` of the host.
        context: ``--context`` of the host.
        upgrade: change the one that is there, if there is one.
        wait: until it is ready.
        keep_on_failure: leave what was made when something fails.
        timeout: seconds to wait at most.
    """

    name: str
    values: Values
    namespace: str | None = None
    kubeconfig: str | None = None
    context: str | None = None
    upgrade: bool = False
    wait: bool = True
    keep_on_failure: bool = False
    timeout: float = DEFAULT_TIMEOUT


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """A virtual cluster that was made, or changed.

    Attributes:
        name: of the virtual cluster.
        namespace: on the host.
        version: of its Kubernetes.
        existed: it was there before.
        objects: what was applied, as the host answered.
    """

    name: str
    namespace: str
    version: str
    existed: bool
    objects: list[Object] = field(repr=False)


async def create_cluster(options: Options, *, steps: Steps | None = None) -> Created:
    """Create a virtual cluster, or bring one up to date with ``upgrade``.

    When it fails, or is cancelled, everything that this call made is removed again. A cancellation that comes
    when all is done changes nothing (`vcli.operations.cancelling.raise_if_cancelled` tells of it).

    Raises:
        UsageError: the name makes no sense.
        ConflictError: it exists, or something else has its name.
        PreflightError: the host lacks something, or we lack rights; all problems at once.
        NotReadyError: it never becomes ready.
        TimedOutError: it did not become ready in time.
        ApiError: the host says no.
        UnreachableError: the host does not answer.
    """
    done: list[Created] = []
    try:
        async with _creation(options, steps or NoSteps()) as creation:
            done.append(await creation.run())
    except asyncio.CancelledError:
        if not done:
            raise
    return done[0]


async def plan_cluster(options: Options, *, steps: Steps | None = None) -> list[Object]:
    """What `create_cluster` would apply, after the same checks; nothing is changed, secrets are left out.

    Raises:
        VcliError: see `create_cluster`.
    """
    async with _creation(options, steps or NoSteps()) as creation:
        return await creation.plan()


@contextlib.asynccontextmanager
async def _creation(options: Options, steps: Steps) -> AsyncIterator["_Creation"]:
    check_name(options.name)
    loaded = load_access(kubeconfig=options.kubeconfig, context=options.context)
    namespace = choose_namespace(options.name, given=options.namespace, of_context=loaded.namespace)
    async with Client(loaded.access) as client:
        yield _Creation(client, Names(options.name, namespace), options, steps)


class _Creation:
    """One call of create: what it found, and what it has to undo."""

    def __init__(self, client: Client, names: Names, options: Options, steps: Steps) -> None:
        self._client = client
        self._names = names
        self._options = options
        self._values = options.values
        self._steps = steps
        self._token = secrets.token_hex(8)
        self._undo: list[Callable[[], Awaitable[None]]] = []

    async def run(self) -> Created:
        # Neither depends on the host, and both take their time: they run beside the questions to it.
        packed = asyncio.ensure_future(load_bundle(self._values))
        signing_key = asyncio.ensure_future(asyncio.to_thread(_token_key))
        try:
            async with self._undone_on_failure():
                return await self._make(packed, signing_key)
        finally:
            for task in (packed, signing_key):
                task.cancel()

    async def _make(self, packed: "asyncio.Future[Bundle | None]", key: "asyncio.Future[Files]") -> Created:
        with self._steps.step("Check the host"):
            bundle = await packed
            findings, existed = await self._look(bundle)
        if not findings.namespace_exists:
            with self._steps.step(f"Create namespace {self._names.namespace}"):
                await self._create_namespace()
        with self._steps.step("Apply the control plane"):
            service = findings.service if existed else await self._create_service()
            facts = await self._facts(findings, service)
            files = await self._certificates(facts, key, existed=existed)
            objects = render.render(self._names, self._values, facts, files=files, bundle=bundle)
            applied = await self._apply(objects, existed=existed)
        if self._options.wait:
            with self._steps.step("Wait until it is ready") as step:
                workload, timeout = applied[-1], self._options.timeout
                await wait_ready(self._client, self._names, workload, timeout=timeout, detail=step.detail)
            if existed:
                await prune_bundles(self._client, self._names, keep=bundle.digest if bundle else None)
                if self._values.rbac.cluster_role.enabled is not True:
                    await prune_cluster_rights(self._client, self._names)
        return Created(
            name=self._names.cluster,
            namespace=self._names.namespace,
            version=self._values.control_plane.distro.k8s.version,
            existed=existed,
            objects=applied,
        )

    async def plan(self) -> list[Object]:
        with self._steps.step("Check the host"):
            bundle = await load_bundle(self._values)
            findings, existed = await self._look(bundle)
            facts = await self._facts(findings, findings.service if existed else None)
        return planned(self._names, self._values, facts, bundle=bundle)

    # --- steps

    async def _look(self, bundle: Bundle | None) -> tuple[Findings, bool]:
        findings = await look(self._client, self._names, self._values, bundle=bundle)
        if findings.namespace_ending:
            with self._steps.step(f"Wait until the namespace {self._names.namespace} from before is gone"):
                await removal.until(
                    self._namespace_is_gone, timeout=min(self._options.timeout, _ENDING_TIMEOUT)
                )
                findings = await look(self._client, self._names, self._values, bundle=bundle)
        existed = self._existing(findings)
        raise_for(findings, self._names)
        return findings, existed

    async def _namespace_is_gone(self) -> bool:
        return await removal.namespace_of(self._client, self._names) is None

    def _existing(self, findings: Findings) -> bool:
        """Whether there is one to change.

        Raises:
            ConflictError: there is one and no upgrade is wanted; or it isn't one of ours.
        """
        name, namespace = self._names.cluster, self._names.namespace
        if findings.service is None:
            if findings.workload is None:
                return False
            raise ConflictError(
                f"there are leftovers of a virtual cluster {name!r} in namespace {namespace!r}",
                hint=f"remove them: {vcli('delete', name, namespace=namespace)}",
            )
        if not findings.ours:
            raise ConflictError(
                f"namespace {namespace!r} has a Service {name!r} that vcli did not create",
                hint="choose another name, or another namespace with -n",
            )
        if "deletionTimestamp" in findings.service["metadata"]:
            raise ConflictError(
                f"virtual cluster {name!r} in namespace {namespace!r} is being deleted",
                hint=f"wait until it is gone: {vcli('list', namespace=namespace)}",
            )
        if not self._options.upgrade:
            raise ConflictError(
                f"virtual cluster {name!r} exists in namespace {namespace!r}",
                hint=f"{vcli('connect', name, namespace=namespace)}; or change it:"
                f" {vcli('create', name, '--upgrade', namespace=namespace)}",
            )
        return True

    async def _create_namespace(self) -> None:
        annotations = {removal.CREATED_FOR: self._names.cluster, _CREATION: self._token}
        body: Object = {"metadata": {"name": self._names.namespace, "annotations": annotations}}
        # Before the request: its answer may get lost.
        self._undo.append(self._remove_namespace)
        with contextlib.suppress(AlreadyExists):  # somebody was faster; then it is theirs
            await answered(self._client.create(NAMESPACES, body))

    async def _create_service(self) -> Object:
        """The first object, by whose creation two creates of one name can't both go on."""
        body = render.service(self._names, self._values)
        annotations = {**body["metadata"].get("annotations", {}), _CREATION: self._token}
        body["metadata"] = {**body["metadata"], "annotations": annotations}
        self._undo.append(self._remove)
        try:
            return await answered(self._client.create(SERVICES, body))
        except AlreadyExists as error:
            raise ConflictError(
                f"another process is creating virtual cluster {self._names.cluster!r} in namespace"
                f" {self._names.namespace!r}",
                hint="when that is done: "
                + vcli("connect", self._names.cluster, namespace=self._names.namespace),
            ) from error

    async def _facts(self, findings: Findings, service: Object | None) -> Facts:
        """Facts about the host; placeholders for what only a Service shows when there is none."""
        storage = await self._storage(findings)
        facts = await gather_facts(self._client, self._names, service) if service else UNKNOWN
        lacking = [each.title for name, each in features().items() if name not in findings.features]
        if lacking:
            self._steps.warn(f"you lack the rights to make these work: {', '.join(lacking)}")
        return replace(facts, storage=storage, features=findings.features)

    async def _storage(self, findings: Findings) -> Storage | None:
        storage, names = findings.storage, self._names
        if not findings.storage_known:
            storage, _ = await find_storage(self._client, names, self._values)
        claim = self._values.control_plane.stateful_set.persistence.volume_claim
        if findings.has_claim is not None and claim.enabled == "auto":
            # What the store is on was decided when it was created.
            return findings.own_storage if findings.has_claim else None
        if findings.has_claim is not None and findings.has_claim is not wants_claim(claim, storage):
            there = "on a volume claim" if findings.has_claim else "in the pod only"
            raise ConflictError(
                f"virtual cluster {names.cluster!r} keeps its data {there}, which can't be changed",
                hint="leave volumeClaim.enabled (and --ephemeral) as it was at its creation",
            )
        if findings.has_claim:
            return findings.own_storage
        if claim.enabled == "auto" and storage is None:
            self._steps.warn(
                "the host has no default StorageClass: the data will live as long as the pod"
                " (--ephemeral says that this is meant)"
            )
        return storage

    async def _certificates(self, facts: Facts, key: "asyncio.Future[Files]", *, existed: bool) -> "Files":
        from vcli.controlplane.certificates import issue  # noqa: PLC0415  takes 40 ms to import

        sans = render.sans(self._names, self._values, facts.service_ips)
        existing = await read_files(self._client, self._names) if existed else await key
        return await asyncio.to_thread(issue, sans, existing=existing)

    async def _apply(self, objects: list[Object], *, existed: bool) -> list[Object]:
        try:
            return await answered(apply(self._client, objects))
        except (Invalid, Forbidden) as error:
            if existed and "updates to statefulset spec" in error.message:
                raise ConflictError(
                    f"virtual cluster {self._names.cluster!r}: size, class and number of its volumes can't be"
                    " changed",
                    hint="leave controlPlane.statefulSet.persistence as it was at its creation",
                ) from error
            raise

    # --- undoing

    @contextlib.asynccontextmanager
    async def _undone_on_failure(self) -> AsyncIterator[None]:
        try:
            yield
        except BaseException:
            if self._undo and not self._options.keep_on_failure:
                with self._steps.step("Remove what was made"):
                    await finished(self._undo_all())
            elif self._undo:
                self._steps.warn(f"what was made is left in namespace {self._names.namespace}")
            raise

    async def _undo_all(self) -> None:
        for undo in reversed(self._undo):
            try:
                await undo()
            except (ApiError, Unreachable) as error:
                self._steps.warn(f"could not remove everything: {error.message}")

    def _made(self, found: Object | None) -> bool:
        """Whether it is this call that made an object."""
        annotations = (found or {}).get("metadata", {}).get("annotations") or {}
        return bool(annotations.get(_CREATION) == self._token)

    async def _remove_namespace(self) -> None:
        if self._made(await removal.namespace_of(self._client, self._names)):
            await removal.remove_namespace(self._client, self._names)

    async def _remove(self) -> None:
        """Remove the objects, if the Service is the one that this call made."""
        names = self._names
        try:
            service = await self._client.get(SERVICES, names.service, namespace=names.namespace)
        except NotFound:
            return
        if not self._made(service):
            return
        objects = await removal.find_all(self._client, names)
        await removal.start(self._client, objects, keep=_nothing)
        left = await removal.gone(self._client, names, keep=_nothing, timeout=_CLEANUP_TIMEOUT)
        if left:
            self._steps.warn(f"still there: {', '.join(map(removal.title, left))}")


def _nothing(_: Object) -> bool:
    return False


def _token_key() -> "Files":
    from vcli.controlplane.certificates import token_key  # noqa: PLC0415  takes 40 ms to import

    return token_key()
