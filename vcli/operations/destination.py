"""What a connection needs on this machine."""

from vcli.kubeconfig.change import check
from vcli.kubeconfig.paths import Sources
from vcli.portforward import state


def check_destination(into: Sources) -> None:
    """See that a connection can be written down, before what it leads to is made.

    Args:
        into: the kubeconfig.

    Raises:
        KubeconfigError: the kubeconfig can't be read or written.
        VcliError: there is no place for the tunnel's state.
    """
    check(into)
    state.check()
