"""``vcli check``: what a host does for isolation, for one virtual cluster or for one that is yet to be."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from vcli.config import Given, Values
from vcli.config.isolate import isolated
from vcli.controlplane import bundle
from vcli.controlplane.images import place, syncer_image
from vcli.controlplane.names import Names
from vcli.controlplane.roles import Role, containers_of, in_role
from vcli.errors import NotFoundError, NotReadyError, VcliError
from vcli.invocation import kubectl, vcli
from vcli.kube.client import Client
from vcli.kube.errors import ApiError, Forbidden, NotFound
from vcli.kube.resources import NAMESPACES, PODS, RESOURCEQUOTAS
from vcli.operations.check.enforcement import check_enforcement
from vcli.operations.check.model import Check, Status, lacking
from vcli.operations.check.pod_security import check_pod_security
from vcli.operations.host_connection import connect_to_host
from vcli.operations.host_rights import check_rights
from vcli.operations.resolve import VirtualCluster, check_place, resolve
from vcli.operations.steps import Steps
from vcli.operations.verify.run import stored_values

_ANY: Final = "demo"
"""The name of a virtual cluster that is yet to be: which one makes no difference here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What was looked at, and what came of it.

    Attributes:
        name: of the virtual cluster; None if none was named.
        namespace: of the host.
        isolated: whether what isolates is needed: by the cluster's values, or as none was named.
        checks: one for each thing.
    """

    name: str | None
    namespace: str
    isolated: bool
    checks: Sequence[Check]

    @property
    def error(self) -> VcliError | None:
        """What is wrong: something that is needed is not there, or something could not be found out."""
        where = f"namespace {self.namespace!r} of the host"
        if failed := [each for each in self.checks if each.status is Status.FAILED]:
            names = ", ".join(each.name for each in failed)
            return VcliError(f"{where} lacks what isolation needs: {names}", hint=failed[0].hint or None)
        if unsure := [each for each in self.checks if each.status is Status.UNKNOWN]:
            names = ", ".join(each.name for each in unsure)
            return NotReadyError(f"not all is known of {where}: {names}", hint=unsure[0].hint or None)
        return None

    def data(self) -> dict[str, Any]:
        """For programs."""
        return {
            "name": self.name,
            "namespace": self.namespace,
            "isolated": self.isolated,
            "checks": [each.data() for each in self.checks],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Subject:
    client: Client
    names: Names
    values: Values
    cluster: VirtualCluster | None


async def check_host(
    name: str | None,
    *,
    kubeconfig: str | None = None,
    context: str | None = None,
    namespace: str | None = None,
    image: str | None = None,
    steps: Steps,
) -> Checked:
    """Look at what a host does for isolation.

    Args:
        name: of the virtual cluster; None for one that is yet to be, and isolated.
        kubeconfig: ``--kubeconfig``.
        context: ``--context``, of the host.
        namespace: of the host; None looks for the cluster in all, or takes that of the context.
        image: with python3, for two pods; None takes the syncer's.
        steps: is informed of progress.

    Raises:
        NotFoundError: there is no such virtual cluster, or no such namespace.
        VcliError: another tool made the cluster, or the host does not answer.
    """
    check_place(name, namespace)
    async with _subject(name, kubeconfig=kubeconfig, context=context, namespace=namespace) as subject:
        client, names, policies = subject.client, subject.names, subject.values.policies
        chosen = image or await _image(subject)
        network, security, rights, quota = await asyncio.gather(
            check_enforcement(
                client, names.namespace, chosen, needed=policies.network_policy.enabled, steps=steps
            ),
            check_pod_security(client, names.namespace, policies.enforced_standard, steps=steps),
            _rights(subject),
            _quota(subject),
        )
    needed = bool(policies.enforced_standard) or policies.network_policy.enabled
    return Checked(
        name=name, namespace=names.namespace, isolated=needed, checks=[network, *security, rights, *quota]
    )


@asynccontextmanager
async def _subject(
    name: str | None, *, kubeconfig: str | None, context: str | None, namespace: str | None
) -> AsyncIterator[_Subject]:
    async with connect_to_host(kubeconfig=kubeconfig, context=context) as host:
        client = host.client
        if name is not None:
            cluster = await resolve(client, name, namespace=namespace)
            values = await stored_values(client, cluster)
            names = Names(cluster.name, cluster.namespace)
            yield _Subject(client=client, names=names, values=values, cluster=cluster)
            return
        where = namespace or client.access.namespace
        try:
            await client.get(NAMESPACES, where)
        except NotFound as error:
            raise NotFoundError(
                f"the host has no namespace {where!r}",
                hint="name one that is there with -n, or make it: " + kubectl("create", "namespace", where),
            ) from error
        except Forbidden:
            pass  # the rights in it are another matter
        values = isolated(Given()).values()
        yield _Subject(client=client, names=Names(_ANY, where), values=values, cluster=None)


async def _image(subject: _Subject) -> str:
    """The syncer's: of the cluster's pod template, or as one would be created now."""
    if subject.cluster is not None:
        spec = subject.cluster.workload["spec"]["template"]["spec"]
        for each in in_role(Role.SYNCER, containers_of(spec)):
            return str(each["image"])
    packed = await asyncio.to_thread(bundle.load)
    return str(place(syncer_image(subject.values, packed), subject.values).reference())


async def _rights(subject: _Subject) -> Check:
    problems, _ = await check_rights(subject.client, subject.names, subject.values)
    if not problems:
        what = "such a virtual cluster" if subject.cluster is None else "this virtual cluster"
        return Check(name="rights", status=Status.OK, message=f"you have the rights to make {what}")
    said = "; ".join(each.text for each in problems)
    # For one that is there already it is a matter of the next upgrade.
    return lacking("rights", said, problems[0].hint or "", needed=subject.cluster is None)


async def _quota(subject: _Subject) -> list[Check]:
    """How full the quotas of the namespace are."""
    try:
        found = await subject.client.list(RESOURCEQUOTAS, namespace=subject.names.namespace)
        pods = await subject.client.list(PODS, namespace=subject.names.namespace)
    except ApiError as error:
        return [Check(name="quota", status=Status.UNKNOWN, message=f"could not be read: {error.message}")]
    if not found["items"]:
        said = f"namespace {subject.names.namespace!r} has no ResourceQuota"
        if subject.cluster is None or not subject.values.policies.has_quota:
            return [
                Check(name="quota", status=Status.OK, message=f"{said}; it has {len(pods['items'])} pods")
            ]
        hint = "it makes it again: " + vcli(
            "upgrade", subject.names.cluster, namespace=subject.names.namespace
        )
        return [lacking("quota", f"{said}, which the values ask for", hint, needed=True)]
    return [_fill(each) for each in found["items"]]


def _fill(quota: dict[str, Any]) -> Check:
    status = quota.get("status", {})
    hard, used = status.get("hard") or {}, status.get("used") or {}
    full = sorted(key for key, most in hard.items() if most != "0" and used.get(key) == most)
    name = f"quota/{quota['metadata']['name']}"
    if full:
        return Check(
            name=name,
            status=Status.WARNING,
            message=f"nothing is left of {', '.join(full)}",
            hint="see " + kubectl("describe", "quota", namespace=quota["metadata"]["namespace"]),
        )
    return Check(name=name, status=Status.OK, message=f"something is left of all {len(hard)} amounts")
