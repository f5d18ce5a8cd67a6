"""Where one embedded host keeps its things, and the fixed addresses inside it."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from vcli import inputs
from vcli.errors import UsageError

DEFAULT_NAME = "vcli-host"
DEFAULT_PORT = 16443
# What all instances lie in: made with the first one, removed with the last.
SHARED = (Path("/var/lib/vcli"), Path("/run/vcli"))

# Inside the node's own network namespace, so every instance has the same ones.
NODE_IP = "10.201.0.2"
NODE_CIDR = "10.201.0.2/24"
API_PORT = 6443
SERVICE_CIDR = "10.96.0.0/16"
SERVICE_IP = "10.96.0.1"
DNS_IP = "10.96.0.10"
POD_CIDR = "10.244.0.0/16"

_SOCKET_PATH = 107
# A label of DNS, short enough for sockets below the folders.
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,28}[a-z0-9])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One embedded host by name.

    Attributes:
        name: also the name of its node and of its kubeconfig context.
        root: persistent files: certificates, etcd's data, images, logs.
        run: sockets and the state of the running node.
    """

    name: str
    root: Path
    run: Path

    @classmethod
    def of(cls, name: str = DEFAULT_NAME) -> "Instance":
        """The instance of that name; `VCLI_HOST_ROOT` moves all its folders below another one.

        Raises:
            UsageError: not usable as a name, or the folders' paths are too long.
        """
        if not _NAME.fullmatch(name):
            raise UsageError(
                f'"{name}" can not name a host', hint="at most 30 of a-z, 0-9 and -, not - at either end"
            )
        if (moved := os.environ.get("VCLI_HOST_ROOT")) is not None:
            base = Path(inputs.not_empty(moved, "VCLI_HOST_ROOT")).resolve()
            instance = cls(name=name, root=base / name, run=base / f"{name}.run")
            if len(f"{instance.containerd}.ttrpc") > _SOCKET_PATH:
                raise UsageError(
                    f"VCLI_HOST_ROOT {base} is too long a path for sockets below it",
                    hint="choose a shorter one",
                )
            return instance
        return cls(name=name, root=SHARED[0] / name, run=SHARED[1] / name)

    @property
    def cgroup(self) -> str:
        """What all pods are below, in each hierarchy. Nobody else's, so it can be removed exactly."""
        return f"/vcli/{self.name}"

    @property
    def pki(self) -> Path:
        """Certificates and keys."""
        return self.root / "pki"

    @property
    def logs(self) -> Path:
        """One file a component."""
        return self.root / "log"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's, through the relay on the machine's loopback."""
        return self.root / "kubeconfig"

    @property
    def plan(self) -> Path:
        """What the node's first process is to do (`plan.Plan`)."""
        return self.root / "plan.json"

    @property
    def state(self) -> Path:
        """What the node's first process says about itself (`state.State`)."""
        return self.run / "state.json"

    @property
    def identity(self) -> Path:
        """Process id and start time of the node's first process."""
        return self.run / "node.json"

    @property
    def containerd(self) -> Path:
        """Containerd's socket; to be found inside the node's mount namespace only."""
        return self.run / "containerd.sock"


def cache_dir() -> Path:
    """Where programs and images are kept from one host to the next; `VCLI_CACHE_DIR` overrides it."""
    if chosen := os.environ.get("VCLI_CACHE_DIR"):
        return Path(chosen).resolve()
    from platformdirs import user_cache_dir  # noqa: PLC0415 - 20 ms that `status` need not pay

    return Path(user_cache_dir("vcli"))
