"""Creating a virtual cluster: a row of named steps, undone when one of them fails."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from vcli import inputs
from vcli.config.schema import Values
from vcli.controlplane import render
from vcli.controlplane.apply import apply
from vcli.controlplane.bundle import Bundle
from vcli.controlplane.names import Names, check_name
from vcli.errors import ConflictError, NotFoundError
from vcli.invocation import kubectl, vcli
from vcli.kube.client import Client
from vcli.kube.errors import AlreadyExists, NotFound
from vcli.kube.resources import NAMESPACES, SERVICES
from vcli.kube.types import Object, annotations
from vcli.operations import pod_security, removal
from vcli.operations.cancelling import answered
from vcli.operations.existing import is_there
from vcli.operations.facts import choose_namespace, load_bundle
from vcli.operations.host_connection import HostConnection, connect_to_host
from vcli.operations.known import Known
from vcli.operations.load_balancer import awaits_address, wait_for_address
from vcli.operations.preflight import PreflightResult, raise_for, run_preflight
from vcli.operations.rendering import find_facts, rendered
from vcli.operations.resolve import cluster_of
from vcli.operations.steps import NoSteps, Steps
from vcli.operations.undo import Undo
from vcli.operations.wait import wait_ready

if TYPE_CHECKING:
    from vcli.bootstrap.pki import Files

DEFAULT_TIMEOUT = 300.0
_CLEANUP_TIMEOUT = 60.0
_ENDING_TIMEOUT = 60.0
# Tells our own Service and namespace from those of another create of the same name, when the answer got lost.
_CREATION = "vcli.dev/creation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What to create, and how.

    Raises UsageError when a name or the timeout makes no sense.

    Attributes:
        name: of the virtual cluster.
        values: from `vcli.config.load`.
        namespace: on the host; None to choose as `choose_namespace` does.
        kubeconfig: ``--kubeconfig`` of the host.
        context: ``--context`` of the host.
        wait: until it is ready.
        keep_on_failure: leave what was made when something fails.
        create_namespace: if there is none.
        timeout: seconds to wait at most.
    """

    name: str
    values: Values
    namespace: str | None = None
    kubeconfig: str | None = None
    context: str | None = None
    wait: bool = True
    keep_on_failure: bool = False
    create_namespace: bool = True
    timeout: float = DEFAULT_TIMEOUT

    def __post_init__(self) -> None:
        check_name(self.name)
        if self.namespace is not None:
            inputs.namespace(self.namespace)
        inputs.timeout(self.timeout)


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """A virtual cluster that was made.

    Attributes:
        name: of the virtual cluster.
        namespace: on the host.
        version: of its Kubernetes.
        objects: what was applied, as the host answered.
        known: what connecting to it need not ask for.
    """

    name: str
    namespace: str
    version: str
    objects: list[Object] = field(repr=False)
    known: Known = field(repr=False)


async def create_cluster(
    options: Options, *, steps: Steps | None = None, host: HostConnection | None = None
) -> Created:
    """Create a virtual cluster.

    When it fails, or is cancelled, everything that this call made is removed again. A cancellation that comes
    when all is done changes nothing (`vcli.operations.cancelling.raise_if_cancelled` tells of it).

    Args:
        options: what to create, and how.
        steps: is informed of progress.
        host: an open connection to the host, if there is one.

    Raises:
        UsageError: the name makes no sense.
        ConflictError: it exists, or something else has its name.
        PreflightError: the host lacks something, or we lack rights; all problems at once.
        NotReadyError: it never becomes ready.
        TimedOutError: it did not become ready in time.
        ApiError: the host rejected a request.
        UnreachableError: the host does not answer.
    """
    done: list[Created] = []
    try:
        async with _creation(options, steps or NoSteps(), host) as creation:
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
async def _creation(
    options: Options, steps: Steps, shared: HostConnection | None = None
) -> AsyncIterator["_Creation"]:
    async with connect_to_host(kubeconfig=options.kubeconfig, context=options.context, shared=shared) as host:
        of_context = host.loaded.namespace
        namespace = choose_namespace(options.name, given=options.namespace, of_context=of_context)
        yield _Creation(host.client, Names(options.name, namespace), options, steps)


