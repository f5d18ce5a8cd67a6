"""Removing a virtual cluster: its objects, what they made, the way to it, and the namespace made for it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from vcli import inputs
from vcli.contract.labels import CLUSTER, MANAGED_BY, is_control_plane
from vcli.controlplane.apply import together
from vcli.controlplane.names import Names
from vcli.errors import ConflictError, NotFoundError, TimedOutError
from vcli.invocation import helm, kubectl, vcli
from vcli.kube.client import Client
from vcli.kube.errors import Forbidden, NotFound
from vcli.kube.resources import PVCS, PVS, SERVICES, STATEFULSETS
from vcli.kube.types import Object, is_terminating, labels
from vcli.kubeconfig.auth import Loaded, load_access
from vcli.operations import removal
from vcli.operations.ending import Schedule
from vcli.operations.facts import choose_namespace
from vcli.operations.forgetting import forget_connections
from vcli.operations.resolve import check_place, find_clusters, resolve
from vcli.operations.steps import NoSteps, Steps

Consent = Callable[[str], Awaitable[bool]]
"""Asks a question that is answered by yes or no."""

DEFAULT_TIMEOUT = 120.0
_OWNERLESS_TIMEOUT = 15.0
_NOBODYS: Object = {"metadata": {"ownerReferences": None}}
_MOST_NAMED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What to delete, and how.

    Raises UsageError when a name or the timeout makes no sense: an empty name is not any cluster.

    Attributes:
        name: of the virtual cluster.
        namespace: on the host; None to look for it.
        kubeconfig: ``--kubeconfig`` of the host.
        context: ``--context`` of the host.
        ignore_not_found: to find nothing is fine.
        keep_pvc: leave the volume claims of the store and of the pods.
        delete_namespace: the namespace too, also one that vcli did not make; ``consent`` is asked if
            other things are in it.
        wait: until everything is gone.
        yes: the other things in that namespace may go as well: do not ask.
        dry_run: only say what would go.
        timeout: seconds to wait at most.
    """

    name: str
    namespace: str | None = None
    kubeconfig: str | None = None
    context: str | None = None
    ignore_not_found: bool = False
    keep_pvc: bool = False
    delete_namespace: bool = False
    wait: bool = True
    yes: bool = False
    dry_run: bool = False
    timeout: float = DEFAULT_TIMEOUT

    def __post_init__(self) -> None:
        check_place(self.name, self.namespace)
        inputs.timeout(self.timeout)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """What became of it.

    Attributes:
        name: of the virtual cluster.
        namespace: on the host.
        found: whether there was anything of it on the host.
        removed: what was removed (or would be), as ``kind/name``, namespace included.
        kept: what was left on purpose.
        contexts: of kubeconfigs, that were removed.
    """

    name: str
    namespace: str
    found: bool
    removed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    contexts: tuple[str, ...] = ()


async def delete_cluster(
    options: Options, *, steps: Steps | None = None, consent: Consent | None = None
) -> Deleted:
    """Delete a virtual cluster. Running it twice is fine, and goes on where the first one stopped.

    Args:
        options: what to delete, and how.
        steps: is informed of progress.
        consent: asked whether others' things may go with the namespace; without it, they may not.

    Raises:
        NotFoundError: there is none, and ``ignore_not_found`` is not set.
        UsageError: there are several of that name, in different namespaces.
        ConflictError: another tool made it; or others have things in the namespace that is to go too.
        TimedOutError: something remained; the message names it.
        ApiError: the host rejected a request.
        UnreachableError: the host does not answer.
    """
    steps = steps or NoSteps()
    loaded = load_access(kubeconfig=options.kubeconfig, context=options.context)
    async with Client(loaded.access) as client:
        with steps.step("Look for it"):
            names = await _locate(client, loaded, options)
            objects, namespace = await asyncio.gather(
                removal.find_all(client, names), removal.namespace_of(client, names)
            )
            await _check(client, names, objects)
        own_namespace = removal.made_for(namespace, names)
        if not objects and not own_namespace and not (options.delete_namespace and namespace):
            contexts = () if options.dry_run else await forget_connections(loaded, names, steps)
            if not options.ignore_not_found and not contexts:
                raise NotFoundError(
                    f"there is no virtual cluster {names.cluster!r} in namespace {names.namespace!r}",
                    hint=f"{vcli('list')} shows what there is; --ignore-not-found makes this a success",
                )
            return Deleted(
                name=names.cluster, namespace=names.namespace, found=False, contexts=tuple(contexts)
            )
        deletion = _Deletion(client, names, options, steps, consent)
        return await deletion.run(loaded, objects, namespace)


