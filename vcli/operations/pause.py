"""Pausing a virtual cluster: its control plane and its pods go, all else stays; and resuming it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from vcli import inputs
from vcli.contract.labels import MANAGED_BY, PAUSED_AT
from vcli.errors import ConflictError, TimedOutError, VcliError
from vcli.invocation import vcli
from vcli.kube.client import Client
from vcli.kube.resources import PODS, SERVICES
from vcli.kube.types import Object, is_terminating
from vcli.operations import credential_cache, removal
from vcli.operations.ending import Schedule, end_pods
from vcli.operations.host_connection import HostConnection, connect_to_host
from vcli.operations.resolve import VirtualCluster, check_place, resolve
from vcli.operations.steps import NoSteps, Steps
from vcli.operations.tunnel_uses import in_use
from vcli.operations.usable import refuse_deleted
from vcli.operations.wait import wait_ready
from vcli.operations.workloads import (
    is_paused,
    own_objects,
    scale_down,
    scale_up,
    title,
    workloads_of,
)
from vcli.portforward import background

DEFAULT_TIMEOUT: Final = 180.0
_MANAGED_BY_OTHERS: Final = "vcluster.loft.sh/managed-by"
_FINISHED: Final = frozenset({"Succeeded", "Failed"})
_STORE: Final = "data"
"""The volume of the store, with vcli and with loft-sh's CLI."""

Consent = Callable[[str], Awaitable[bool]]
"""Asks a question that is answered by yes or no."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What to pause or to resume, and how.

    Raises UsageError when a name or the timeout makes no sense.

    Attributes:
        name: of the virtual cluster.
        namespace: on the host; None to look for it.
        kubeconfig: ``--kubeconfig`` of the host.
        context: ``--context`` of the host.
        may_lose_data: pause one whose data is in its pod only, without asking.
        wait: until its pods have ended, or until it is ready again.
        timeout: seconds to wait at most.
    """

    name: str
    namespace: str | None = None
    kubeconfig: str | None = None
    context: str | None = None
    may_lose_data: bool = False
    wait: bool = True
    timeout: float = DEFAULT_TIMEOUT

    def __post_init__(self) -> None:
        check_place(self.name, self.namespace)
        inputs.timeout(self.timeout)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paused:
    """A virtual cluster that is paused, or runs again.

    Attributes:
        name: of the virtual cluster.
        namespace: on the host.
        changed: whether it was not so before.
        pods: of its tenants, that were removed from the host.
    """

    name: str
    namespace: str
    changed: bool
    pods: int = 0


async def pause_cluster(
    options: Options, *, steps: Steps | None = None, consent: Consent | None = None
) -> Paused:
    """Scale a control plane to zero, and remove the pods of its tenants from the host.

    In this order: a syncer that still ran would take a pod that goes for one that was deleted. Called again,
    it does what an interrupted call has left.

    Args:
        options: which one, and how.
        steps: is informed of progress.
        consent: is asked whether data may be lost.

    Raises:
        NotFoundError: there is none of that name.
        ConflictError: it is being deleted; or its data would be lost.
        TimedOutError: pods have not ended in time.
        ApiError: the host rejected a request.
        UnreachableError: the host does not answer.
    """
    steps = steps or NoSteps()
    async with connect_to_host(kubeconfig=options.kubeconfig, context=options.context) as host:
        client = host.client
        cluster = await resolve(client, options.name, namespace=options.namespace)
        refuse_deleted(cluster)
        if not is_paused(cluster):
            await _check_data(client, cluster, options, consent)
        until = time.monotonic() + options.timeout
        with steps.step(f"Pause virtual cluster {cluster.name}") as step:
            changed = await scale_down(client, cluster)
            await _forget(host, cluster, steps)
            # Also without --no-wait: its syncer has to be gone before the pods.
            await _gone(client, cluster, own_objects(cluster), until=until, detail=step.detail)
            if changed and cluster.ours:
                await _mark(client, cluster)
            selector = f"{MANAGED_BY if cluster.ours else _MANAGED_BY_OTHERS}={cluster.name}"
            removed = await _end_pods(client, cluster, selector, timeout=options.timeout)
            if options.wait:
                await _gone(client, cluster, selector, until=until, detail=step.detail)
        return Paused(name=cluster.name, namespace=cluster.namespace, changed=changed, pods=removed)


