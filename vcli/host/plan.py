"""What the node's first process is given (`Plan`) and what it reports (`State`). Standard library only."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

LISTENER = 3
MACHINE_NETWORK = 4
MACHINE_FILES = 5
NODE_NETWORK = 6
HOST_NETWORK = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """A program that the node keeps running.

    Attributes:
        after: ``boot`` starts at once, ``api`` when the API server is ready: RBAC is bootstrapped then,
            without which kube-controller-manager exits; ``node`` when the Node and, on the first one, the
            add-ons' objects are there as well.
        user: with ``node``, as whom to ask for the Node: its rights are there as well then. When not given,
            `Plan.api_user`.
        listener: whether it gets the machine's listening socket as file descriptor `LISTENER`.
        machine: whether it gets the namespaces of the machine and the node as file descriptors.
    """

    name: str
    argv: Sequence[str]
    after: Literal["boot", "api", "node"] = "boot"
    user: str = ""
    listener: bool = False
    machine: bool = False


ApiObject = tuple[str, Mapping[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that the node's first process needs to know.

    Attributes:
        hide: folders that the node gets its own of: path to what lies there instead, "" for a tmpfs.
        keep: folders that stay visible though they are below a hidden one.
        resolv_conf: file that takes the place of /etc/resolv.conf.
        path: folders to find programs in.
        network: commands that set up the node's network, run in order; a further node's have the network
            namespace of the first one as file descriptor `HOST_NETWORK`.
        components: when some are to start after the API server is ready, it is awaited.
        images: archives to import into containerd.
        ctr: containerd's client, with the options that lead to this node's containerd.
        addons: objects to create: API path of the collection and the object.
        pki: folder with ``ca.crt`` and ``{api_user}.{crt,key}``.
        api_host: address of the API server.
        api_user: whom the first process is to the API server: who makes the objects, if there are any.
        kubernetes: version of the programs; empty when an earlier vcli wrote it, which had only one.
        optional: names of the add-ons that were asked for and have a part on this node, which is in the rest.
    """

    name: str
    root: str
    run: str
    hide: Mapping[str, str]
    keep: Sequence[str]
    resolv_conf: str
    path: Sequence[str]
    network: Sequence[Sequence[str]]
    components: Sequence[Component]
    images: Sequence[str]
    ctr: Sequence[str]
    containerd: str
    addons: Sequence[ApiObject]
    pki: str
    api_host: str
    api_port: int
    api_user: str = "admin"
    kubernetes: str = ""
    optional: Sequence[str] = ()

    def write(self, path: Path) -> None:
        """Write it as JSON."""
        path.write_text(json.dumps(asdict(self), indent=1))

    @classmethod
    def read(cls, path: Path) -> "Plan":
        """Read what `write` wrote."""
        content = json.loads(path.read_text())
        content["components"] = [Component(**x) for x in content["components"]]
        return cls(**content)


@dataclass(slots=True, kw_only=True)
class ComponentState:
    """How a component does; `pid` is the one inside the node.

    Attributes:
        failures: how often in a row it ended soon after its start.
    """

    pid: int | None = None
    restarts: int = 0
    failures: int = 0
    exit: str | None = None


@dataclass(slots=True, kw_only=True)
class State:
    """What the node's first process says about itself.

    Attributes:
        phase: ``booting``, ``api`` (the API server is ready), ``running`` (all done), ``failed``.
        error: why it failed.
        imported: how many images are there.
        times: seconds from start to each milestone.
        addons: `Plan.optional`, once all of it is set up.
    """

    phase: str = "booting"
    error: str | None = None
    imported: int = 0
    components: dict[str, ComponentState] = field(default_factory=dict)
    times: dict[str, float] = field(default_factory=dict)
    addons: list[str] = field(default_factory=list)

    def write(self, path: Path) -> None:
        """Replace the file in one step: a reader sees the one state or the other."""
        partial = path.with_name(f".{path.name}")
        partial.write_text(json.dumps(asdict(self)))
        partial.replace(path)

    @classmethod
    def read(cls, path: Path) -> "State | None":
        """Read what `write` wrote; None before the first time."""
        try:
            content = json.loads(path.read_text())
        except FileNotFoundError:
            return None
        components = {name: ComponentState(**x) for name, x in content.pop("components").items()}
        return cls(components=components, **content)


def write_identity(path: Path, pid: int, start: int) -> None:
    """Note which process is the node's first one."""
    partial = path.with_name(f".{path.name}")
    partial.write_text(json.dumps({"pid": pid, "started": start}))
    partial.replace(path)
