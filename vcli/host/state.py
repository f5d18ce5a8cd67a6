"""How a host does, seen from the machine."""

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from vcli.errors import NotFoundError
from vcli.host import process
from vcli.host.api import Api, ApiRefusedError
from vcli.host.instance import Instance
from vcli.host.plan import Plan, State

_PATIENCE = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentStatus:
    """One program of the node.

    Attributes:
        pid: on the machine; None while it does not run.
        restarts: how often it was started again.
        last_exit: how it ended the last time, if ever.
    """

    name: str
    pid: int | None
    restarts: int
    last_exit: str | None
    log: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class HostStatus:
    """A host that is up.

    Attributes:
        ready: its node is Ready and every component runs.
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


def look(instance: Instance) -> HostStatus:
    """The state of a host that is up.

    Raises:
        NotFoundError: it is not.
    """
    pid = process.node_pid(instance)
    if pid is None:
        raise NotFoundError(f"host {instance.name} is not up", hint=f"vcli host up --name {instance.name}")
    said = State.read(instance.state) or State()
    outside = process.pids_on_machine(pid)
    components = [
        ComponentStatus(
            name=name,
            pid=outside.get(x.pid) if x.pid else None,
            restarts=x.restarts,
            last_exit=x.exit,
            log=instance.logs / f"{name}.log",
        )
        for name, x in said.components.items()
    ]
    version, node_ready = _ask(instance)
    return HostStatus(
        name=instance.name,
        ready=node_ready and all(x.pid for x in components),
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
    )


def server(instance: Instance) -> str:
    """The address of the API server as the machine has it."""
    document = json.loads(instance.kubeconfig.read_text())
    return str(document["clusters"][0]["cluster"]["server"])


def port(instance: Instance) -> int:
    """The port of that address."""
    return urlsplit(server(instance)).port or 0


def _ask(instance: Instance) -> tuple[str | None, bool]:
    api = Api(instance.pki, port(instance), timeout=_PATIENCE)
    try:
        version = api.get("/version")["gitVersion"]
        conditions = api.get(f"/api/v1/nodes/{instance.name}")["status"]["conditions"]
    except (OSError, ApiRefusedError, KeyError):
        return None, False
    return version, any(x["type"] == "Ready" and x["status"] == "True" for x in conditions)
