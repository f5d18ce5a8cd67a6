"""What is known about background tunnels: one small JSON file each.

It is kept in the folder ``tunnels`` of `vcli.portforward.place`. It lives as long as its tunnel, and longer
while kubeconfigs use the tunnel: they find it on the same port when it is started again. Removing a file ends
its tunnel.
"""

import builtins
import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from vcli.contract import ports
from vcli.errors import TimedOutError, VcliError
from vcli.portforward import place
from vcli.portforward.place import file_name
from vcli.processes import identity, machine

_WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - not listened on
_LOCK_TIMEOUT = 60.0
_POLL = 0.01
_ABANDONED = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TunnelSpec:
    """What a tunnel connects; no credentials, those come from the kubeconfig again and again.

    Attributes:
        server: URL of the host's API server: says which host it is.
        kubeconfig: file, or several joined as in KUBECONFIG; None for the default.
        context: of the host in there; None for the current one at start.
        namespace: on the host.
        name: of the virtual cluster, and of its Service.
        selector: labels of the control plane's pods.
        port: in the pod.
        address: to listen on.
        local_port: to listen on; 0 for the usual one.
    """

    server: str
    kubeconfig: str | None = None
    context: str | None = None
    namespace: str
    name: str
    selector: str
    port: int = ports.API
    address: str = "127.0.0.1"
    local_port: int = 0

    @property
    def cluster(self) -> tuple[str, str, str]:
        """The virtual cluster: host, namespace and name."""
        return self.server, self.namespace, self.name


@dataclass(frozen=True, slots=True)
class Use:
    """A kubeconfig that was given a tunnel.

    Attributes:
        kubeconfig: absolute path of the file.
        context: in there.
    """

    kubeconfig: str
    context: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TunnelState:
    """A tunnel that runs, or ran.

    Attributes:
        spec: what it connects.
        pid: of its process.
        identity: of its process, so that another one that got the same pid is not mistaken for it.
        machine: where it runs; a home folder may be shared.
        port: that it listens on.
        log: file with what it has to say.
        since: when it was started, in seconds since the epoch.
        uses: the kubeconfigs that were given it. Whether they still use it is in them.
    """

    spec: TunnelSpec
    pid: int
    identity: str
    machine: str
    port: int
    log: str
    since: float = 0.0
    uses: tuple[Use, ...] = ()

    @property
    def server(self) -> str:
        """The URL of the virtual API server through this tunnel, as it is used on this machine."""
        return local_server(self.spec.address, self.port)

    @property
    def alive(self) -> bool:
        """Does its very process still run?"""
        return self.here and identity(self.pid) == self.identity

    @property
    def here(self) -> bool:
        """Is it on this machine?"""
        return self.machine == machine()

    @property
    def path(self) -> Path:
        """Its state file."""
        return state_path(self.spec, self.port)


def on_this_machine(address: str) -> str:
    """The address to connect to for a listener on this one, which may mean all addresses."""
    return _WILDCARDS.get(address, address)


def local_server(address: str, port: int) -> str:
    """The URL at which a listener is reached on this machine."""
    host = on_this_machine(address)
    return f"https://{f'[{host}]' if ':' in host else host}:{port}"


def folder() -> Path:
    """Where states and logs are kept, private to the user; made if missing.

    Raises:
        VcliError: there is no place for it.
    """
    with _said(Path(place.first_choice())):
        path = Path(place.made(), "tunnels")
        path.mkdir(mode=0o700, exist_ok=True)
    return path


def files() -> builtins.list[Path]:
    """The state files that there are; none where there is no place for them."""
    found = place.root()
    with contextlib.suppress(OSError):
        return sorted(Path(found, "tunnels").glob("*.json")) if found else []
    return []


