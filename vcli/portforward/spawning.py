"""Starting the process of a tunnel, and what it says when it has started.

The process itself is ``vcli.operations.tunnel_process``, since it needs the kubeconfig, which is no
business of this package. It is given a socket that listens already, writes its state file, then reports on
descriptor 3 with one line of JSON: that it serves, or its error.
"""

import contextlib
import fcntl
import json
import os
import select
import socket
import time
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final

from vcli.errors import (
    ConflictError,
    NotAllowedError,
    NotFoundError,
    TimedOutError,
    UnreachableError,
    VcliError,
)
from vcli.portforward import process
from vcli.portforward.state import TunnelSpec, TunnelState, Use, read, state_path
from vcli.processes import identity

ENTRY: Final = "vcli.operations.tunnel_process"
REPORT, LISTENER = 3, 4
"""The descriptors that the process is given."""
_READ: Final = 65536


class StaleError(ConflictError):
    """The virtual cluster is not the one that a kubeconfig was written for."""

    code = "Stale"


_KINDS: Final = {
    kind.code: kind
    for kind in (
        ConflictError,
        NotAllowedError,
        NotFoundError,
        StaleError,
        TimedOutError,
        UnreachableError,
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a tunnel process says once it listens, or can't.

    Attributes:
        port: that it listens on.
        error: why it can't.
        hint: what to do about it.
        code: the error's stable code.
    """

    port: int = 0
    error: str = ""
    hint: str | None = None
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a tunnel process is to do.

    Attributes:
        spec: the tunnel.
        uses: the kubeconfigs that use it already.
        authority: `vcli.operations.credential_cache.fingerprint` of the authority that the virtual cluster
            must still have; empty to start without a look.
    """

    spec: TunnelSpec
    uses: tuple[Use, ...] = ()
    authority: str = ""

    def text(self) -> str:
        """For the process's command line."""
        return json.dumps(asdict(self))

    @classmethod
    def of(cls, text: str) -> "Order":
        """What `text` wrote."""
        data: dict[str, Any] = json.loads(text)
        known = {field.name for field in fields(TunnelSpec)}
        spec = TunnelSpec(**{key: value for key, value in data["spec"].items() if key in known})
        uses = tuple(Use(**each) for each in data["uses"])
        return cls(spec=spec, uses=uses, authority=data["authority"])


def spawn(order: Order, listener: socket.socket, *, timeout: float) -> TunnelState:
    """Start the process of a tunnel, and wait until it serves.

    Args:
        order: for it.
        listener: that it serves; closed here.
        timeout: seconds to wait.

    Raises:
        TimedOutError: it did not come up.
        VcliError: what kept it from starting, such as a kubeconfig that can't be read.
    """
    path = state_path(order.spec, listener.getsockname()[1])
    before = read(path)
    log = path.with_suffix(".log")
    reader, writer = os.pipe()
    high: list[int] = []
    try:
        try:
            # Above those that the new process is given.
            high += (fcntl.fcntl(each, fcntl.F_DUPFD_CLOEXEC, 10) for each in (writer, listener.fileno()))
            pid = process.spawn(["-m", ENTRY, order.text()], log=log, descriptors=high)
        finally:
            for each in (writer, *high):
                os.close(each)
            listener.close()
        started = identity(pid)
        answer = _read_all(reader, timeout)
    finally:
        os.close(reader)
    state = read(path)
    if answer is not None and answer.port and state is not None and state.pid == pid:
        return state
    if started is not None:
        process.end(pid, started)
    if before is None:
        path.unlink(missing_ok=True)
    if answer is not None and answer.error:
        log.unlink(missing_ok=True)  # it says no more than the error
    raise _failure(order.spec, answer, log, timeout)


def report(message: Report) -> None:
    """In the tunnel process: answer the one who started it, once."""
    with contextlib.suppress(OSError), os.fdopen(REPORT, "w") as pipe:
        json.dump(asdict(message), pipe)


def _read_all(descriptor: int, timeout: float) -> Report | None:
    """The report; an empty one if the process ended without, None if it takes too long."""
    data = b""
    until = time.monotonic() + timeout
    while select.select([descriptor], [], [], max(until - time.monotonic(), 0))[0]:
        chunk = os.read(descriptor, _READ)
        if not chunk:
            with contextlib.suppress(ValueError, TypeError):
                message: dict[str, Any] = json.loads(data)
                return Report(**message)
            return Report()
        data += chunk
    return None


def _failure(spec: TunnelSpec, answer: Report | None, log: Path, timeout: float) -> VcliError:
    what = f"the tunnel to virtual cluster {spec.name} in namespace {spec.namespace}"
    if answer is None:
        return TimedOutError(f"{what} did not start within {timeout:g} seconds", hint=f"see {log}")
    if not answer.error:
        return VcliError(f"{what} ended at once", hint=f"see {log}")
    return _KINDS.get(answer.code, VcliError)(answer.error, hint=answer.hint)
