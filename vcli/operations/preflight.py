"""What can be known before anything is made: rights, room, storage and versions, all asked at once."""

import asyncio
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from vcli.config.schema import Values
from vcli.controlplane import rights, stateful_set
from vcli.controlplane.apply import together
from vcli.controlplane.bundle import Bundle
from vcli.controlplane.facts import Facts, Storage
from vcli.controlplane.names import CLUSTER_LABEL, Names
from vcli.controlplane.rights import Right
from vcli.errors import NotAllowedError
from vcli.kube.client import Client
from vcli.kube.errors import ApiError, Forbidden, NotFound
from vcli.kube.resources import (
    NAMESPACES,
    PODS,
    PVCS,
    SELFSUBJECTACCESSREVIEWS,
    SERVICES,
    STATEFULSETS,
    STORAGECLASSES,
    Resource,
)

Object = dict[str, Any]

# A StatefulSet removes its claims since 1.27, a preStop hook can sleep since 1.30.
OLDEST_HOST_MINOR = 30
_QUOTA = "exceeded quota"
_DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"


class PreflightError(NotAllowedError):
    """The host won't have the virtual cluster; ``problems`` lists why."""

    code = "Preflight"

    def __init__(self, namespace: str, problems: list[str]) -> None:
        many = len(problems) > 1
        listed = "".join(f"\n  - {problem}" for problem in problems) if many else f" {problems[0]}"
        super().__init__(
            f"namespace {namespace!r} can't take the virtual cluster:{listed}",
            hint="ask whoever runs the host; nothing was changed",
        )
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
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
    problems: list[str] = field(default_factory=list)

    @property
    def ours(self) -> bool:
        """Whether the Service of that name is a virtual cluster of ours."""
        labels = (self.service or {}).get("metadata", {}).get("labels") or {}
        return CLUSTER_LABEL in labels

    @property
    def has_claim(self) -> bool | None:
        """Whether the StatefulSet that is there keeps its data on a claim; None if none is there."""
        return None if self.workload is None else bool(self.workload["spec"].get("volumeClaimTemplates"))

    @property
    def own_storage(self) -> Storage:
        """The storage of the StatefulSet that is there, which stays as it is."""
        return Storage(name="")


async def look(
    client: Client, names: Names, values: Values, *, bundle: Bundle | None, replaces: bool = False
) -> Findings:
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
    """
    # In two groups, because the types of more than six can't be told apart.
    objects = asyncio.gather(
        _find(client, NAMESPACES, names.namespace),
        _find(client, SERVICES, names.service, names.namespace),
        _find(client, STATEFULSETS, names.stateful_set, names.namespace),
    )
    answers = asyncio.gather(
        client.version(),
        _rights(client, names, values),
        _storage_and_room(client, names, values, bundle),
    )
    (namespace, service, workload), (version, (missing, features), stored) = await asyncio.gather(
        objects, answers
    )
    storage, storage_known, room = stored
    if replaces:
        room = [problem for problem in room if _QUOTA not in problem]
    problems = [*_version(version["gitVersion"]), *missing]
    if namespace is None:
        problems += await _namespace_rights(client, names.namespace)
    ending = "deletionTimestamp" in (namespace or {}).get("metadata", {})
    if ending:
        problems.append("the namespace is being deleted")
    elif namespace is not None and not missing:  # without rights the same would be said twice
        problems += room
    if storage_known and not replaces:
        problems += _storage(values, storage)
    return Findings(
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


def _version(version: str) -> Iterator[str]:
    minor = re.match(r"v?1\.([0-9]+)", version)
    if minor and int(minor[1]) < OLDEST_HOST_MINOR:
        yield f"the host runs Kubernetes {version}, 1.{OLDEST_HOST_MINOR} is the oldest that will do"


# --- rights


async def _rights(client: Client, names: Names, values: Values) -> tuple[list[str], frozenset[str]]:
    """What is missing that can't be done without, and the features whose rights are there."""
    of_cluster = await _cluster_rights(client) if values.rbac.cluster_role.enabled is True else []
    features = rights.features()
    if await _may(client, names.namespace, Right("*", "*", "*")):
        return of_cluster, frozenset(features)
    wanted = sorted(_OWN | rights.required())
    optional = sorted(frozenset().union(*(feature.rights for feature in features.values())))
    asked = [*wanted, *optional]
    answers = await together(_may(client, names.namespace, right) for right in asked)
    allowed = {right for right, answer in zip(asked, answers, strict=True) if answer}
    given = frozenset(feature.name for feature in features.values() if feature.rights <= allowed)
    return [*_lacking(right for right in wanted if right not in allowed), *of_cluster], given