def check() -> str | None:
    """See that there is a place for state, before it is needed.

    Returns:
        A warning when it is not the usual one.

    Raises:
        VcliError: there is none.
    """
    path = folder()
    usual = place.first_choice()
    if path.parent == Path(usual):
        return None
    return f"can't write to {usual}: what is known about the tunnel is kept in {path.parent}"


@contextmanager
def _said(path: Path) -> Iterator[None]:
    """Say what could not be kept where: a full disk, a folder of somebody else's."""
    try:
        yield
    except OSError as error:
        raise VcliError(
            f"can't write the state of tunnels to {path}: {error.strerror}",
            hint="make that folder writable, or set VCLI_STATE_DIR to another one",
        ) from error


def state_path(spec: TunnelSpec, port: int) -> Path:
    """The state file of a tunnel that listens on that port."""
    return folder() / file_name(*spec.cluster, spec.address, port)


def read(path: Path) -> TunnelState | None:
    """A state, None if there is none or it can't be understood."""
    try:
        data: dict[str, Any] = json.loads(path.read_bytes())
        spec = TunnelSpec(**_known(TunnelSpec, data["spec"]))
        uses = tuple(Use(each["kubeconfig"], each["context"]) for each in data.get("uses") or ())
        return TunnelState(**{**_known(TunnelState, data), "spec": spec, "uses": uses})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def write(state: TunnelState) -> Path:
    """Write a state: nobody else may read it, and nobody ever sees a half of it.

    Raises:
        VcliError: it can't be written.
    """
    path = state.path
    with _said(path.parent):
        write_private(path, json.dumps(asdict(state)))
    return path


def write_private(path: Path, text: str) -> None:
    """Write a file (0600) at once or not at all.

    Raises:
        OSError: it can't be written.
    """
    for left in path.parent.glob("*.tmp"):  # of a writer that was killed
        with contextlib.suppress(OSError):
            if left.stat().st_mtime < time.time() - _ABANDONED:
                left.unlink()
    partial = path.with_suffix(f".{os.getpid()}.tmp")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def with_use(state: TunnelState, use: Use) -> TunnelState:
    """The state with one more kubeconfig that uses the tunnel."""
    return replace(state, uses=tuple(dict.fromkeys((*state.uses, use))))


def remove(path: Path) -> None:
    """Remove a state file and its log."""
    with _said(path.parent):
        path.unlink(missing_ok=True)
        path.with_suffix(".log").unlink(missing_ok=True)


def _known(kind: type[TunnelSpec | TunnelState], data: dict[str, Any]) -> dict[str, Any]:
    """Without what another version of us may have added."""
    return {field.name: data[field.name] for field in fields(kind) if field.name in data}


@contextmanager
def locked(path: Path, *, wait: bool = True, timeout: float = _LOCK_TIMEOUT) -> Iterator[bool]:
    """Be the only one to start, stop or clear up tunnels of the virtual cluster of this state file.

    The holder may take the lock of a kubeconfig, never the other way round.

    Args:
        path: a state file of the virtual cluster; the lock is a file beside it.
        wait: until the other one is done; else the result may be False.
        timeout: seconds to wait at most.

    Raises:
        TimedOutError: another process has it all the time.
        VcliError: there is no place for it.
    """
    lock = path.with_name(path.name.partition(".")[0] + ".lock")
    until = time.monotonic() + timeout
    while True:
        with _said(path.parent):
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            if not wait:
                yield False
                return
            if time.monotonic() > until:
                raise TimedOutError(
                    f"another vcli starts or ends a tunnel, and has not finished in {timeout:g} seconds",
                    hint=f"if none is at work, remove {lock}",
                ) from None
            time.sleep(_POLL)
            continue
        # Whoever had it before removed the file: then this lock is on a file that nobody else will find.
        if _same_file(descriptor, lock):
            break
        os.close(descriptor)
    try:
        yield True
    finally:
        lock.unlink(missing_ok=True)
        os.close(descriptor)


def _same_file(descriptor: int, path: Path) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(descriptor), path.stat())
    return False
