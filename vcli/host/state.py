"""How a host does, seen from the machine."""

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from vcli.errors import NotFoundError
from vcli.host import audit, further, process
from vcli.host.addons import OPTIONAL
from vcli.host.addons.addon import Addon
from vcli.host.api import Api, ApiRefusedError
from vcli.host.instance import Instance
from vcli.host.plan import Plan, State
from vcli.host.versions import KUBERNETES
from vcli.kube.types import is_true

_TIMEOUT = 3.0


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
class AddonStatus:
    """An add-on that was asked for.

    Attributes:
        ready: it is set up on all nodes that run, and works.
    """

    name: str
    ready: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HostStatus:
    """A host that is up.

    Attributes:
        ready: all its nodes are Ready, every component runs and every add-on works.
        node_ready: all its nodes are Ready.
        version: that the API server reports; None when it does not answer.
        kubectl: one of the same version.
        audit_log: of its API server; None where it writes none.
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
    addons: Sequence[AddonStatus] = ()
    audit_log: Path | None = None


def status_of(instance: Instance) -> HostStatus:
    """The state of a host that is up.

    Raises:
        NotFoundError: it is not.
    """
    pid = process.node_pid(instance)
    if pid is None:
        raise NotFoundError(f"host {instance.name} is not up", hint=f"vcli host up --name {instance.name}")
    api = Api(instance.pki, port(instance), timeout=_TIMEOUT)
    version, ready = _ask(api)
    found = further.nodes_of(instance)
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
    plan = Plan.read(instance.plan)
    running = [x.node for x in found if x.pid]
    wanted = [x for x in OPTIONAL if x.name in plan.optional]
    addons = [AddonStatus(name=x.name, ready=is_set_up(x, running) and _works(api, x)) for x in wanted]
    return HostStatus(
        name=instance.name,
        ready=node_ready
        and all(x.state is further.NodeState.RUNNING for x in found)
        and all(x.pid for x in components)
        and all(x.ready for x in addons),
        node_ready=node_ready,
        version=version,
        server=server(instance),
        port=port(instance),
        pid=pid,
        kubeconfig=instance.kubeconfig,
        kubectl=kubectl(instance),
        components=components,
        nodes=nodes,
        addons=addons,
        audit_log=audit.log_of(plan.components),
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


def is_set_up(addon: Addon, nodes: Sequence[Instance]) -> bool:
    """Whether these nodes have done their part of an add-on."""
    said = [State.read(x.state) or State() for x in nodes if addon.is_on(x)]
    return all(addon.name in x.addons for x in said)


def works(api: Api, addon: Addon) -> bool:
    """Whether all that an add-on names is there and Available.

    Raises:
        ApiRefusedError: the API server rejects the request.
        OSError: it does not answer.
    """
    found = (api.find(path) for path in addon.available)
    return all(x is not None and is_true(x, "Available") for x in found)


def _works(api: Api, addon: Addon) -> bool:
    try:
        return works(api, addon)
    except (OSError, ApiRefusedError):
        return False


def _ask(api: Api) -> tuple[str | None, set[str]]:
    """The API server's version and the names of nodes that are Ready, as far as it answers."""
    try:
        version = api.get("/version")["gitVersion"]
        nodes = api.get("/api/v1/nodes")["items"]
    except (OSError, ApiRefusedError, KeyError):
        return None, set()
    return version, {x["metadata"]["name"] for x in nodes if is_true(x, "Ready")}


def audit_log(instance: Instance) -> Path | None:
    """Where its API server writes an audit log; None where it does not."""
    return audit.log_of(Plan.read(instance.plan).components)


def kubernetes(instance: Instance) -> str:
    """The version of Kubernetes that the host was booted with, whether or not it answers."""
    return Plan.read(instance.plan).kubernetes or KUBERNETES


def kubectl(instance: Instance) -> Path:
    """A kubectl of that version."""
    return Path(shutil.which("kubectl", path=os.pathsep.join(Plan.read(instance.plan).path)) or "kubectl")
