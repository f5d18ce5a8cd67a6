"""Nodes beside the first one: booted beside it, killed as by a power cut, cut off from the network.

The machine sees all their namespaces, and works on the first node's network from there.
"""

import json
import shutil
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from vcli.errors import VcliError
from vcli.host import cgroups, network, process
from vcli.host import launch as launching
from vcli.host.instance import Instance
from vcli.host.launch import SYSTEM_PATH, tail
from vcli.host.plan import State

_SET_UP_WITHIN = 30.0


class NodeState(StrEnum):
    """What was made of a node."""

    RUNNING = "running"
    STOPPED = "stopped"
    CUT = "cut"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A node of a host that is up.

    Attributes:
        pid: its first process, by the machine's id; None when it is stopped.
    """

    node: Instance
    state: NodeState
    pid: int | None


def nodes_of(host: Instance) -> list[Node]:
    """The nodes of a host that is up, in order."""
    nodes = host.nodes()
    connected = _connected(host) if len(nodes) > 1 else set()
    found = []
    for node in nodes:
        pid = process.node_pid(node)
        if pid is None:
            state = NodeState.STOPPED
        elif node.number == 1 or network.port(node) in connected or State.read(node.state) is None:
            state = NodeState.RUNNING
        else:
            state = NodeState.CUT
        found.append(Node(node=node, state=state, pid=pid))
    return found


def launch(host: Instance, node: Instance) -> None:
    """Start a further node: its plan is written, and nothing of it runs.

    Raises:
        VcliError: it did not come to life, or the first node does not.
    """
    deadline = time.monotonic() + _SET_UP_WITHIN
    # The first node's process writes its state when its network is there.
    while (pid := process.node_pid(host)) is None or State.read(host.state) is None:
        if pid is None or time.monotonic() > deadline:
            raise VcliError(f"{host} did not start{tail(host, 'node')}")
        time.sleep(0.01)
    _unplug(host, node)
    launching.launch(node, host_pid=pid)


def stop(host: Instance, node: Instance) -> None:
    """End a further node as by a power cut: its processes and memory are gone, its disk stays."""
    process.end([node])
    _unplug(host, node)
    cgroups.remove(node.cgroup)
    shutil.rmtree(node.run, ignore_errors=True)


def start(host: Instance, node: Instance) -> None:
    """Boot a further node that is stopped.

    Raises:
        VcliError: it did not come to life.
    """
    node.run.mkdir(mode=0o700, exist_ok=True)
    cgroups.create(node.cgroup)
    launch(host, node)


def cut(host: Instance, node: Instance) -> None:
    """Cut a further node off from the others; what runs on it goes on.

    Raises:
        VcliError: the first node does not let us.
    """
    _set_port(host, node, "down")


def heal(host: Instance, node: Instance) -> None:
    """Take back what `cut` did.

    Raises:
        VcliError: the first node does not let us.
    """
    _set_port(host, node, "up")


def _set_port(host: Instance, node: Instance, state: str) -> None:
    try:
        _in_network(host, "ip", "link", "set", network.port(node), state)
    except subprocess.CalledProcessError as error:
        raise VcliError(
            f"the link of {node} could not be set {state}: {error.stderr.strip()}",
            hint=f"vcli host status --name {host.name}",
        ) from error


def _connected(host: Instance) -> set[str]:
    """The ports of the first node's bridge that are not down."""
    try:
        said = _in_network(host, "ip", "-j", "link", "show", "master", network.DEVICE)
    except subprocess.CalledProcessError:
        return set()  # it ended meanwhile
    return {x["ifname"] for x in json.loads(said or "[]") if "UP" in x["flags"]}


def _unplug(host: Instance, node: Instance) -> None:
    """Remove what is left of a node's link: the kernel does it too, a moment after the node's end."""
    with suppress(subprocess.CalledProcessError):
        _in_network(host, "ip", "link", "delete", network.port(node))


def _in_network(host: Instance, *argv: str) -> str:
    """What a program says that runs in the first node's network; CalledProcessError when it fails."""
    pid = process.node_pid(host)
    return subprocess.run(
        ["nsenter", f"--target={pid}", "--net", *argv],
        env={"PATH": SYSTEM_PATH},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
