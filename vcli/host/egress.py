"""The node's way out, for pulling images: user-mode networking, so nothing of the machine's own is changed.

slirp4netns makes the node's packets connections of an ordinary process. It runs with the machine's network
and files, but in the node's PID namespace: with the node it is gone.
"""

import shutil
from enum import StrEnum

from vcli.errors import NotAllowedError
from vcli.host.launch import SYSTEM_PATH
from vcli.host.plan import MACHINE_FILES, MACHINE_NETWORK, NODE_NETWORK, Component

NAME = "egress"
"""Of the component."""
DEVICE = "tap0"
NAME_SERVER = "10.202.0.3"
_CIDR = "10.202.0.0/24"
_PROGRAM = "slirp4netns"
# RFC 6890: not public. A pod's stale address must not become a connection into the user's own network.
_PRIVATE = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "224.0.0.0/3",
)


class Egress(StrEnum):
    """What pods and the node may reach beyond the host."""

    NONE = "none"
    PUBLIC = "public"
    ALL = "all"


def choose(wanted: Egress | None) -> Egress:
    """What was asked for; when nothing was, ``public`` where the machine has what it takes, else ``none``.

    Raises:
        NotAllowedError: it was asked for, and slirp4netns is not installed.
    """
    there = shutil.which(_PROGRAM, path=SYSTEM_PATH) is not None
    if wanted is None:
        return Egress.PUBLIC if there else Egress.NONE
    if wanted is not Egress.NONE and not there:
        raise NotAllowedError(
            f"a host that reaches beyond itself needs {_PROGRAM}", hint=f"apt-get install -y {_PROGRAM}"
        )
    return wanted


def component() -> Component:
    """The program that carries the packets."""
    program = shutil.which(_PROGRAM, path=SYSTEM_PATH) or _PROGRAM
    enter = ["nsenter", f"--net=/proc/self/fd/{MACHINE_NETWORK}", f"--mount=/proc/self/fd/{MACHINE_FILES}"]
    options = [
        "--configure",
        "--mtu=65520",
        "--disable-host-loopback",
        f"--cidr={_CIDR}",
        "--netns-type=path",
    ]
    argv = [*enter, program, *options, f"/proc/self/fd/{NODE_NETWORK}", DEVICE]
    return Component(name=NAME, argv=argv, machine=True)


def rules(egress: Egress, device: str = DEVICE) -> str:
    """Lines for the chains that packets leaving a node go through, by `device` in the end."""
    if egress is not Egress.PUBLIC:
        return ""
    # The name server is at an address of slirp4netns itself.
    return f'oifname "{device}" ip daddr != {_CIDR} ip daddr {{ {", ".join(_PRIVATE)} }} reject'
