"""Tunnels in detached processes: start, find, list, stop."""

import builtins
import contextlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from vcli import processes
from vcli.portforward import process
from vcli.portforward.listener import listen, usual_ports
from vcli.portforward.spawning import Order, spawn
from vcli.portforward.state import (
    TunnelSpec,
    TunnelState,
    Use,
    files,
    locked,
    read,
    remove,
    state_path,
    with_use,
    write,
)

_START = 20.0
_WAIT = 60.0
_GRACE = 3.0


@contextlib.contextmanager
def held(
    spec: TunnelSpec, *, timeout: float = _START, wait: float = _WAIT, authority: str = ""
) -> Iterator[TunnelState]:
    """A tunnel that no other process stops while the block runs: until what needs it is on record.

    One that was started for the block ends with it if it fails; one that ran before stays.

    Args:
        spec: what to connect. If ``local_port`` is 0, any tunnel to the same target on that address will do;
            a new one takes the port that the last one had, or the usual one.
        timeout: seconds for a new process to serve.
        wait: seconds for other processes that start or stop one.
        authority: see `vcli.portforward.spawning.Order`.

    Raises:
        PortTakenError: the local port is taken.
        TimedOutError: the process did not come up.
        VcliError: what kept it from starting, such as a kubeconfig that can't be read.
    """
    with locked(_any_path(spec), timeout=wait):
        running = _reusable(spec)
        state = running or _start(spec, timeout, authority)
        try:
            yield state
        except BaseException:
            if running is None:
                _end(state)
            raise


def start(spec: TunnelSpec, *, timeout: float = _START) -> TunnelState:
    """Have a tunnel for this spec; one that runs already is used.

    Args:
        spec: as for `held`.
        timeout: as for `held`.

    Returns:
        Its state; it listens now.

    Raises:
        VcliError: see `held`.
    """
    with held(spec, timeout=timeout) as state:
        return state


def record_use(state: TunnelState, use: Use) -> None:
    """Remember that a kubeconfig uses a tunnel; only while it is `held`."""
    current = read(state.path)
    if current is not None and use not in current.uses:
        write(with_use(current, use))


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
    for state in records():
        if (
            state.spec.cluster == (server, namespace, name)
            and address in (None, state.spec.address)
            and local_port in (None, 0, state.port)
            and state.alive
        ):
            return state
    return None


def list() -> builtins.list[TunnelState]:  # noqa: A001 - background.list() reads as what it is
    """All tunnels of this user that run on this machine."""
    return [state for state in records() if state.alive]


def records() -> builtins.list[TunnelState]:
    """All tunnels of this user on this machine that run, or that kubeconfigs were given.

    The files of others, and those that can't be understood, are removed.
    """
    found = []
    for path in files():
        state = read(path)
        if state is not None and state.here and (state.uses or state.alive):
            found.append(state)
        elif state is None or state.here:
            clear(path, unless=lambda state: bool(state.uses))
    return found


def clear(path: Path, *, unless: Callable[[TunnelState], bool] = lambda _: False) -> None:
    """Remove what is left of a tunnel that has ended.

    Args:
        path: its state file.
        unless: asked when no other process starts one: whether it is to stay.
    """
    with contextlib.suppress(Exception), locked(path, wait=False) as mine:
        state = read(path)  # again, now that no other process starts one
        if mine and (state is None or not (state.alive or unless(state))):
            remove(path)


def stop(
    state: TunnelState,
    *,
    unless: Callable[[TunnelState], bool] = lambda _: False,
    uses: Callable[[TunnelState], builtins.list[Use]] = lambda _: [],
    grace: float = _GRACE,
) -> bool:
    """End a tunnel and remove its traces; one that has ended already is fine.

    Never ends a process that merely has the same pid.

    Args:
        state: of the tunnel.
        unless: asked when nobody else starts, holds or stops it: whether somebody needs it after all.
        uses: of those that are to find it on the same port when it is started again.
        grace: seconds for the process to end by itself.

    Returns:
        Whether it is over with this tunnel.
    """
    with locked(state.path):
        current = read(state.path) or state
        if unless(current):
            return False
        _end(state, grace=grace, uses=tuple(uses(current)))
        return True


def announce(order: Order, *, port: int) -> Path:
    """In the tunnel process, when it listens: write the state.

    Returns:
        The state file; when it is gone, or another process', the tunnel is to end.
    """
    pid = os.getpid()
    state = TunnelState(
        spec=order.spec,
        pid=pid,
        identity=processes.identity(pid) or "",
        machine=processes.machine(),
        port=port,
        log=str(state_path(order.spec, port).with_suffix(".log")),
        since=time.time(),
        uses=order.uses,
    )
    return write(state)


def _end(state: TunnelState, *, grace: float = _GRACE, uses: tuple[Use, ...] = ()) -> None:
    if state.here:
        process.end(state.pid, state.identity, grace=grace)
    path = state.path
    current = read(path)
    if current is not None and (current.pid, current.identity) != (state.pid, state.identity):
        return
    if uses:
        write(replace(state, uses=uses))
    else:
        remove(path)


def _start(spec: TunnelSpec, timeout: float, authority: str) -> TunnelState:
    before = [
        each for each in records() if (each.spec.cluster, each.spec.address) == (spec.cluster, spec.address)
    ]
    before.sort(key=lambda each: each.since, reverse=True)
    ports = [spec.local_port]
    if not spec.local_port:
        known = [each.port for each in before if not each.alive]
        ports = [*known, *usual_ports(*spec.cluster, spec.address), 0]
    listener = listen(spec.address, ports)
    port = listener.getsockname()[1]
    uses = next((each.uses for each in before if each.port == port), ())
    return spawn(Order(spec=spec, uses=uses, authority=authority), listener, timeout=timeout)


def _reusable(spec: TunnelSpec) -> TunnelState | None:
    server, namespace, name = spec.cluster
    return find(
        server=server, namespace=namespace, name=name, address=spec.address, local_port=spec.local_port
    )


def _any_path(spec: TunnelSpec) -> Path:
    return state_path(spec, spec.local_port)
