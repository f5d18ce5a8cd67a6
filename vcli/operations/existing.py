"""Whether the name is taken on the host, and by what."""

from vcli.contract.labels import CLUSTER, is_control_plane
from vcli.controlplane.names import Names
from vcli.errors import ConflictError
from vcli.invocation import helm, vcli
from vcli.kube.client import Client
from vcli.kube.types import Object, is_terminating, labels
from vcli.operations.resolve import VirtualCluster, resolve


def foreign(names: Names) -> ConflictError:
    """The error for a virtual cluster that has the name, and is not one of ours."""
    return ConflictError(
        f"virtual cluster {names.cluster!r} in namespace {names.namespace!r} was made by loft-sh's vcluster,"
        " not by vcli",
        hint="change it with the tool that made it, such as "
        + helm("upgrade", names.cluster, "CHART", namespace=names.namespace)
        + f"; or take it over: {vcli('adopt', names.cluster, namespace=names.namespace)};"
        " or choose another name",
    )


async def resolve_ours(client: Client, name: str, *, namespace: str | None) -> tuple[VirtualCluster, Names]:
    """A virtual cluster that is to be changed, and the names of its objects.

    Raises:
        ConflictError: another tool made it.
        NotFoundError, NotAllowedError, UsageError, ApiError: as `vcli.operations.resolve.resolve`.
    """
    found = await resolve(client, name, namespace=namespace)
    names = Names(found.name, found.namespace)
    if not found.ours:
        raise foreign(names)
    return found, names


def is_there(service: Object | None, workload: Object | None, names: Names) -> bool:
    """Whether there is a virtual cluster of ours that has the name.

    Args:
        service: that has the name, if there is one.
        workload: the StatefulSet that has it.
        names: of the virtual cluster.

    Raises:
        ConflictError: something else has it, or leftovers have; or it is being deleted.
    """
    name, namespace = names.cluster, names.namespace
    if service is None:
        if workload is None:
            return False
        raise ConflictError(
            f"there are leftovers of a virtual cluster {name!r} in namespace {namespace!r}",
            hint=f"remove them: {vcli('delete', name, namespace=namespace)}",
        )
    found = labels(service)
    if CLUSTER not in found and is_control_plane(found):
        raise foreign(names)
    if CLUSTER not in found:
        raise ConflictError(
            f"namespace {namespace!r} has a Service {name!r} that vcli did not create",
            hint="choose another name, or another namespace with -n",
        )
    if is_terminating(service):
        raise ConflictError(
            f"virtual cluster {name!r} in namespace {namespace!r} is being deleted",
            hint=f"wait until it is gone: {vcli('list', namespace=namespace)}",
        )
    return True
