"""How a host does, seen from the machine."""

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from vcli.errors import NotFoundError
from vcli.host import process
from vcli.host.addons import OPTIONAL
from vcli.host.addons.addon import Addon
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
class AddonStatus:
    """An add-on that was asked for.

    Attributes:
        ready: it is set up, and works.
    """

    name: str
    ready: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HostStatus:
    """A host that is up.

    Attributes:
        ready: its node is Ready, every component runs and every add-on works.
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
    addons: Sequence[AddonStatus] = ()


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
    plan = Plan.read(instance.plan)
    api = Api(instance.pki, port(instance), timeout=_PATIENCE)
    version, node_ready = _ask(instance, api)
    wanted = [x for x in OPTIONAL if x.name in plan.optional]
    addons = [AddonStatus(name=x.name, ready=x.name in said.addons and _works(api, x)) for x in wanted]
    return HostStatus(
        name=instance.name,
        ready=node_ready and all(x.pid for x in components) and all(x.ready for x in addons),
        node_ready=node_ready,
        version=version,
        server=server(instance),
        port=port(instance),
        pid=pid,
        kubeconfig=instance.kubeconfig,
        kubectl=Path(shutil.which("kubectl", path=os.pathsep.join(plan.path)) or "kubectl"),
        components=components,
        addons=addons,
    )


def server(instance: Instance) -> str:
    """The address of the API server as the machine has it."""
    document = json.loads(instance.kubeconfig.read_text())
    return str(document["clusters"][0]["cluster"]["server"])


def port(instance: Instance) -> int:
    """The port of that address."""
    return urlsplit(server(instance)).port or 0


def works(api: Api, addon: Addon) -> bool:
    """Whether all that an add-on names is there and Available.

    Raises:
        ApiRefusedError: the API server refuses to tell.
        OSError: it does not answer.
    """
    found = (api.find(path) for path in addon.available)
    return all(x is not None and is_true(x, "Available") for x in found)


def is_true(item: Mapping[str, Any], kind: str) -> bool:
    """Whether an object has this condition, and it is True."""
    conditions = item.get("status", {}).get("conditions") or ()
    return any(x["type"] == kind and x["status"] == "True" for x in conditions)


def _works(api: Api, addon: Addon) -> bool:
    try:
        return works(api, addon)
    except (OSError, ApiRefusedError):
        return False


def _ask(instance: Instance, api: Api) -> tuple[str | None, bool]:
    try:
        version = api.get("/version")["gitVersion"]
        node = api.get(f"/api/v1/nodes/{instance.name}")
    except (OSError, ApiRefusedError, KeyError):
        return None, False
    return version, is_true(node, "Ready")
