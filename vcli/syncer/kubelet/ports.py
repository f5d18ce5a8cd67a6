"""The ports of the virtual kubelets: one a node, which a Node object can keep for life."""

from collections.abc import Container, Iterable
from typing import Final

from vcli.contract import ports

# Below the kernel's ephemeral range (32768 and up), so that no outgoing connection sits on a node's port when
# the syncer comes back; beside what Kubernetes itself uses (10256 to 10259) and what the control plane's pod
# listens on.
FIRST_PORT: Final = ports.KUBELET
_MORE_PORTS: Final = range(10300, 30000)


def free_ports(taken: Container[int]) -> Iterable[int]:
    """Give the ports to try for a new node, in order."""
    return (port for port in (FIRST_PORT, *_MORE_PORTS) if port not in taken)
