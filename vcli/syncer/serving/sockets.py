"""Sockets: listening ones, and those that must notice when their peer is gone."""

import errno
import socket
from typing import Final

_BACKLOG: Final = 512


def listen_on(port: int) -> socket.socket:
    """Listen on all addresses, IPv6 ones too where the machine has any.

    Raises:
        OSError: the port is in use, or not ours to take.
    """
    if socket.has_ipv6:
        try:
            return socket.create_server(
                ("::", port),
                family=socket.AF_INET6,
                dualstack_ipv6=socket.has_dualstack_ipv6(),
                backlog=_BACKLOG,
            )
        except OSError as error:
            # Compiled in, but switched off on this machine.
            if error.errno not in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL):
                raise
    return socket.create_server(("0.0.0.0", port), backlog=_BACKLOG)  # noqa: S104 - kube-apiserver comes from outside


def keep_alive(sock: socket.socket | None) -> None:
    """Notice within minutes that the other side is gone: an idle `kubectl exec` may last for hours."""
    if sock is None:
        return
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        # Where it is set, the kernel also ends connections whose peer just does not read for a while: a
        # process in a container that is in no hurry with its stdin. Dead peers are found by the probes below.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 0)
    for option, seconds in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 4)):
        if hasattr(socket, option):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), seconds)
