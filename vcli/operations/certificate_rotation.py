"""New leaves from the CAs that are there, while everything runs: all components read their files again."""

import asyncio
import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from vcli.bootstrap import certificate, layout, pki
from vcli.bootstrap.pki import Files
from vcli.bootstrap.spec import Spec
from vcli.config.load import Given
from vcli.controlplane import render
from vcli.controlplane.names import FIELD_MANAGER, Names
from vcli.errors import ConflictError, NotFoundError, VcliError
from vcli.invocation import vcli
from vcli.kube.client import Client
from vcli.kube.errors import Conflict
from vcli.kube.resources import SECRETS, SERVICES
from vcli.kube.types import uid
from vcli.operations.cancelling import answered
from vcli.operations.certificates import Secrets, examine, read_secrets
from vcli.operations.existing import resolve_ours
from vcli.operations.host_connection import connect_to_host
from vcli.operations.resolve import VirtualCluster, check_place
from vcli.operations.served_certificates import wait_served
from vcli.operations.steps import NoSteps, Steps
from vcli.operations.stored import completed, read_values

DEFAULT_TIMEOUT = 180.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotated:
    """A virtual cluster with new leaves.

    Attributes:
        cluster: it.
        files: its PKI now.
        served: whether its components are known to show the new ones.
    """

    cluster: VirtualCluster
    files: Files = field(repr=False)
    served: bool