async def _locate(client: Client, loaded: Loaded, options: Options) -> Names:
    """Where it is: as given, where it is found, or else where create would have put it."""
    if options.namespace is not None:
        return Names(options.name, options.namespace)
    found = await find_clusters(client, name=options.name)
    if len(found) > 1:
        await resolve(client, options.name)  # explains that there are several
    guess = choose_namespace(options.name, given=None, of_context=loaded.namespace)
    return Names(options.name, found[0].namespace if found else guess)


async def _check(client: Client, names: Names, objects: list[Object]) -> None:
    """See that it is ours.

    Raises:
        ConflictError: a Service of that name belongs to another tool.
    """
    if objects:
        return
    try:
        service = await client.get(SERVICES, names.service, namespace=names.namespace)
    except (NotFound, Forbidden):
        return
    if is_control_plane(labels(service)) and CLUSTER not in labels(service):
        raise ConflictError(
            f"virtual cluster {names.cluster!r} in namespace {names.namespace!r} was made by another tool",
            hint="remove it with that tool, such as: "
            + helm("uninstall", names.cluster, namespace=names.namespace),
        )


def _some(titles: list[str]) -> str:
    named = ", ".join(titles[:_MOST_NAMED])
    return f"{named} and {len(titles) - _MOST_NAMED} more" if len(titles) > _MOST_NAMED else named


