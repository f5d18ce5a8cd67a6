"""Another CA for a virtual cluster, while everything runs: first both are trusted, then the new one alone."""

import asyncio
import datetime as dt
from typing import Final

from vcli.bootstrap import pki
from vcli.bootstrap.pki import SIGNING, Files
from vcli.controlplane.names import Names
from vcli.controlplane.roles import Role, containers_of, in_role
from vcli.errors import ConflictError, UsageError
from vcli.invocation import vcli
from vcli.kube.client import Client
from vcli.kube.resources import PODS
from vcli.kube.types import Object, uid
from vcli.operations import credential_cache
from vcli.operations.cancelling import answered
from vcli.operations.certificate_rotation import (
    DEFAULT_TIMEOUT,
    Kept,
    Rotated,
    check_authorities,
    read_kept,
    write,
)
from vcli.operations.existing import resolve_ours
from vcli.operations.host_connection import connect_to_host
from vcli.operations.pause import Consent, keeps_data_in_pod
from vcli.operations.resolve import VirtualCluster, check_place
from vcli.operations.served_certificates import wait_served
from vcli.operations.steps import NoSteps, Steps
from vcli.operations.workloads import title, workloads_of

_SIGNING_FLAG: Final = f"--cluster-signing-cert-file=/pki/{SIGNING}"


async def rotate_authorities(
    name: str,
    *,
    finish: bool = False,
    may_lose_data: bool = False,
    kubeconfig: str | None = None,
    context: str | None = None,
    namespace: str | None = None,
    timeout: float = DEFAULT_TIMEOUT,  # noqa: ASYNC109  it becomes an error that says what is awaited
    steps: Steps | None = None,
    consent: Consent | None = None,
) -> Rotated:
    """Make new CAs, and trust the former ones beside them; or trust those no more.

    Nothing is asked of the virtual cluster. Where a CA has expired nothing works that could be kept working:
    then its pods are made again, and it is finished at once.

    Args:
        name: of the virtual cluster.
        finish: the second step.
        may_lose_data: make the pods again although the data is in them only.
        kubeconfig: ``--kubeconfig`` of the host.
        context: ``--context`` of the host.
        namespace: where it is; None looks everywhere.
        timeout: seconds to wait at most.
        steps: is informed of progress.
        consent: is asked whether data may be lost.

    Raises:
        NotFoundError: there is no such virtual cluster, or its certificates or values are missing.
        ConflictError: the other step is due; another tool made it, or another client changed its
            certificates meanwhile; its data would be lost.
        VcliError: one of its CAs is not good, or its control plane can't have it.
        TimedOutError: the new ones are there, and not shown in time.
        ApiError: the host rejected a request.
        UnreachableError: the host does not answer.
    """
    check_place(name, namespace)
    steps = steps or NoSteps()
    async with connect_to_host(kubeconfig=kubeconfig, context=context) as host:
        client = host.client
        found, names = await resolve_ours(client, name, namespace=namespace)
        workloads = await workloads_of(client, found)
        check_distro(names, workloads)
        kept = await read_kept(client, names)
        with steps.step("Drop the former CA" if finish else "Issue a new CA and new certificates"):
            if finish:
                files, restart = _finished(names, kept), False
            else:
                files, restart = await _begun(names, kept)
                loses = found.replicas and any(map(keeps_data_in_pod, workloads))
                if restart and loses and not may_lose_data:
                    await _check_data(found, consent)
            await answered(write(client, names, kept, files))
        credential_cache.forget(host.loaded.access.server, found.namespace, found.name)
        if found.replicas == 0:
            return Rotated(cluster=found, files=files, served=False)
        if restart:
            await _restart(client, found)
        with steps.step("Wait until the control plane shows them") as step:
            served = await wait_served(
                client, found, files, timeout=timeout, warn=steps.warn, detail=step.detail
            )
    return Rotated(cluster=found, files=files, served=served)


def check_distro(names: Names, workloads: list[Object]) -> None:
    """See that a control plane takes another CA.

    Raises:
        UsageError: its distribution does not.
        ConflictError: it is of an earlier version.
    """
    containers = [
        each for workload in workloads for each in containers_of(workload["spec"]["template"]["spec"])
    ]
    if any(each["name"] == "k3s" for each in containers):
        raise UsageError(
            f"virtual cluster {names.cluster!r} is k3s, which keeps copies of its CAs in its store and starts"
            " with no others",
            hint="its leaves are renewed by "
            + vcli("certs", "rotate", names.cluster, namespace=names.namespace),
        )
    for manager in in_role(Role.CONTROLLER_MANAGER, containers):
        if _SIGNING_FLAG not in (manager.get("command") or ()):
            raise ConflictError(
                f"the control plane of virtual cluster {names.cluster!r} is of an earlier version of vcli,"
                " which can't trust two CAs",
                hint=f"first {vcli('upgrade', names.cluster, namespace=names.namespace)}, then again",
            )


async def _begun(names: Names, kept: Kept) -> tuple[Files, bool]:
    from vcli.controlplane import authorities  # noqa: PLC0415  takes 40 ms to import

    files, now = kept.secrets.files, dt.datetime.now(dt.UTC)
    check_authorities(files, names, pki.authorities(kept.sans), may_end=True)
    if both := authorities.under_way(files):
        command = vcli("certs", "rotate-ca", names.cluster, "--finish", namespace=names.namespace)
        raise ConflictError(
            f"virtual cluster {names.cluster!r} still trusts a former CA beside {', '.join(both)}",
            hint=f"when all clients have the new one, {command} drops it",
        )
    restart = bool(authorities.ended(files, now=now))
    return await asyncio.to_thread(authorities.begin, files, kept.sans, now=now), restart


def _finished(names: Names, kept: Kept) -> Files:
    from vcli.controlplane import authorities  # noqa: PLC0415  takes 40 ms to import

    if not authorities.under_way(kept.secrets.files):
        command = vcli("certs", "rotate-ca", names.cluster, namespace=names.namespace)
        raise ConflictError(
            f"virtual cluster {names.cluster!r} trusts no former CA: there is nothing to finish",
            hint=f"{command} makes a new one",
        )
    return authorities.finish(kept.secrets.files)


async def _check_data(cluster: VirtualCluster, consent: Consent | None) -> None:
    lost = (
        f"a CA of {title(cluster)} has expired, so its pods have to be made again, and its data is in its"
        " pod only: all of it would be lost"
    )
    if consent is None or not await consent(f"{lost}. Go on?"):
        raise ConflictError(
            f"{lost}; nothing was changed", hint="--yes does it even so, and it starts with an empty store"
        )


async def _restart(client: Client, cluster: VirtualCluster) -> None:
    """End all pods at once: members that trust only what has expired don't talk to new ones."""
    found = await client.list(PODS, namespace=cluster.namespace, label_selector=cluster.selector)
    for pod in found["items"]:
        await client.delete(PODS, pod["metadata"]["name"], namespace=cluster.namespace, uid=uid(pod))
