"""`/run`: a command in a container, without input, whose output is the answer."""

import json
from typing import Final

from vcli.errors import VcliError
from vcli.kube.client import Client
from vcli.kube.websocket import open_websocket

_STDOUT: Final = 1
_STDERR: Final = 2
_ERROR: Final = 3
# The real kubelet has no limit and keeps all of it in memory, as we do.
_MAX_OUTPUT: Final = 4 * 1024 * 1024


async def run_in_container(host: Client, path: str) -> bytes:
    """Run the command of an exec path of the host's API; give stdout and stderr, as they came.

    Raises:
        VcliError: the host rejected it; the command failed or wrote too much.
    """
    socket = await open_websocket(host, path, subprotocols=["v4.channel.k8s.io"])
    output = bytearray()
    try:
        while (message := await socket.recv()) is not None:
            raw = message.encode() if isinstance(message, str) else message
            if raw[:1] and raw[0] in (_STDOUT, _STDERR):
                output += raw[1:]
            elif raw[:1] and raw[0] == _ERROR:
                _check(raw[1:])
            if len(output) > _MAX_OUTPUT:
                raise VcliError(f"the command wrote more than {_MAX_OUTPUT} bytes")
    finally:
        await socket.close()
    return bytes(output)


def _check(raw: bytes) -> None:
    """Raise what the status at the end of an exec says, unless it is success."""
    status = json.loads(raw)
    if status.get("status") != "Success":
        raise VcliError(str(status.get("message") or "the command failed"))
