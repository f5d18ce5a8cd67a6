"""What can be known before anything is made: rights, room, storage and versions, all asked at once."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from vcli.config.networking import check_host_namespace
from vcli.config.schema import Values
from vcli.controlplane.apply import together
from vcli.controlplane.bundle import Bundle
from vcli.controlplane.exports import exports
from vcli.controlplane.facts import Facts, Storage
from vcli.controlplane.names import Names
from vcli.controlplane.render import workload
from vcli.controlplane.stores.embedded_etcd import wants_claim
from vcli.errors import NotAllowedError
from vcli.invocation import kubectl
from vcli.kube.client import Client
from vcli.kube.errors import ApiError, Forbidden, NotFound
from vcli.kube.resources import (
    NAMESPACES,
    PODS,
    PVCS,
    SERVICES,
    STATEFULSETS,
    STORAGECLASSES,
    Resource,
)
from vcli.kube.types import Object, annotations, is_terminating
from vcli.operations.host_rights import check_namespace, check_rights
from vcli.operations.ingress_classes import check_ingress
from vcli.operations.remedies import EPHEMERAL, Problem, for_rejection, joined
from vcli.operations.stores import store_problems

# A StatefulSet removes its claims since 1.27, a preStop hook can sleep since 1.30.
OLDEST_HOST_MINOR = 30
_QUOTA = "exceeded quota"
_Rejection = tuple[str, str]  # of what, and why
_DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"


class PreflightError(NotAllowedError):
    """The host does not accept the virtual cluster; ``problems`` lists why."""

    code = "Preflight"

    def __init__(self, names: Names, problems: list[Problem]) -> None:
        texts = [problem.text for problem in problems]
        listed = "".join(f"\n  - {text}" for text in texts) if len(texts) > 1 else f" {texts[0]}"
        super().__init__(
            f"virtual cluster {names.cluster!r} can't be created in namespace {names.namespace!r}:{listed}",
            hint=joined(problems),
        )
        self.problems = texts


@dataclass(frozen=True, slots=True, kw_only=True)
class PreflightResult:
    """What the host is like.

    Attributes:
        version: of the host, ``v1.36.3``.
        namespace_exists: otherwise it has to be made.
        namespace_ending: it is being deleted.
        service: the Service that has the virtual cluster's name, if there is one.
        workload: the StatefulSet that has it.
        storage: the class a claim will get; None if none.
        storage_known: false when neither class nor namespace could be asked yet.
        features: those whose rights can be given to the syncer, see `vcli.controlplane.rights`.
        problems: why it can't be made.
    """

    version: str
    namespace_exists: bool
    namespace_ending: bool
    service: Object | None
    workload: Object | None
    storage: Storage | None
    storage_known: bool
    features: frozenset[str]
    problems: list[Problem] = field(default_factory=list)

    @property
    def has_claim(self) -> bool | None:
        """Whether the StatefulSet that is there keeps its data on a claim; None if none is there."""
        return None if self.workload is None else bool(self.workload["spec"].get("volumeClaimTemplates"))

    @property
    def own_storage(self) -> Storage:
        """The storage of the StatefulSet that is there, which stays as it is."""
        return Storage(name="")


async def run_preflight(
    client: Client, names: Names, values: Values, *, bundle: Bundle | None, replaces: bool = False
) -> PreflightResult:
    """Ask the host everything at once.

    Args:
        client: of the host.
        names: of the virtual cluster.
        values: what the user chose.
        bundle: the syncer's code.
        replaces: the pod takes the place of one that is there: its share of the quota becomes free, and its
            store stays.

    Raises:
        Unreachable: it does not answer.
        Unauthorized: it does not know who we are.
        UsageError: the values do not go together with the names.
    """
    exports(names, values)
    check_host_namespace(values, names.namespace)
    # In two groups, because the types of more than six are not kept apart by mypy.
    objects = asyncio.gather(
        _find(client, NAMESPACES, names.namespace),
        _find(client, SERVICES, names.service, names.namespace),
        _find(client, STATEFULSETS, names.stateful_set, names.namespace),
    )
    answers = asyncio.gather(
        client.version(),
        check_rights(client, names, values),
        _storage_and_room(client, names, values, bundle),
    )
    (namespace, service, workload), (version, (missing, features), stored) = await asyncio.gather(
        objects, answers
    )
    storage, storage_known, room, rejections = stored
    if replaces:
        rejections = [(what, reason) for what, reason in rejections if _QUOTA not in reason]
    problems = [*_version(version["gitVersion"]), *missing, *await check_ingress(client, values)]
    if namespace is None:
        forbidden = await check_namespace(client, names.namespace)
        problems = [*forbidden, *(problem for problem in problems if not forbidden or problem not in missing)]
    ending = is_terminating(namespace)
    if ending:
        shown = kubectl("get", "namespace", names.namespace)
        problems.append(Problem("the namespace is being deleted", f"wait until it is gone: {shown}"))
    elif namespace is not None and not missing:  # without rights the same would be said twice
        problems += await room.problems(values, storage, rejections, existing=bool(workload))
    problems += await store_problems(client, names, values)
    if storage_known and not replaces:
        problems += _storage(values, storage)
    return PreflightResult(
        version=version["gitVersion"],
        namespace_exists=namespace is not None,
        namespace_ending=ending,
        service=service or None,
        workload=workload or None,
        storage=storage,
        storage_known=storage_known,
        features=features,
        problems=problems,
    )


async def _find(client: Client, resource: Resource, name: str, namespace: str | None = None) -> Object | None:
    """The object; None if it is not there, empty if we may not know."""
    try:
        return await client.get(resource, name, namespace=namespace)
    except NotFound:
        return None
    except Forbidden:
        return {}


def _version(version: str) -> Iterator[Problem]:
    minor = re.match(r"v?1\.([0-9]+)", version)
    if minor and int(minor[1]) < OLDEST_HOST_MINOR:
        yield Problem(
            f"the host runs Kubernetes {version}, and 1.{OLDEST_HOST_MINOR} is the oldest that is supported",
            "update the host, or use another one with --context",
        )


# --- room: the pod itself is the question, as a dry run; quota, limits, policies and webhooks answer


async def _storage_and_room(
    client: Client, names: Names, values: Values, bundle: Bundle | None
) -> tuple[Storage | None, bool, "_Room", list[_Rejection]]:
    storage, known = await find_storage(client, names, values)
    room = _Room(client, names, bundle)
    return storage, known, room, await room.rejections(values, storage)


class _Room:
    """Whether the namespace takes the pod and its claim: the question is a dry run of both."""

    def __init__(self, client: Client, names: Names, bundle: Bundle | None) -> None:
        self._client = client
        self._names = names
        self._bundle = bundle

    async def rejections(self, values: Values, storage: Storage | None) -> list[_Rejection]:
        """What is rejected, and why."""
        facts = Facts(storage=storage)
        spec = workload(self._names, values, facts, bundle=self._bundle, checksum="")["spec"]
        template, claims = spec["template"], spec.get("volumeClaimTemplates", [])
        pod: Object = {
            "metadata": template["metadata"],
            # The account is not there yet; everything else is as it will be.
            "spec": {**template["spec"], "serviceAccountName": "default"},
        }
        pod["spec"]["volumes"] += [{"name": each["metadata"]["name"], "emptyDir": {}} for each in claims]
        asked = [self._rejection("pod", PODS, pod)]
        asked += [self._rejection("claim", PVCS, each) for each in claims]
        return [each for each in await together(asked) if each is not None]

    async def problems(
        self,
        values: Values,
        storage: Storage | None,
        rejections: list[_Rejection],
        *,
        existing: bool,
    ) -> list[Problem]:
        """The rejections with what helps against them, tried out. What exists keeps its volume."""
        if not rejections:
            return []
        claim = values.control_plane.stateful_set.persistence.volume_claim
        kept = wants_claim(claim, storage)
        helps = kept and not existing and not await self.rejections(_ephemeral(values), None)
        return [
            Problem(
                f"the {'volume claim' if what == 'claim' else what} is rejected by the host: {reason}",
                for_rejection(reason, self._names.namespace, ephemeral_helps=helps),
            )
            for what, reason in rejections
        ]

    async def _rejection(self, what: str, resource: Resource, obj: Object) -> _Rejection | None:
        metadata = {key: value for key, value in obj["metadata"].items() if key != "name"}
        body = {**obj, "metadata": {**metadata, "generateName": f"{self._names.cluster}-check-"}}
        try:
            await self._client.create(resource, body, namespace=self._names.namespace, dry_run=True)
        except NotFound:  # the namespace is yet to be made
            return None
        except ApiError as error:
            return None if _account(error) else (what, _reason(error))
        return None


def _ephemeral(values: Values) -> Values:
    """The values with ``--ephemeral``."""
    plane, chosen = values.control_plane, values.control_plane.stateful_set
    claim = replace(chosen.persistence.volume_claim, enabled=False)
    workload = replace(chosen, persistence=replace(chosen.persistence, volume_claim=claim))
    return replace(values, control_plane=replace(plane, stateful_set=workload))


def _account(error: ApiError) -> bool:
    """The account `default` may be missing in a namespace that is seconds old: that says nothing."""
    return "serviceaccount" in error.message and "not found" in error.message


def _reason(error: ApiError) -> str:
    """The message without the name of our made-up pod."""
    return re.sub(r'^[a-z]+ "[^"]*" is (forbidden|invalid): ', "", error.message)


# --- storage


async def find_storage(client: Client, names: Names, values: Values) -> tuple[Storage | None, bool]:
    """The class that the claim will get, and whether that could be found out.

    The classes may be hidden from tenants; then a claim, as a dry run, shows the default that it gets.
    """
    claim = values.control_plane.stateful_set.persistence.volume_claim
    if claim.enabled is False:
        return None, True
    try:
        classes = (await client.list(STORAGECLASSES))["items"]
    except ApiError:
        return await _storage_by_claim(client, names, claim.storage_class, claim.size)
    names_of_classes = {each["metadata"]["name"] for each in classes}
    wanted = claim.storage_class or next(filter(None, map(_default_name, classes)), "")
    return (Storage(name=wanted) if wanted in names_of_classes else None), True


def _default_name(storage_class: Object) -> str:
    metadata = storage_class["metadata"]
    default = annotations(storage_class).get(_DEFAULT_CLASS) == "true"
    return str(metadata["name"]) if default else ""


async def _storage_by_claim(
    client: Client, names: Names, wanted: str, size: str
) -> tuple[Storage | None, bool]:
    body: Object = {
        "metadata": {"generateName": f"{names.cluster}-check-"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}},
    }
    if wanted:
        body["spec"]["storageClassName"] = wanted
    try:
        made = await client.create(PVCS, body, namespace=names.namespace, dry_run=True)
    except ApiError:
        return None, False
    name = made["spec"].get("storageClassName")
    return (Storage(name=name) if name else None), True


def _storage(values: Values, storage: Storage | None) -> Iterator[Problem]:
    chosen = values.control_plane.stateful_set
    claim = chosen.persistence.volume_claim
    if storage is not None or claim.enabled is False:
        return
    hint = f"{kubectl('get', 'storageclass')} lists the host's classes; {EPHEMERAL}"
    if claim.storage_class:
        yield Problem(f"there is no StorageClass {claim.storage_class!r}", hint)
    elif chosen.high_availability.is_on:
        need = "several control-plane pods keep their data on volume claims"
        yield Problem(f"{need}, and the host has no default StorageClass", hint.partition(";")[0])
    elif claim.enabled is True:
        yield Problem("a volume claim is asked for, and the host has no default StorageClass", hint)


def raise_for(preflight: PreflightResult, names: Names) -> None:
    """Complain about all problems at once.

    Raises:
        PreflightError: there are some.
    """
    if preflight.problems:
        raise PreflightError(names, preflight.problems)