class _Creation:
    """One call of create: what it found, and what it has to undo."""

    def __init__(self, client: Client, names: Names, options: Options, steps: Steps) -> None:
        self._client = client
        self._names = names
        self._options = options
        self._values = options.values
        self._steps = steps
        self._token = secrets.token_hex(8)
        self._undo = Undo(names, steps, keeps=options.keep_on_failure)

    async def run(self) -> Created:
        # Neither depends on the host, and both take their time: they run beside the questions to it.
        packed = asyncio.ensure_future(load_bundle(self._values))
        signing_key = asyncio.ensure_future(asyncio.to_thread(_token_key))
        try:
            async with self._undo:
                return await self._make(packed, signing_key)
        finally:
            for task in (packed, signing_key):
                task.cancel()

    async def _make(self, packed: "asyncio.Future[Bundle | None]", key: "asyncio.Future[Files]") -> Created:
        names, values = self._names, self._values
        with self._steps.step("Check the host"):
            bundle = await packed
            preflight = await self._preflight(bundle)
        if not preflight.namespace_exists:
            self._check_may_create_namespace()
            with self._steps.step(f"Create namespace {names.namespace}"):
                await self._create_namespace()
        await pod_security.enforce(self._client, names, values, steps=self._steps)
        with self._steps.step("Apply the control plane"):
            service = await self._create_service()
            objects = await rendered(
                self._client,
                names,
                values,
                preflight,
                service,
                bundle=bundle,
                fresh=await key,
                steps=self._steps,
            )
            applied = await answered(apply(self._client, objects))
        cluster = cluster_of(applied[-1], kind="StatefulSet")
        if self._options.wait:
            with self._steps.step("Wait until it is ready") as step:
                timeout = self._options.timeout
                await wait_ready(self._client, cluster, updated=True, timeout=timeout, detail=step.detail)
            if awaits_address(service):
                with self._steps.step("Wait for the load balancer") as step:
                    service = await wait_for_address(
                        self._client, names, timeout=self._options.timeout, detail=step.detail
                    )
            cluster = replace(cluster, ready=max(cluster.replicas, 1))
        return Created(
            name=names.cluster,
            namespace=names.namespace,
            version=values.control_plane.distro.k8s.version,
            objects=applied,
            known=Known.of(cluster, applied),
        )

    async def plan(self) -> list[Object]:
        with self._steps.step("Check the host"):
            bundle = await load_bundle(self._values)
            preflight = await self._preflight(bundle)
            facts = await find_facts(self._client, self._names, self._values, preflight, steps=self._steps)
        return render.render(self._names, self._values, facts, bundle=bundle)

    # --- steps

    async def _preflight(self, bundle: Bundle | None) -> PreflightResult:
        preflight = await run_preflight(self._client, self._names, self._values, bundle=bundle)
        if preflight.namespace_ending:
            with self._steps.step(f"Wait until the namespace {self._names.namespace} from before is gone"):
                await removal.until(
                    self._namespace_is_gone, timeout=min(self._options.timeout, _ENDING_TIMEOUT)
                )
                preflight = await run_preflight(self._client, self._names, self._values, bundle=bundle)
        self._refuse_existing(preflight)
        raise_for(preflight, self._names)
        return preflight

    async def _namespace_is_gone(self) -> bool:
        return await removal.namespace_of(self._client, self._names) is None

    def _refuse_existing(self, preflight: PreflightResult) -> None:
        """See that the name is free.

        Raises:
            ConflictError: it is not.
        """
        if is_there(preflight.service, preflight.workload, self._names):
            name, namespace = self._names.cluster, self._names.namespace
            raise ConflictError(
                f"virtual cluster {name!r} exists in namespace {namespace!r}",
                hint=f"{vcli('connect', name, namespace=namespace)}; or change it:"
                f" {vcli('create', name, '--upgrade', namespace=namespace)}",
            )

    def _check_may_create_namespace(self) -> None:
        """See that the user wants one to be created.

        Raises:
            NotFoundError: they don't.
        """
        if not self._options.create_namespace:
            namespace = self._names.namespace
            raise NotFoundError(
                f"there is no namespace {namespace!r}, and --no-create-namespace is given",
                hint=f"{kubectl('create', 'namespace', namespace)}; or leave the option out",
            )

    async def _create_namespace(self) -> None:
        created = {removal.CREATED_FOR: self._names.cluster, _CREATION: self._token}
        body: Object = {"metadata": {"name": self._names.namespace, "annotations": created}}
        self._undo.add(self._remove_namespace)
        with contextlib.suppress(AlreadyExists):  # somebody was faster; then it is theirs
            await answered(self._client.create(NAMESPACES, body))

    async def _create_service(self) -> Object:
        """The first object, by whose creation two creates of one name can't both go on."""
        body = render.service(self._names, self._values)
        body["metadata"] = {**body["metadata"], "annotations": {**annotations(body), _CREATION: self._token}}
        self._undo.add(self._remove)
        try:
            return await answered(self._client.create(SERVICES, body))
        except AlreadyExists as error:
            raise ConflictError(
                f"another process is creating virtual cluster {self._names.cluster!r} in namespace"
                f" {self._names.namespace!r}",
                hint="when that is done: "
                + vcli("connect", self._names.cluster, namespace=self._names.namespace),
            ) from error

    # --- undoing

    def _made(self, found: Object | None) -> bool:
        """Whether it is this call that made an object."""
        return annotations(found).get(_CREATION) == self._token

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
        await removal.start(self._client, names, objects, keep=_nothing)
        left = await removal.gone(self._client, names, keep=_nothing, timeout=_CLEANUP_TIMEOUT)
        if left:
            still = ", ".join(map(removal.title_and_reason, left))
            self._steps.warn(f"not everything is gone yet: {still}; {self._undo.left}")


def _nothing(_: Object) -> bool:
    return False


def _token_key() -> "Files":
    from vcli.controlplane.certificates import token_key  # noqa: PLC0415  takes 40 ms to import

    return token_key()
