"""Taking a virtual cluster off the host: used by delete, and by a create that did not come to its end."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from vcli import invocation
from vcli.catalog import MADE_ON_HOST
from vcli.contract.labels import CLUSTER, HOST_NAMESPACE, MANAGED_BY, synced_by
from vcli.controlplane.apply import together
from vcli.controlplane.names import Names
from vcli.invocation import kubectl
from vcli.kube.client import Client
from vcli.kube.errors import Conflict, Forbidden, NotFound
from vcli.kube.resources import (
    CLUSTERROLEBINDINGS,
    CLUSTERROLES,
    CONFIGMAPS,
    CRONJOBS,
    DAEMONSETS,
    DEPLOYMENTS,
    INGRESSES,
    JOBS,
    LIMITRANGES,
    NAMESPACES,
    NETWORKPOLICIES,
    PODS,
    PVCS,
    RESOURCEQUOTAS,
    ROLEBINDINGS,
    ROLES,
    SECRETS,
    SERVICEACCOUNTS,
    SERVICES,
    STATEFULSETS,
    Resource,
)
from vcli.kube.types import Object, annotations, conditions, is_terminating, labels
from vcli.operations.ending import Schedule, end_pods, finalizers, reason_left

EMPTIED = "vcli.dev/emptied"  # when all in it was gone, Unix seconds
CREATED_FOR = "vcli.dev/created-for"

# The syncer loses its rights first: what it would make again while it is being removed, it no longer can.
_OWN = (
    ROLEBINDINGS,
    STATEFULSETS,
    INGRESSES,
    SERVICES,
    PODS,
    ROLES,
    SERVICEACCOUNTS,
    SECRETS,
    CONFIGMAPS,
    PVCS,
    RESOURCEQUOTAS,
    LIMITRANGES,
    NETWORKPOLICIES,
)
_CLUSTER_SCOPED = (CLUSTERROLEBINDINGS, CLUSTERROLES)
_WORTH_ASKING = (
    DEPLOYMENTS,
    STATEFULSETS,
    DAEMONSETS,
    CRONJOBS,
    JOBS,
    PODS,
    SERVICES,
    INGRESSES,
    PVCS,
    SECRETS,
    CONFIGMAPS,
    SERVICEACCOUNTS,
)
_CONTROLLERS = frozenset({"Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "CronJob", "Job"})
_IN_EVERY_NAMESPACE = frozenset({"configmap/kube-root-ca.crt", "serviceaccount/default"})
_POLL = 0.2
_PAUSES = (0.1, 0.1, 0.2, 0.3, 0.5)


async def find_all(client: Client, names: Names) -> list[Object]:
    """Metadata of everything on the host that belongs to a virtual cluster, its own and the synced."""
    own = f"{CLUSTER}={names.cluster}"
    selector = f"{own},{HOST_NAMESPACE}={names.namespace}"

    def synced(resource: Resource) -> str:
        return synced_by(names.cluster, names.namespace, namespaced=resource.namespaced)

    found = await together(
        [
            *(_list(client, resource, names.namespace, own) for resource in _OWN),
            *(_list(client, resource, names.namespace, synced(resource)) for resource in MADE_ON_HOST),
            *(_list(client, resource, None, selector) for resource in _CLUSTER_SCOPED),
            *(_list(client, resource, None, selector) for resource in (ROLEBINDINGS, ROLES)),
        ]
    )
    unique = {item["metadata"]["uid"]: item for items in found for item in items}
    return list(unique.values())


async def _list(client: Client, resource: Resource, namespace: str | None, selector: str) -> list[Object]:
    try:
        response = await client.request(
            "GET",
            resource.path(namespace=namespace),
            params={"labelSelector": selector},
            headers={"Accept": "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"},
        )
    except NotFound:  # the namespace, or a kind that this host doesn't have
        return []
    except Forbidden:
        # What we may not see, we did not make: creating takes more rights than that.
        return []
    items: list[Object] = response.json()["items"] or []
    return [{**item, "apiVersion": resource.api_version, "kind": resource.kind} for item in items]


def title(obj: Object) -> str:
    """How an object is called in messages: ``secret/demo-certs``."""
    return f"{obj['kind'].lower()}/{obj['metadata']['name']}"


def title_and_reason(obj: Object) -> str:
    """An object, and why it is still there: ``pod/web (its grace is 30 s)``."""
    reason = reason_left(obj)
    return f"{title(obj)} ({reason})" if reason else title(obj)


def hint(left: Sequence[Object], *, namespace: str, again: str) -> str:
    """What to do about objects that are left after the time to wait.

    Args:
        left: the objects.
        namespace: that they are in.
        again: the command that goes on.
    """
    again = f"then run it again: {again}"
    held = next((obj for obj in left if finalizers(obj)), None)
    if held is not None:
        where = namespace if "namespace" in held["metadata"] else None
        shown = kubectl("get", held["kind"].lower(), held["metadata"]["name"], "-o", "yaml", namespace=where)
        return f"a finalizer waits for its controller, see {shown}; {again}"
    if any(obj["kind"] == PODS.kind for obj in left):
        shown = kubectl("get", "pods", "-o", "wide", namespace=namespace)
        return f"see {shown}: their node may not answer; {again}"
    return f"the host is not done yet: wait, or allow more time with --timeout; {again}"


def remains(namespace: Object | None) -> str:
    """What the host says of a namespace that is not gone: which objects, which finalizers."""
    telling = ("NamespaceContentRemaining", "NamespaceFinalizersRemaining")
    messages = [
        str(each.get("message"))
        for each in conditions(namespace)
        if each.get("type") in telling and each.get("status") == "True"
    ]
    return "; ".join(messages)


async def start(
    client: Client,
    names: Names,
    objects: Sequence[Object],
    *,
    keep: Callable[[Object], bool],
    schedule: Schedule | None = None,
) -> None:
    """Ask for the deletion of a virtual cluster's own objects; the host's garbage collector takes the rest.

    But for synced pods: it would leave each the grace that its tenant gave it, which may be a day. And for
    what is in no namespace: the Service can't own it.

    Args:
        client: of the host.
        names: of the virtual cluster.
        objects: from `find_all`.
        keep: says which ones to leave.
        schedule: how long pods get.

    Raises:
        ApiError: the host rejected a request.
    """
    own = [obj for obj in objects if (CLUSTER in labels(obj) or _is_in_no_namespace(obj)) and not keep(obj)]
    bindings = [obj for obj in own if obj["kind"] in ("RoleBinding", "ClusterRoleBinding")]
    await together(_delete(client, obj) for obj in bindings)
    if any(obj["kind"] == PODS.kind and obj not in own for obj in objects):
        selector = f"{MANAGED_BY}={names.cluster}"
        synced = await client.list(PODS, namespace=names.namespace, label_selector=selector)
        await end_pods(client, synced["items"], schedule or Schedule())
    await together(_delete(client, obj) for obj in own if obj not in bindings)


def _is_in_no_namespace(obj: Object) -> bool:
    return "namespace" not in obj["metadata"]


async def _delete(client: Client, obj: Object) -> None:
    metadata = obj["metadata"]
    if is_terminating(obj):
        return
    try:
        await client.delete(
            Resource.of(obj),
            metadata["name"],
            namespace=metadata.get("namespace"),
            uid=metadata["uid"],
            # Nothing of a control plane that goes for good is worth a graceful end.
            grace=1 if obj["kind"] == "Pod" else None,
            propagation="Background",
        )
    except (NotFound, Conflict):  # gone, or another one by now
        return


async def gone(
    client: Client,
    names: Names,
    *,
    keep: Callable[[Object], bool],
    timeout: float,  # noqa: ASYNC109  what is left is returned
    schedule: Schedule | None = None,
    detail: Callable[[str], None] = lambda _: None,
) -> list[Object]:
    """Wait until nothing is left; pods that take longer than `Schedule` says are hurried.

    Args:
        client: of the host.
        names: of the virtual cluster.
        keep: says which objects are meant to stay.
        timeout: seconds.
        schedule: how long pods get.
        detail: called with what is still there.

    Returns:
        What is left when the time is over; empty when all is gone.
    """
    timeout = invocation.within(timeout)
    deadline = time.monotonic() + timeout
    schedule = schedule or Schedule(timeout=timeout)
    pauses = iter(_PAUSES)
    while True:
        left = [obj for obj in await find_all(client, names) if not keep(obj)]
        if not left or time.monotonic() >= deadline:
            return left
        detail(f"{len(left)} left, {title(left[0])}")
        await end_pods(client, [obj for obj in left if obj["kind"] == PODS.kind], schedule)
        await asyncio.sleep(next(pauses, _PAUSES[-1]))


async def until(done: Callable[[], Awaitable[bool]], *, timeout: float) -> bool:  # noqa: ASYNC109  returned
    """Ask again and again; whether it came true within so many seconds."""
    deadline = time.monotonic() + invocation.within(timeout)
    while not await done():
        if time.monotonic() >= deadline:
            return False
        await asyncio.sleep(_POLL)
    return True


async def remove_namespace(client: Client, names: Names) -> None:
    """Delete the namespace; what is in it goes with it."""
    try:
        await client.delete(NAMESPACES, names.namespace)
    except (NotFound, Conflict):  # gone, or terminating
        return


async def hurry_namespace(client: Client, names: Names) -> None:
    """Have the host look again at a namespace that is being deleted, as all that was in it is gone.

    Where it saw a pod at first, it looks again after half of that pod's grace, which may be a day, or when
    the namespace changes.
    """
    now: Object = {"metadata": {"annotations": {EMPTIED: str(int(time.time()))}}}
    with suppress(NotFound, Conflict, Forbidden):  # gone by now; or we may delete it, and no more
        await client.patch(NAMESPACES, names.namespace, now)


async def others(client: Client, names: Names) -> list[str]:
    """What the namespace has but for this virtual cluster and what Kubernetes puts into each one.

    Workloads, what they use and what leads to them; no custom resources. Returns titles, without those that
    go with another one that is named.
    """
    found = await together(_list(client, resource, names.namespace, "") for resource in _WORTH_ASKING)
    foreign = [item for items in found for item in items if not _belongs(item, names)]
    return [
        name
        for item in foreign
        if not _is_controlled(item) and (name := title(item)) not in _IN_EVERY_NAMESPACE
    ]


def _is_controlled(obj: Object) -> bool:
    """Whether it is one of the things that a workload makes, which is named itself."""
    owners = obj["metadata"].get("ownerReferences") or ()
    return any(owner.get("controller") and owner["kind"] in _CONTROLLERS for owner in owners)


def _belongs(obj: Object, names: Names) -> bool:
    found = labels(obj)
    return names.cluster in (found.get(CLUSTER), found.get(MANAGED_BY))


async def namespace_of(client: Client, names: Names) -> Object | None:
    """The namespace, None if it is not there or hidden."""
    try:
        return await client.get(NAMESPACES, names.namespace)
    except (NotFound, Forbidden):
        return None


def made_for(namespace: Object | None, names: Names) -> bool:
    """Whether create made this namespace, for this virtual cluster."""
    return annotations(namespace).get(CREATED_FOR) == names.cluster