async def resume_cluster(options: Options, *, steps: Steps | None = None) -> Paused:
    """Scale a control plane to what it was; its syncer brings the pods back.

    Args:
        options: which one, and how.
        steps: is informed of progress.

    Raises:
        NotFoundError: there is none of that name.
        ConflictError: it is being deleted.
        TimedOutError: it did not become ready in time.
        NotAllowedError: we may not.
        UnreachableError: the host does not answer.
    """
    steps = steps or NoSteps()
    async with connect_to_host(kubeconfig=options.kubeconfig, context=options.context) as host:
        cluster = await resolve(host.client, options.name, namespace=options.namespace)
        refuse_deleted(cluster)
        changed = is_paused(cluster)
        if changed:
            cluster = await scale_up(host.client, cluster)
        if options.wait and not cluster.ready:
            with steps.step(f"Wait for virtual cluster {cluster.name}") as step:
                await wait_ready(host.client, cluster, timeout=options.timeout, detail=step.detail)
        return Paused(name=cluster.name, namespace=cluster.namespace, changed=changed)


async def _check_data(
    client: Client, cluster: VirtualCluster, options: Options, consent: Consent | None
) -> None:
    """See that nothing is lost, or may be.

    Raises:
        ConflictError: the data of its store is in its pod only.
    """
    if options.may_lose_data or not any(map(keeps_data_in_pod, await workloads_of(client, cluster))):
        return
    lost = f"{title(cluster)} keeps its data in its pod only: all of it would be lost"
    if consent is None or not await consent(f"{lost}. Pause it?"):
        raise ConflictError(
            f"{lost}; nothing was changed",
            hint="--yes pauses it even so, and it starts with an empty store; one with a volume (made"
            " without --ephemeral) keeps its data",
        )


def keeps_data_in_pod(workload: Object) -> bool:
    """Whether the store of this workload ends with its pod."""
    volumes = workload["spec"]["template"]["spec"].get("volumes") or ()
    return any(each["name"] == _STORE and "emptyDir" in each for each in volumes)


async def _mark(client: Client, cluster: VirtualCluster) -> None:
    """Have the syncer know which pods were there, so that those that nobody makes again come back as well."""
    body: Object = {
        "metadata": {"annotations": {PAUSED_AT: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}}
    }
    await client.patch(SERVICES, cluster.name, body, namespace=cluster.namespace)


async def _end_pods(client: Client, cluster: VirtualCluster, selector: str, *, timeout: float) -> int:  # noqa: ASYNC109  what pods get of it
    """Delete the pods that run; what has ended stays, with its logs.

    With the grace of each, up to half of the time: a tenant's may be a day. None is forgotten, as its volumes
    are used again.
    """
    pods = await _running(client, cluster, selector)
    await end_pods(client, pods, Schedule(timeout=timeout, most=timeout, force=False))
    return len(pods)


async def _running(client: Client, cluster: VirtualCluster, selector: str) -> list[Object]:
    found = await client.list(PODS, namespace=cluster.namespace, label_selector=selector)
    return [pod for pod in found["items"] if is_terminating(pod) or not _has_ended(pod)]


def _has_ended(pod: Object) -> bool:
    return pod.get("status", {}).get("phase") in _FINISHED


async def _gone(
    client: Client,
    cluster: VirtualCluster,
    selector: str,
    *,
    until: float,
    detail: Callable[[str], None],
) -> None:
    """Wait until no such pod runs.

    Raises:
        TimedOutError: one still does.
    """
    left: list[Object] = []

    async def none_left() -> bool:
        left[:] = await _running(client, cluster, selector)
        if left:
            detail(f"{len(left)} left, pod {left[0]['metadata']['name']}")
        return not left

    if await removal.until(none_left, timeout=max(until - time.monotonic(), 0.0)):
        return
    names = ", ".join(map(removal.title_and_reason, ({**pod, "kind": PODS.kind} for pod in left[:5])))
    again = vcli("pause", cluster.name, namespace=cluster.namespace)
    raise TimedOutError(
        f"{title(cluster)} is scaled down, but {len(left)} of its pods have not ended: {names}",
        hint=removal.hint(
            [{**pod, "kind": PODS.kind} for pod in left], namespace=cluster.namespace, again=again
        ),
    )


async def _forget(host: HostConnection, cluster: VirtualCluster, steps: Steps) -> None:
    """End the tunnels of this machine: kubectl then asks ``vcli token``, which says that it is paused.

    After resuming they are started again where kubeconfigs expect them.
    """
    place = (host.loaded.access.server, cluster.namespace, cluster.name)
    for tunnel in await asyncio.to_thread(background.records):
        if tunnel.spec.cluster == place and tunnel.alive:
            try:
                await asyncio.to_thread(background.stop, tunnel, uses=in_use)
            except VcliError as error:
                steps.warn(error.message)
    credential_cache.forget(*place)
