"""What another distribution means for a virtual cluster that is there. Pure."""

from vcli.controlplane.names import Names
from vcli.errors import ConflictError
from vcli.invocation import vcli
from vcli.kube.types import Object
from vcli.operations.resolve import cluster_of


def check_distro(names: Names, live: Object, wanted: Object) -> None:
    """See that a control plane stays of the distribution that it is of.

    Args:
        names: of the virtual cluster.
        live: the StatefulSet as it is.
        wanted: as it is to be.

    Raises:
        ConflictError: it would become another one, which can't read what this one has stored.
    """
    running, new = (cluster_of(each, kind="StatefulSet").distro for each in (live, wanted))
    if running is None or new is None or running == new:
        return
    raise ConflictError(
        f"virtual cluster {names.cluster!r} in namespace {names.namespace!r} runs {running} and can't become"
        f" {new}, which keeps its objects in another store",
        hint=f"stay with it: --distro {running}; or create a second one"
        f" ({vcli('create', 'NAME', '--distro', new)}) and apply your manifests there",
    )
