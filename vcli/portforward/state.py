"""What is known about background tunnels: one small JSON file each, which lives as long as its tunnel.

The folder is ``tunnels`` in VCLI_STATE_DIR or in the platform's folder for state. Removing a file ends its
tunnel.
"""

import contextlib
import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from vcli.errors import VcliError
from vcli.portforward.process import identity, machine

_WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - not listened on


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
        local_port: to listen on; 0 takes a free one.
    """

    server: str
    kubeconfig: str | None = None
    context: str | None = None
    namespace: str
    name: str
    selector: str
    port: int = 8443
    address: str = "127.0.0.1"
    local_port: int = 0

    @property
    def key(self) -> str:
        """The same for two specs that one tunnel can serve, here: virtual cluster, dot, listener."""
        cluster = _digest(machine(), self.server, self.namespace, self.name)
        return f"{self.name}-{cluster}.{_digest(self.address, self.local_port)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TunnelState:
    """A running tunnel.

    Attributes:
        spec: what it connects.
        pid: of its process.
        identity: of its process, so that another one that got the same pid is not mistaken for it.
        machine: where it runs; a home folder may be shared.
        port: that it listens on.
        log: file with what it has to say.
    """

    spec: TunnelSpec
    pid: int
    identity: str
    machine: str
    port: int
    log: str

    @property
    def server(self) -> str:
        """The URL of the virtual API server through this tunnel, as it is used on this machine."""
        address = on_this_machine(self.spec.address)
        host = f"[{address}]" if ":" in address else address
        return f"https://{host}:{self.port}"

    @property
    def alive(self) -> bool:
        """Does its very process still run?"""
        return self.here and identity(self.pid) == self.identity

    @property
    def here(self) -> bool:
        """Is it on this machine?"""
        return self.machine == machine()


def _digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]


def on_this_machine(address: str) -> str:
    """The address to connect to for a listener on this one, which may stand for all addresses."""
    return _WILDCARDS.get(address, address)


def folder() -> Path:
    """Where states and logs are kept, private to the user; made if missing."""
    root = os.environ.get("VCLI_STATE_DIR")
    if not root:
        import platformdirs  # noqa: PLC0415 - not needed by most commands

        root = platformdirs.user_state_dir("vcli")
    path = Path(root, "tunnels")
    with _said(path):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


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


def state_path(spec: TunnelSpec) -> Path:
    """The state file for a spec."""
    return folder() / f"{spec.key}.json"


def read(path: Path) -> TunnelState | None:
    """A state, None if there is none or it can't be understood."""
    try:
        data: dict[str, Any] = json.loads(path.read_bytes())
        spec = TunnelSpec(**_known(TunnelSpec, data["spec"]))
        return TunnelState(**{**_known(TunnelState, data), "spec": spec})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def write(state: TunnelState) -> Path:
    """Write a state: nobody else may read it, and nobody ever sees a half of it.

    Raises:
        VcliError: it can't be written.
    """
    path = state_path(state.spec)
    partial = path.with_suffix(f".{os.getpid()}.tmp")
    with _said(path.parent):
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            with os.fdopen(descriptor, "w") as file:
                json.dump(asdict(state), file)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    return path


def _known(kind: type[TunnelSpec | TunnelState], data: dict[str, Any]) -> dict[str, Any]:
    """Without what another version of us may have added."""
    return {field.name: data[field.name] for field in fields(kind) if field.name in data}


@contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[bool]:
    """Be the only one to start, stop or clear up tunnels of the virtual cluster of this state file.

    Args:
        path: the state file; the lock is a file beside it.
        wait: until the other one is done; else the result may be False.
    """
    lock = path.with_name(path.name.partition(".")[0] + ".lock")
    while True:
        with _said(path.parent):
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            os.close(descriptor)
            yield False
            return
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