class _Deletion:
    def __init__(
        self, client: Client, names: Names, options: Options, steps: Steps, consent: Consent | None
    ) -> None:
        self._consent = consent
        self._client = client
        self._names = names
        self._options = options
        self._steps = steps

    async def run(self, loaded: Loaded, objects: list[Object], namespace: Object | None) -> Deleted:
        kept = tuple(removal.title(obj) for obj in objects if self._keeps(obj))
        removed = [removal.title(obj) for obj in objects if not self._keeps(obj)]
        takes_namespace, others = await self._plan_namespace(namespace)
        if takes_namespace:
            removed.append(f"namespace/{self._names.namespace}")
        removed += others
        if self._options.dry_run:
            return self._deleted(removed, kept, ())
        await self._ask_for(others)
        try:
            contexts = await self._delete(loaded, objects, kept=bool(kept), takes_namespace=takes_namespace)
        except asyncio.CancelledError:
            self._steps.warn(f"interrupted before all was removed: {self._again()} removes what is left")
            raise
        return self._deleted(removed, kept, tuple(contexts))

    async def _delete(
        self, loaded: Loaded, objects: list[Object], *, kept: bool, takes_namespace: bool
    ) -> list[str]:
        contexts = await forget_connections(loaded, self._names, self._steps)
        with self._steps.step(f"Delete virtual cluster {self._names.cluster}") as step:
            if kept:
                await self._free_claims(objects)
            # Claims that are kept are used again: their pods have to end for certain.
            schedule = Schedule(timeout=self._options.timeout, force=not self._options.keep_pvc)
            await removal.start(self._client, self._names, objects, keep=self._keeps, schedule=schedule)
            if takes_namespace:
                # It takes the host five seconds to begin with it, in which the objects go.
                await removal.remove_namespace(self._client, self._names)
            if self._options.wait:
                left = await removal.gone(
                    self._client,
                    self._names,
                    keep=self._keeps,
                    timeout=self._options.timeout,
                    schedule=schedule,
                    detail=step.detail,
                )
                for name in schedule.forgotten:
                    self._steps.warn(
                        f"pod {name} did not end in time and was removed by force: its node may still run it"
                    )
                self._complain(left)
        if takes_namespace and self._options.wait:
            await self._namespace_goes()
        return contexts

    async def _ask_for(self, others: list[str]) -> None:
        """See that others' things may go with the namespace.

        Raises:
            ConflictError: they may not.
        """
        if not others or self._options.yes:
            return
        holds = (
            f"namespace {self._names.namespace!r} holds other things than virtual cluster"
            f" {self._names.cluster!r}: {_some(others)}"
        )
        if self._consent is None or not await self._consent(f"{holds}. Delete them as well?"):
            raise ConflictError(
                f"{holds}; nothing was deleted",
                hint="--yes deletes them as well; without --delete-namespace they stay",
            )

    def _again(self) -> str:
        """The same command, once more."""
        options = self._options
        return vcli(
            "delete",
            self._names.cluster,
            *(["--keep-pvc"] if options.keep_pvc else ()),
            *(["--delete-namespace"] if options.delete_namespace else ()),
            *(["--yes"] if options.yes else ()),
            "--ignore-not-found",
            namespace=self._names.namespace,
        )

    def _deleted(self, removed: list[str], kept: tuple[str, ...], contexts: tuple[str, ...]) -> Deleted:
        return Deleted(
            name=self._names.cluster,
            namespace=self._names.namespace,
            found=True,
            removed=tuple(removed),
            kept=kept,
            contexts=contexts,
        )

    def _keeps(self, obj: Object) -> bool:
        """All claims: those of pods, as the store that is taken up again knows what is on them.

        And tenants' own volumes, which such claims are bound to.
        """
        return self._options.keep_pvc and obj["kind"] in (PVCS.kind, PVS.kind)

    async def _free_claims(self, objects: list[Object]) -> None:
        """Undo that claims go with StatefulSet and Service, and see to it before these go.

        Tenants' own volumes go with the ClusterRole.
        """
        await together(
            self._client.patch(PVS, obj["metadata"]["name"], _NOBODYS)
            for obj in objects
            if obj["kind"] == PVS.kind
        )
        workloads = [obj for obj in objects if obj["kind"] == STATEFULSETS.kind]
        policy: Object = {"spec": {"persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain"}}}
        await together(
            self._client.patch(STATEFULSETS, obj["metadata"]["name"], policy, namespace=self._names.namespace)
            for obj in workloads
            if not is_terminating(obj)
        )
        if not await removal.until(self._claims_are_free, timeout=_OWNERLESS_TIMEOUT):
            raise TimedOutError(
                f"the volume claims of virtual cluster {self._names.cluster!r} would be deleted with its"
                " StatefulSet, which still owns them, so nothing was deleted",
                hint="try again; or delete it without --keep-pvc",
            )

    async def _claims_are_free(self) -> bool:
        owned = [
            claim["metadata"]
            for label in (CLUSTER, MANAGED_BY)
            for claim in await self._claims(f"{label}={self._names.cluster}")
            if claim["metadata"].get("ownerReferences")
        ]
        await together(
            self._client.patch(PVCS, claim["name"], _NOBODYS, namespace=claim["namespace"])
            for claim in owned
            if MANAGED_BY in claim["labels"]  # the other ones a controller sees to
        )
        return not owned

    async def _claims(self, selector: str) -> list[Object]:
        found = await self._client.list(PVCS, namespace=self._names.namespace, label_selector=selector)
        return list(found["items"])

    def _complain(self, left: list[Object]) -> None:
        if left:
            listed = _some(list(map(removal.title_and_reason, left)))
            raise TimedOutError(
                f"virtual cluster {self._names.cluster!r} is not gone after {self._options.timeout:g}"
                f" seconds; still there: {listed}",
                hint=removal.hint(left, namespace=self._names.namespace, again=self._again()),
            )

    async def _plan_namespace(self, namespace: Object | None) -> tuple[bool, list[str]]:
        """Whether the namespace goes too, and what else goes with it."""
        if self._options.delete_namespace:
            exists = namespace is not None
            return exists, await removal.others(self._client, self._names) if exists else []
        if not removal.made_for(namespace, self._names) or self._options.keep_pvc:
            return False, []
        return not await removal.others(self._client, self._names), []

    async def _namespace_goes(self) -> None:
        with self._steps.step(f"Wait until the namespace {self._names.namespace} is gone"):
            await removal.hurry_namespace(self._client, self._names)
            if not await removal.until(self._namespace_is_gone, timeout=self._options.timeout):
                rest = removal.remains(await removal.namespace_of(self._client, self._names))
                raise TimedOutError(
                    f"namespace {self._names.namespace!r} is not gone after {self._options.timeout:g}"
                    f" seconds{rest and f': {rest}'}",
                    hint=f"{kubectl('describe', 'namespace', self._names.namespace)} shows what it waits for",
                )

    async def _namespace_is_gone(self) -> bool:
        return await removal.namespace_of(self._client, self._names) is None
