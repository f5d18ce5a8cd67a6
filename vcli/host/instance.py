"""Where one embedded host keeps its things, and the fixed addresses inside it."""

import ipaddress
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

# Inside the nodes' own network namespaces, so every host has the same ones.
NODES_CIDR = "10.201.0.0/24"
NODE_IP = "10.201.0.2"  # of the first node, and so of the API server
API_PORT = 6443
SERVICE_CIDR = "10.96.0.0/16"
SERVICE_IP = "10.96.0.1"
DNS_IP = "10.96.0.10"
POD_CIDR = "10.244.0.0/16"
_PODS_OF_A_NODE = 20  # bits of the prefix: room for more pods than a kubelet takes
_ZONES = ("zone-a", "zone-b", "zone-c")

_SOCKET_PATH = 107
# A label of DNS, short enough for sockets below the folders.
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,28}[a-z0-9])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One embedded host by name, which is its first node, or a further node of one.

    Attributes:
        name: of the node; the first one's is the host's, and the name of its kubeconfig context.
        root: persistent files: certificates, etcd's data, images, logs.
        run: sockets and the state of the running node.
        number: which of the host's nodes, from 1.
    """

    name: str
    root: Path
    run: Path
    number: int = 1

    def __str__(self) -> str:
        """What messages call it."""
        return f"host {self.name}" if self.number == 1 else f"node {self.name}"

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
            if len(f"{instance.node(inputs.MOST_NODES).containerd}.ttrpc") > _SOCKET_PATH:
                raise UsageError(
                    f"VCLI_HOST_ROOT {base} is too long a path for sockets below it",
                    hint="choose a shorter one",
                )
            return instance
        return cls(name=name, root=SHARED[0] / name, run=SHARED[1] / name)

    def node(self, number: int) -> "Instance":
        """A node of this host, there or not. What a further one has lies inside what the host has."""
        if number == 1:
            return self
        folder = f"node-{number}"
        return Instance(
            name=f"{self.name}-{number}", root=self.root / folder, run=self.run / folder, number=number
        )

    def possible_nodes(self) -> list["Instance"]:
        """All nodes that a host can have, for who removes or looks for remains."""
        return [self.node(x) for x in range(1, inputs.MOST_NODES + 1)]

    def nodes(self) -> list["Instance"]:
        """The nodes that this host has, running or not, in order."""
        return [x for x in self.possible_nodes() if x.plan.exists()]

    @property
    def host(self) -> str:
        """The name of the host that the node is of."""
        return self.name if self.number == 1 else self.name.removesuffix(f"-{self.number}")

    @property
    def ip(self) -> str:
        """The node's address (InternalIP), in `NODES_CIDR`."""
        return str(ipaddress.ip_address(NODE_IP) + self.number - 1)

    @property
    def pod_cidr(self) -> str:
        """The addresses of the node's pods, a part of `POD_CIDR`."""
        parts = ipaddress.ip_network(POD_CIDR).subnets(new_prefix=_PODS_OF_A_NODE)
        return str(list(parts)[self.number - 1])

    @property
    def zone(self) -> str:
        """The node's ``topology.kubernetes.io/zone``: three zones by turns."""
        return _ZONES[(self.number - 1) % len(_ZONES)]

    @property
    def cgroup(self) -> str:
        """What all pods are below, in each hierarchy. Of this node alone, so it can be removed exactly.

        A further node's is beside the host's, not below it: a kubelet counts all that is below its own.
        The dot keeps it apart from hosts, whose names have none.
        """
        return f"/vcli/{self.name}" if self.number == 1 else f"/vcli/node.{self.name}"

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
