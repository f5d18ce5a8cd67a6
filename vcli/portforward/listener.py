"""The local port of a tunnel: the same one each time for a virtual cluster, where it can be had.

A kubeconfig names the port, so it has to be right again after a reboot. It is computed from what the tunnel
leads to, below the ports that the kernel gives to outgoing connections, which may take any of theirs at any
time, and below those of NodePorts.
"""

import errno
import os
import socket
from collections.abc import Iterable, Iterator

from vcli.errors import ConflictError, VcliError
from vcli.portforward.place import digest

_FIRST, _LAST = 20000, 29999
_TRIES = 8
_BACKLOG = 100


class PortTakenError(ConflictError):
    """Another program listens on the local port."""


def usual_ports(*target: str) -> Iterator[int]:
    """The ports to try for a tunnel, the best first.

    Args:
        target: names what the tunnel leads to.
    """
    for number in range(_TRIES):
        # Of the user too: two users of one machine can't have the same port.
        yield _FIRST + int(digest(os.getuid(), number, *target), 16) % (_LAST - _FIRST + 1)


def listen(address: str, ports: Iterable[int]) -> socket.socket:
    """Listen on the first of these ports that is free.

    Args:
        address: to listen on.
        ports: to try; 0 takes any free one.

    Raises:
        PortTakenError: none of them is free; the message names the last one.
        VcliError: the address can't be used.
    """
    failure: PortTakenError | None = None
    for port in ports:
        try:
            return _bound(address, port)
        except OSError as error:
            place = f"port {port} of {address}"
            if error.errno != errno.EADDRINUSE:
                raise VcliError(f"can't listen on {place}: {error.strerror or error}") from error
            failure = PortTakenError(
                f"local {place} is taken by another program",
                hint="choose another one with --local-port, or leave the option out",
            )
    raise failure or ValueError("no port to try")


def _bound(address: str, port: int) -> socket.socket:
    family, _, _, _, place = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0]
    return socket.create_server(place[:2], family=family, backlog=_BACKLOG)
