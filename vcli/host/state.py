"""How a host does, seen from the machine."""

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from vcli.errors import NotFoundError
from vcli.host import further, process
from vcli.host.api import Api, ApiRefusedError, is_true
from vcli.host.instance import Instance
from vcli.host.plan import Plan, State

_PATIENCE = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentStatus:
    """One program of a node.

    Attributes:
        node: the node's name.
        pid: on the machine; None while it does not run.
        restarts: how often it was started again.
        last_exit: how it ended the last time, if ever.
    """

    name: str
    pid: int | None
    restarts: int
    last_exit: str | None
    log: Path
    node: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeStatus:
    """One node.

    Attributes:
        state: what was made of it; see `further.NodeState`.
        ready: whether Kubernetes has it as Ready.
        pid: its first process, by the machine's id; None when it is stopped.
    """

    name: str
    state: str
    ready: bool
    address: str
    pod_cidr: str
    zone: str
    pid: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HostStatus:
    """A host that is up.

    Attributes:
        ready: all its nodes are Ready and every component runs.
        node_ready: all its nodes are Ready.
        version: that the API server reports; None when it does not answer.
        kubectl: one of the same version.
    """

    name: str
    ready: bool
    node_ready: bool
    version: str | None
    server: str
    port: int
    pid: int
    kubeconfig: Path
    kubectl: Path
    components: list[ComponentStatus]
    nodes: list[NodeStatus]


def look(instance: Instance) -> HostStatus:
    """The state of a host that is up.

    Raises:
        NotFoundError: it is not.
    """
    pid = process.node_pid(instance)
    if pid is None:
        raise NotFoundError(f"host {instance.name} is not up", hint=f"vcli host up --name {instance.name}")
    version, ready = _ask(instance)
    found = further.look(instance)
    nodes = [
        NodeStatus(
            name=x.node.name,
            state=x.state,
            ready=x.node.name in ready,
            address=x.node.ip,
            pod_cidr=x.node.pod_cidr,
            zone=x.node.zone,
            pid=x.pid,
        )
        for x in found
    ]
    components = [each for x in found if x.pid for each in _components(x.node, x.pid)]
    node_ready = all(x.ready for x in nodes)
    return HostStatus(
        name=instance.name,
        ready=node_ready
        and all(x.state is further.NodeState.RUNNING for x in found)
        and all(x.pid for x in components),
        node_ready=node_ready,
        version=version,
        server=server(instance),
        port=port(instance),
        pid=pid,
        kubeconfig=instance.kubeconfig,
        kubectl=Path(
            shutil.which("kubectl", path=os.pathsep.join(Plan.read(instance.plan).path)) or "kubectl"
        ),
        components=components,
        nodes=nodes,
    )


def _components(node: Instance, pid: int) -> list[ComponentStatus]:
    said = State.read(node.state) or State()
    outside = process.pids_on_machine(pid)
    return [
        ComponentStatus(
            name=name,
            pid=outside.get(x.pid) if x.pid else None,
            restarts=x.restarts,
            last_exit=x.exit,
            log=node.logs / f"{name}.log",
            node=node.name,
        )
        for name, x in said.components.items()
    ]


def server(instance: Instance) -> str:
    """The address of the API server as the machine has it."""
    document = json.loads(instance.kubeconfig.read_text())
    return str(document["clusters"][0]["cluster"]["server"])


def port(instance: Instance) -> int:
    """The port of that address."""
    return urlsplit(server(instance)).port or 0


def _ask(instance: Instance) -> tuple[str | None, set[str]]:
    """The API server's version and the names of nodes that are Ready, as far as it answers."""
    api = Api(instance.pki, port(instance), timeout=_PATIENCE)
    try:
        version = api.get("/version")["gitVersion"]
        nodes = api.get("/api/v1/nodes")["items"]
    except (OSError, ApiRefusedError, KeyError):
        return None, set()
    return version, {x["metadata"]["name"] for x in nodes if is_true(x, "Ready")}