async def _cluster_rights(client: Client) -> list[str]:
    asked = sorted(_OWN_OF_CLUSTER | rights.of_cluster())
    answers = await together(_may(client, "", right) for right in asked)
    missing = (right for right, answer in zip(asked, answers, strict=True) if not answer)
    return [f"{problem}, which rbac.clusterRole.enabled takes" for problem in _lacking(missing)]


def _lacking(missing: Iterable[Right]) -> list[str]:
    """One sentence for each resource."""
    verbs: dict[str, list[str]] = {}
    for right in missing:
        resource = f"{right.resource}.{right.group}" if right.group else right.resource
        verbs.setdefault(resource, []).append(right.verb)
    return [f"you may not {', '.join(each)} {resource}" for resource, each in verbs.items()]


# What create does itself. What it hands on to the syncer it needs as well: nobody can give rights he lacks.
_RBAC = "rbac.authorization.k8s.io"
_OWN = frozenset(
    [
        *(Right("", "serviceaccounts", verb) for verb in ("create", "patch")),
        *(Right("apps", "statefulsets", verb) for verb in ("get", "create", "patch", "delete")),
        *(Right(_RBAC, kind, verb) for kind in ("roles", "rolebindings") for verb in ("create", "patch")),
    ]
)


_OWN_OF_CLUSTER = frozenset(
    Right(_RBAC, kind, verb)
    for kind in ("clusterroles", "clusterrolebindings")
    for verb in ("create", "patch", "delete")
)


async def _namespace_rights(client: Client, namespace: str) -> list[str]:
    if await _may(client, "", Right("", "namespaces", "create")):
        return []
    return [f"the namespace {namespace!r} does not exist, and you may not create it"]


async def _may(client: Client, namespace: str, right: Right) -> bool:
    plural, _, subresource = right.resource.partition("/")
    attributes = {"namespace": namespace, "group": right.group, "resource": plural, "verb": right.verb}
    if subresource:
        attributes["subresource"] = subresource
    body: Object = {"spec": {"resourceAttributes": attributes}}
    answer = await client.create(SELFSUBJECTACCESSREVIEWS, body)
    return bool(answer.get("status", {}).get("allowed"))


# --- room: the pod itself is the question, as a dry run; quota, limits, policies and webhooks answer


async def _storage_and_room(
    client: Client, names: Names, values: Values, bundle: Bundle | None
) -> tuple[Storage | None, bool, list[str]]:
    storage, known = await find_storage(client, names, values)
    return storage, known, await _room(client, names, values, bundle, storage)


async def _room(
    client: Client, names: Names, values: Values, bundle: Bundle | None, storage: Storage | None
) -> list[str]:
    facts = Facts(storage=storage)
    workload = stateful_set.render(names, values, facts, bundle=bundle, checksum="")["spec"]
    template = workload["template"]
    pod: Object = {
        "metadata": template["metadata"],
        # The account is not there yet; everything else is as it will be.
        "spec": {**template["spec"], "serviceAccountName": "default"},
    }
    pod["spec"]["volumes"] = _with_data(pod["spec"]["volumes"])
    refusals = [_refusal(client, names, PODS, pod)]
    refusals += [_refusal(client, names, PVCS, claim) for claim in workload.get("volumeClaimTemplates", [])]
    return [problem for problems in await together(refusals) for problem in problems]


async def _refusal(client: Client, names: Names, resource: Resource, obj: Object) -> list[str]:
    metadata = {key: value for key, value in obj["metadata"].items() if key != "name"}
    body = {**obj, "metadata": {**metadata, "generateName": f"{names.cluster}-check-"}}
    try:
        await client.create(resource, body, namespace=names.namespace, dry_run=True)
    except NotFound:  # the namespace is yet to be made
        return []
    except ApiError as error:
        what = "pod" if resource is PODS else "volume claim"
        return [] if _account(error) else [f"the host refuses the {what}: {_reason(error)}"]
    return []


def _with_data(volumes: Iterable[Object]) -> list[Object]:
    listed = list(volumes)
    return (
        listed
        if any(each["name"] == "data" for each in listed)
        else [*listed, {"name": "data", "emptyDir": {}}]
    )


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
    default = (metadata.get("annotations") or {}).get(_DEFAULT_CLASS) == "true"
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


def _storage(values: Values, storage: Storage | None) -> Iterator[str]:
    claim = values.control_plane.stateful_set.persistence.volume_claim
    if storage is not None or claim.enabled is False:
        return
    if claim.storage_class:
        yield f"there is no StorageClass {claim.storage_class!r}"
    elif claim.enabled is True:
        yield "a volume claim is asked for, and the host has no default StorageClass"


def raise_for(findings: Findings, names: Names) -> None:
    """Complain about all problems at once.

    Raises:
        PreflightError: there are some.
    """
    if findings.problems:
        raise PreflightError(names.namespace, findings.problems)
