"""Whether the name is taken on the host, and by what."""

from vcli.controlplane.names import Names
from vcli.errors import ConflictError
from vcli.invocation import helm, vcli
from vcli.operations.preflight import Findings


def foreign(names: Names) -> ConflictError:
    """The error for a virtual cluster that has the name, and is not one of ours."""
    return ConflictError(
        f"virtual cluster {names.cluster!r} in namespace {names.namespace!r} was made by loft-sh's vcluster,"
        " not by vcli",
        hint="change it with the tool that made it, such as "
        + helm("upgrade", names.cluster, "CHART", namespace=names.namespace)
        + "; or choose another name",
    )


def is_there(findings: Findings, names: Names) -> bool:
    """Whether there is a virtual cluster of ours that has the name.

    Raises:
        ConflictError: something else has it, or leftovers have; or it is being deleted.
    """
    name, namespace = names.cluster, names.namespace
    if findings.service is None:
        if findings.workload is None:
            return False
        raise ConflictError(
            f"there are leftovers of a virtual cluster {name!r} in namespace {namespace!r}",
            hint=f"remove them: {vcli('delete', name, namespace=namespace)}",
        )
    if not findings.ours and findings.service["metadata"].get("labels", {}).get("app") == "vcluster":
        raise foreign(names)
    if not findings.ours:
        raise ConflictError(
            f"namespace {namespace!r} has a Service {name!r} that vcli did not create",
            hint="choose another name, or another namespace with -n",
        )
    if "deletionTimestamp" in findings.service["metadata"]:
        raise ConflictError(
            f"virtual cluster {name!r} in namespace {namespace!r} is being deleted",
            hint=f"wait until it is gone: {vcli('list', namespace=namespace)}",
        )
    return True
