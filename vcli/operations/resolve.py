"""Finding virtual clusters on a host: ours, and those that loft-sh's CLI made, which are labelled alike."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final

from vcli import inputs, invocation
from vcli.contract.labels import CLUSTER, CONTROL_PLANES, PAUSED, SLEEPING_SINCE, control_plane, release_of
from vcli.controlplane.roles import containers_of, distro_of, tag_of
from vcli.errors import NotAllowedError, NotFoundError, UsageError
from vcli.kube.client import Client
from vcli.kube.errors import Forbidden, NotFound
from vcli.kube.resources import DEPLOYMENTS, STATEFULSETS
from vcli.kube.types import Object, annotations, is_terminating
from vcli.kube.types import labels as labels_of
from vcli.operations.own_namespace import candidates, name_it

_KINDS: Final = (STATEFULSETS, DEPLOYMENTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualCluster:
    """A virtual cluster as its main workload on the host shows it.

    Attributes:
        name: label ``release``.
        namespace: on the host.
        kind: of the main workload: StatefulSet or Deployment.
        replicas: that the workload should have.
        ready: that it has.
        version: of Kubernetes inside, as far as an image tag tells it, such as ``v1.36.3``.
        distro: k8s, k3s or k0s; None when no container is known.
        paused: scaled to zero on purpose.
        asleep: and this by its own syncer, after a time without use.
        deleting: it is being deleted.
        created: RFC 3339.
        ours: made by vcli.
        workload: the whole object.
    """

    name: str
    namespace: str
    kind: str
    replicas: int
    ready: int
    version: str | None
    distro: str | None
    paused: bool
    asleep: bool = False
    deleting: bool
    created: str
    ours: bool
    workload: Object = field(repr=False, compare=False)

    @property
    def status(self) -> str:
        """Running, Degraded (not all of several are ready), Starting, Paused, Sleeping or Terminating."""
        if self.deleting:
            return "Terminating"
        if self.paused:
            return "Sleeping" if self.asleep else "Paused"
        if self.ready >= max(self.replicas, 1):
            return "Running"
        return "Degraded" if self.ready else "Starting"

    @property
    def selector(self) -> str:
        """Selects the pods of the control plane that serve its API."""
        return control_plane(self.name)


def check_place(name: str | None, namespace: str | None) -> None:
    """See that these can be the name of a virtual cluster and its namespace; None leaves one open.

    Raises:
        UsageError: one of them can't. A name is held to what any tool may have called its cluster.
    """
    if name is not None:
        inputs.label(name, "the name")
    if namespace is not None:
        inputs.namespace(namespace)


class NotListableError(NotAllowedError):
    """We may not see virtual clusters there."""

    def __init__(self, namespace: str | None, error: Forbidden) -> None:
        where = f"in namespace {namespace!r}" if namespace else "in all namespaces"
        rights = "the right to list StatefulSets and Deployments there"
        super().__init__(
            f"you may not list virtual clusters {where}: {_user_of(error)}",
            hint=f"ask for {rights}, or name another namespace with -n" if namespace else name_it(None),
        )


def _user_of(error: Forbidden) -> str:
    """Who may not do what, without what is said already."""
    match = re.search(r'User "([^"]*)"', error.message)
    return f"the host knows you as {match[1]!r}" if match else error.message


async def find_clusters(
    client: Client,
    *,
    name: str | None = None,
    namespace: str | None = None,
    limited: Callable[[list[str]], None] = lambda _: None,
) -> list[VirtualCluster]:
    """All virtual clusters, by namespace and name.

    Where listing over all namespaces is not allowed, those of the context's namespace and of the
    ServiceAccount's that we are, and with ``name`` also of ``vcluster-NAME``, which ``create`` makes.

    Args:
        client: of the host.
        name: only those of that name.
        namespace: only there.
        limited: called with the namespaces that were looked at when we may not look at all.

    Raises:
        UsageError: the name or the namespace is none; an empty one never means any.
        NotListableError: we may not.
        ApiError: another failure.
        Unreachable: it does not answer.
    """
    check_place(name, namespace)
    selector = CONTROL_PLANES if name is None else control_plane(name)
    try:
        return await _list(client, selector, namespace)
    except Forbidden as error:
        if namespace is not None:
            raise NotListableError(namespace, error) from error
        own = [] if name is None else [f"vcluster-{name}"]
        guesses = dict.fromkeys([*await candidates(client), *own])
        found = await asyncio.gather(
            *(_list(client, selector, each) for each in guesses), return_exceptions=True
        )
        lists = {
            guess: each
            for guess, each in zip(guesses, found, strict=True)
            if not isinstance(each, BaseException)
        }
        if not lists:
            raise NotListableError(None, error) from error
        limited(list(lists))
        return sorted((each for some in lists.values() for each in some), key=_order)


async def resolve(client: Client, name: str, *, namespace: str | None = None) -> VirtualCluster:
    """The virtual cluster of that name.

    Args:
        client: of the host.
        name: of the virtual cluster.
        namespace: on the host, None to look in all of them.

    Raises:
        NotFoundError: there is none; the hint names one that may have been meant.
        UsageError: there are several, in different namespaces; or the name is none.
    """
    looked_at = [namespace] if namespace else []
    found = await find_clusters(client, name=name, namespace=namespace, limited=looked_at.extend)
    if len(found) == 1:
        return found[0]
    if found:
        places = ", ".join(each.namespace for each in found)
        raise UsageError(
            f"there are {len(found)} virtual clusters named {name!r}, in the namespaces {places}",
            hint=f"name the namespace, as in -n {found[0].namespace}",
        )
    places = ", ".join(map(repr, looked_at))
    where = f" in namespace {places}" if places else ""
    hint = await _nearest(client, name)
    if looked_at and not namespace:
        hint = f"you may not look into all namespaces: name another one with -n; {hint}"
    raise NotFoundError(f"there is no virtual cluster {name!r}{where}", hint=hint)


async def _nearest(client: Client, name: str) -> str:
    try:
        others = await find_clusters(client)
    except (NotListableError, NotFound):
        return f"{invocation.vcli('list')} shows what there is"
    same = [each for each in others if each.name == name]
    if same:
        return f"there is one in namespace {same[0].namespace}: -n {same[0].namespace}"
    near = get_close_matches(name, {each.name for each in others}, n=1)
    return f"did you mean {near[0]!r}?" if near else f"{invocation.vcli('list')} shows what there is"


async def _list(client: Client, selector: str, namespace: str | None) -> list[VirtualCluster]:
    lists = await asyncio.gather(
        *(client.list(resource, namespace=namespace, label_selector=selector) for resource in _KINDS)
    )
    main: dict[tuple[str, str], VirtualCluster] = {}
    for resource, found in zip(_KINDS, lists, strict=True):
        for item in found["items"]:
            cluster = cluster_of(item, kind=resource.kind)
            key = (cluster.namespace, cluster.name)
            # A spread control plane has several workloads; the one that bears its name speaks for it.
            if key not in main or item["metadata"]["name"] == cluster.name:
                main[key] = cluster
    return sorted(main.values(), key=_order)


def _order(cluster: VirtualCluster) -> tuple[str, str]:
    return cluster.namespace, cluster.name


def cluster_of(workload: Object, *, kind: str) -> VirtualCluster:
    """The virtual cluster that a workload runs.

    Args:
        workload: as the host answered it.
        kind: of the workload, which items of a list do not have.
    """
    metadata = workload["metadata"]
    labels = labels_of(workload)
    version, distro = _inside(workload)
    replicas = workload["spec"].get("replicas")
    return VirtualCluster(
        name=release_of(labels) or metadata["name"],
        namespace=metadata["namespace"],
        kind=kind,
        replicas=1 if replicas is None else replicas,
        ready=workload.get("status", {}).get("readyReplicas") or 0,
        version=version,
        distro=distro,
        paused=annotations(workload).get(PAUSED) == "true",
        asleep=SLEEPING_SINCE in annotations(workload),
        deleting=is_terminating(workload),
        created=metadata.get("creationTimestamp", ""),
        ours=CLUSTER in labels,
        workload=workload,
    )


def _inside(workload: Object) -> tuple[str | None, str | None]:
    """Kubernetes version and distribution, from the images."""
    for container in containers_of(workload["spec"].get("template", {}).get("spec", {})):
        if distro := distro_of(container):
            return tag_of(container).replace("-k3s", "+k3s").replace("-k0s", "+k0s") or None, distro
    return None, None
