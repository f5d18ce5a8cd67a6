"""What can be known before anything is made: rights, room, storage and versions, all asked at once."""

import asyncio
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from vcli.config.schema import Values
from vcli.controlplane import manifests, stateful_set
from vcli.controlplane.apply import together
from vcli.controlplane.bundle import Bundle
from vcli.controlplane.facts import Facts, Storage
from vcli.controlplane.names import CLUSTER_LABEL, Names
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
        service: the Service that has the virtual cluster's name, if there is one.
        workload: the StatefulSet that has it.
        storage: the class a claim will get; None if none.
        storage_known: false when neither class nor namespace could be asked yet.
        problems: why it can't be made.
    """

    version: str
    namespace_exists: bool
    service: Object | None
    workload: Object | None
    storage: Storage | None
    storage_known: bool
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


async def look(client: Client, names: Names, values: Values, *, bundle: Bundle | None) -> Findings:
    """Ask the host everything at once.

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
        find_storage(client, names, values),
        _rights(client, names),
        _room(client, names, values, bundle),
    )
    (namespace, service, workload), (version, stored, rights, room) = await asyncio.gather(objects, answers)
    storage, storage_known = stored
    problems = [*_version(version["gitVersion"]), *rights]
    if namespace is None:
        problems += await _namespace_rights(client, names.namespace)
    elif "deletionTimestamp" in (namespace or {}).get("metadata", {}):
        problems.append("the namespace is being deleted")
    if namespace is not None and not rights:  # without rights the same would be said twice
        problems += room
    if storage_known:
        problems += _storage(values, storage)
    return Findings(
        version=version["gitVersion"],
        namespace_exists=namespace is not None,
        service=service or None,
        workload=workload or None,
        storage=storage,
        storage_known=storage_known,
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


async def _rights(client: Client, names: Names) -> list[str]:
    if await _may(client, names.namespace, "*", "*", "*"):
        return []
    wanted = list(_wanted())
    answers = await together(_may(client, names.namespace, *each) for each in wanted)
    missing: dict[str, list[str]] = {}
    for (group, resource, verb), allowed in zip(wanted, answers, strict=True):
        if not allowed:
            missing.setdefault(f"{resource}.{group}" if group else resource, []).append(verb)
    return [f"you may not {', '.join(verbs)} {resource}" for resource, verbs in missing.items()]


def _wanted() -> Iterator[tuple[str, str, str]]:
    """What create does itself, and what it hands on to the syncer: nobody can give rights he doesn't have."""
    yield from (("", resource, "create") for resource in ("serviceaccounts",))
    yield from (("", resource, "patch") for resource in ("serviceaccounts",))
    for verb in ("get", "create", "patch", "delete"):
        yield ("apps", "statefulsets", verb)
    for resource in ("roles", "rolebindings"):
        for verb in ("create", "patch"):
            yield ("rbac.authorization.k8s.io", resource, verb)
    role = next(obj for obj in manifests.load("control-plane/rights.yaml") if obj["kind"] == "Role")
    for rule in role["rules"]:
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                yield from ((group, resource, verb) for verb in rule["verbs"])


async def _namespace_rights(client: Client, namespace: str) -> list[str]:
    if await _may(client, "", "", "namespaces", "create"):
        return []
    return [f"the namespace {namespace!r} does not exist, and you may not create it"]


async def _may(client: Client, namespace: str, group: str, resource: str, verb: str) -> bool:
    plural, _, subresource = resource.partition("/")
    attributes = {"namespace": namespace, "group": group, "resource": plural, "verb": verb}
    if subresource:
        attributes["subresource"] = subresource
    body: Object = {"spec": {"resourceAttributes": attributes}}
    answer = await client.create(SELFSUBJECTACCESSREVIEWS, body)
    return bool(answer.get("status", {}).get("allowed"))


# --- room: the pod itself is the question, as a dry run; quota, limits, policies and webhooks answer


async def _room(client: Client, names: Names, values: Values, bundle: Bundle | None) -> list[str]:
    facts = Facts(service_cidrs=(), service_ips=(), service_uid="")
    workload = stateful_set.render(names, values, facts, bundle=bundle, checksum="")
    template = workload["spec"]["template"]
    pod: Object = {
        "metadata": {**template["metadata"], "generateName": f"{names.cluster}-check-"},
        # The account is not there yet; everything else is as it will be.
        "spec": {**template["spec"], "serviceAccountName": "default"},
    }
    pod["spec"]["volumes"] = _with_data(pod["spec"]["volumes"])
    try:
        await client.create(PODS, pod, namespace=names.namespace, dry_run=True)
    except NotFound:
        return []
    except ApiError as error:
        return [] if _account(error) else [f"the host refuses the pod: {_reason(error)}"]
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
    return re.sub(r'^pods "[^"]*" is (forbidden|invalid): ', "", error.message)


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
    by_name = {each["metadata"]["name"]: each for each in classes}
    wanted = claim.storage_class or next(filter(None, map(_default_name, classes)), "")
    found = by_name.get(wanted)
    return (Storage(name=wanted, provisioner=found["provisioner"]) if found else None), True


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
