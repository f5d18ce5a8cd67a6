"""Tunnels in detached processes: start, find, list, stop.

The process itself is ``vcli.operations.tunnel_process``, since it needs the kubeconfig, which is no
business of this package. It writes its state file, then reports on descriptor 3 with one line of JSON: its
port, or its error.
"""

import builtins
import contextlib
import fcntl
import json
import os
import select
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from vcli import invocation
from vcli.errors import ConflictError, TimedOutError, VcliError
from vcli.portforward import process
from vcli.portforward.state import TunnelSpec, TunnelState, folder, locked, read, state_path, write

ENTRY = "vcli.operations.tunnel_process"
_START = 20.0
_PATIENCE = 3.0
_READ = 65536


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a tunnel process says once it listens, or can't."""

    port: int = 0
    error: str = ""
    hint: str | None = None
    conflict: bool = False


@contextlib.contextmanager
def held(spec: TunnelSpec, *, timeout: float = _START) -> Iterator[TunnelState]:
    """A tunnel that nobody stops while the block runs: until what needs it is on record.

    One that was started for the block ends with it if it fails; one that ran before stays.

    Args:
        spec: as for `start`.
        timeout: as for `start`.

    Raises:
        VcliError: see `start`.
    """
    path = state_path(spec)
    with locked(path):
        running = _reusable(spec)
        state = running or _spawn(spec, path, timeout)
        try:
            yield state
        except BaseException:
            if running is None:
                _end(state, path)
            raise


def start(spec: TunnelSpec, *, timeout: float = _START) -> TunnelState:
    """Have a tunnel for this spec; one that runs already is used.

    Args:
        spec: what to connect. If ``local_port`` is 0, any tunnel to the same target on that address will do.
        timeout: seconds for a new process to listen.

    Returns:
        Its state; it listens now.

    Raises:
        ConflictError: the local port is taken.
        TimedOutError: the process did not come up.
        VcliError: whatever kept it from starting, such as a kubeconfig that can't be read.
    """
    with held(spec, timeout=timeout) as state:
        return state


def find(
    *, server: str, namespace: str, name: str, address: str | None = None, local_port: int | None = None
) -> TunnelState | None:
    """The running tunnel to a virtual cluster, None if there is none.

    Args:
        server: URL of the host.
        namespace: on the host.
        name: of the virtual cluster.
        address: that it must listen on, if given.
        local_port: that it must listen on, if given and not 0.
    """
    for state in list():
        spec = state.spec
        if (
            (spec.server, spec.namespace, spec.name) == (server, namespace, name)
            and address in (None, spec.address)
            and local_port in (None, 0, state.port)
        ):
            return state
    return None


def list() -> builtins.list[TunnelState]:  # noqa: A001 - background.list() reads as what it is
    """All tunnels of this user that run on this machine, the files of dead ones being removed."""
    alive = []
    for path in sorted(folder().glob("*.json")):
        state = read(path)
        if state is not None and state.alive:
            alive.append(state)
        elif state is None or state.here:
            _clear(path)
    return alive


def stop(
    state: TunnelState, *, unless: Callable[[], bool] = lambda: False, patience: float = _PATIENCE
) -> bool:
    """End a tunnel and remove its traces; one that has ended already is fine.

    Never ends a process that merely has the same pid.

    Args:
        state: of the tunnel.
        unless: asked when nobody else starts, holds or stops it: whether somebody needs it after all.
        patience: seconds for the process to end by itself.

    Returns:
        Whether it is over with this tunnel.
    """
    path = state_path(state.spec)
    with locked(path):
        if unless():
            return False
        _end(state, path, patience=patience)
        return True


def announce(spec: TunnelSpec, *, port: int) -> Path:
    """In the tunnel process, when it listens: write the state.

    Returns:
        The state file; when it is gone, or another process', the tunnel is to end.
    """
    pid = os.getpid()
    state = TunnelState(
        spec=spec,
        pid=pid,
        identity=process.identity(pid) or "",
        machine=process.machine(),
        port=port,
        log=str(_log_path(spec)),
    )
    return write(state)


def report(message: Report, *, descriptor: int | None) -> None:
    """In the tunnel process: tell whoever started it, once; nobody waits if it was started by hand (None)."""
    if descriptor is not None:
        with contextlib.suppress(OSError), os.fdopen(descriptor, "w") as pipe:
            json.dump(asdict(message), pipe)


def _end(state: TunnelState, path: Path, *, patience: float = _PATIENCE) -> None:
    if state.here:
        process.end(state.pid, state.identity, patience=patience)
    current = read(path)
    if current is None or (current.pid, current.identity) == (state.pid, state.identity):
        path.unlink(missing_ok=True)
        Path(state.log).unlink(missing_ok=True)


def _spawn(spec: TunnelSpec, path: Path, timeout: float) -> TunnelState:
    path.unlink(missing_ok=True)
    log = _log_path(spec)
    reader, writer = os.pipe()
    high = fcntl.fcntl(writer, fcntl.F_DUPFD_CLOEXEC, 10)  # above those that the new process is given
    os.close(writer)
    try:
        try:
            pid = process.spawn(["-m", ENTRY, json.dumps(asdict(spec)), "3"], log=log, report=high)
        finally:
            os.close(high)
        started = process.identity(pid)
        timeout = invocation.within(timeout)
        answer = _read_all(reader, timeout)
    finally:
        os.close(reader)
    state = read(path)
    if answer is not None and answer.port and state is not None:
        return state
    if started is not None:
        process.end(pid, started)
    path.unlink(missing_ok=True)
    if answer is not None and answer.error:
        log.unlink(missing_ok=True)  # it says no more than the error
    raise _failure(spec, answer, log, timeout)


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
        return TimedOutError(f"{what} did not start within {timeout:g} seconds", hint=f"its log is {log}")
    if not answer.error:
        return VcliError(f"{what} ended as soon as it was started", hint=f"its log is {log}")
    kind = ConflictError if answer.conflict else VcliError
    return kind(answer.error, hint=answer.hint)


def _reusable(spec: TunnelSpec) -> TunnelState | None:
    return find(
        server=spec.server,
        namespace=spec.namespace,
        name=spec.name,
        address=spec.address,
        local_port=spec.local_port,
    )


def _clear(path: Path) -> None:
    with locked(path, wait=False) as mine:
        state = read(path)  # again, now that nobody else starts one
        if mine and not (state is not None and state.alive):
            path.unlink(missing_ok=True)
            path.with_suffix(".log").unlink(missing_ok=True)


def _log_path(spec: TunnelSpec) -> Path:
    return state_path(spec).with_suffix(".log")