async def rotate_certificates(
    name: str,
    *,
    kubeconfig: str | None = None,
    context: str | None = None,
    namespace: str | None = None,
    timeout: float = DEFAULT_TIMEOUT,  # noqa: ASYNC109  it becomes an error that says what is awaited
    steps: Steps | None = None,
) -> Rotated:
    """Issue every leaf again, and wait until the API server and the syncer show theirs.

    Nothing is asked of the virtual cluster, so its certificates may have expired. The CAs and the key of
    tokens stay, so what has the old leaves goes on with them until they end.

    Args:
        name: of the virtual cluster.
        kubeconfig: ``--kubeconfig`` of the host.
        context: ``--context`` of the host.
        namespace: where it is; None looks everywhere.
        timeout: seconds to wait at most.
        steps: is informed of progress.

    Raises:
        NotFoundError: there is no such virtual cluster, or its certificates or values are missing.
        ConflictError: another tool made it, or another client changed its certificates meanwhile.
        VcliError: one of its CAs is not good.
        TimedOutError: the new ones are there, and not shown in time.
        ApiError: the host rejected a request.
        UnreachableError: the host does not answer.
    """
    check_place(name, namespace)
    steps = steps or NoSteps()
    async with connect_to_host(kubeconfig=kubeconfig, context=context) as host:
        client = host.client
        found, names = await resolve_ours(client, name, namespace=namespace)
        with steps.step("Issue new certificates"):
            files = await _reissue(client, names)
        if found.replicas == 0:
            return Rotated(cluster=found, files=files, served=False)
        with steps.step("Wait until the control plane shows them") as step:
            served = await wait_served(
                client, found, files, timeout=timeout, warn=steps.warn, detail=step.detail
            )
    return Rotated(cluster=found, files=files, served=served)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is on the host of a PKI.

    Attributes:
        secrets: it.
        spec: of the virtual cluster.
        sans: of its serving certificates.
        owner: uid of the Service.
    """

    secrets: Secrets
    spec: Spec
    sans: Mapping[str, list[str]]
    owner: str


async def read_kept(client: Client, names: Names) -> Kept:
    """Read it.

    Raises:
        NotFoundError: its certificates or values are missing.
    """
    stored, service, secrets = await asyncio.gather(
        read_values(client, names),
        client.get(SERVICES, names.service, namespace=names.namespace),
        read_secrets(client, names),
    )
    if stored is None:
        raise NotFoundError(
            f"the values that virtual cluster {names.cluster!r} was made with are missing: there is no"
            f" {names.values} in namespace {names.namespace!r}",
            hint="give them again: " + vcli("upgrade", names.cluster, namespace=names.namespace),
        )
    spec = render.spec(names, Given().values(over=await completed(client, names, stored)))
    addresses = service["spec"].get("clusterIPs") or [service["spec"]["clusterIP"]]
    sans = with_learned(secrets.files, pki.sans(spec, addresses))
    return Kept(secrets=secrets, spec=spec, sans=sans, owner=uid(service))


async def _reissue(client: Client, names: Names) -> Files:
    from vcli.controlplane.authorities import without_leaves  # noqa: PLC0415  takes 40 ms to import
    from vcli.controlplane.certificates import issue  # noqa: PLC0415

    kept = await read_kept(client, names)
    staying = without_leaves(kept.secrets.files)
    check_authorities(staying, names, pki.authorities(kept.sans))
    files = await asyncio.to_thread(issue, kept.sans, existing=staying)
    await answered(write(client, names, kept, files))
    return files


def with_learned(files: Mapping[str, bytes], sans: Mapping[str, Iterable[str]]) -> Mapping[str, list[str]]:
    """The names of serving certificates, with those that they have already.

    Addresses of load balancers and nodes are learned while a virtual cluster runs, and stand nowhere else.
    """
    return {name: sorted({*wanted, *_names_in(files, name)}) for name, wanted in sans.items()}


def _names_in(files: Mapping[str, bytes], name: str) -> frozenset[str]:
    try:
        return certificate.parse(files[f"{name}.crt"]).sans
    except (KeyError, ValueError):
        return frozenset()


def check_authorities(
    files: Files, names: Names, authorities: Iterable[str] = pki.AUTHORITIES, *, may_end: bool = False
) -> None:
    """See that all CAs can sign: what signs in their place would cut off everybody.

    Args:
        files: without leaves.
        names: of the virtual cluster.
        authorities: the CAs that it has.
        may_end: they are to be replaced, so they may have ended.

    Raises:
        VcliError: one is missing, or ends soon.
    """
    cluster, secret = names.cluster, names.certificates
    states = {each.name: each.state for each in examine(files, now=dt.datetime.now(dt.UTC))}
    for name in authorities:
        state = states.get(name)
        if f"{name}.key" not in files or state in {None, "unreadable"}:
            raise VcliError(
                f"Secret {secret!r} of virtual cluster {cluster!r} has no good {name}.crt with"
                f" its {name}.key: nothing can be signed",
                hint="restore it from a copy; keys that come from elsewhere are renewed there",
            )
        if state != "good" and not may_end:
            raise VcliError(
                f"CA {name} of virtual cluster {cluster!r} is {state}, and what it signs with it",
                hint=f"{vcli('certs', 'rotate-ca', cluster, namespace=names.namespace)} replaces it",
            )
    if "sa.key" not in files or "sa.pub" not in files:
        raise VcliError(
            f"Secret {secret!r} of virtual cluster {cluster!r} has no sa.key with its sa.pub",
            hint="restore it from a copy",
        )


async def write(client: Client, names: Names, kept: Kept, files: Files) -> None:
    """Write both Secrets, each only over the one that was read.

    Raises:
        ConflictError: another client changed them meanwhile.
    """
    secrets, wanted = kept.secrets, layout.secrets(kept.spec, files, owner=kept.owner)
    try:
        for before, secret in zip((secrets.certificates, secrets.access), wanted, strict=True):
            version = before["metadata"]["resourceVersion"]
            body = {**secret, "metadata": {**secret["metadata"], "resourceVersion": version}}
            await client.apply(SECRETS, body, field_manager=FIELD_MANAGER)
    except Conflict as error:
        raise ConflictError(
            f"the certificates of virtual cluster {names.cluster!r} in namespace {names.namespace!r} were"
            " changed by another client meanwhile",
            hint="run it again",
        ) from error
