"""Booting an embedded host."""

import os
import shutil
import signal
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from vcli.errors import ConflictError, NotAllowedError
from vcli.host import audit, cgroups, components, further, image_store, launch, network, process
from vcli.host.addons import ALWAYS, OPTIONAL, to_create
from vcli.host.addons.addon import Addon, Facts
from vcli.host.binaries import Binaries
from vcli.host.egress import NAME as EGRESS
from vcli.host.egress import NAME_SERVER, Egress
from vcli.host.egress import component as egress_component
from vcli.host.instance import Instance
from vcli.host.launch import SYSTEM_PATH
from vcli.host.pki import write_pki
from vcli.host.plan import Plan

CNI_PLUGINS = ("/usr/lib/cni", "/opt/cni/bin")
_NEEDED = {
    "runc": "runc",
    "ip": "iproute2",
    "nft": "nftables",
    "iptables": "iptables",
    "mount": "mount",
    "busybox": "busybox-static",
    "sysctl": "procps",
    "openssl": "openssl",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Prerequisites:
    """What the host uses of the machine."""

    runc: str
    busybox: Path
    cni_plugins: str


def check(addons: Sequence[Addon] = ()) -> Prerequisites:
    """Find what the machine has to have; all problems in one error.

    Args:
        addons: those asked for, which may need more.

    Raises:
        NotAllowedError: not root, or Debian packages are missing.
    """
    if sys.platform != "linux":
        raise NotAllowedError(
            "the embedded host needs Linux", hint="use any Kubernetes cluster: kind, k3s, a cloud's"
        )
    if os.geteuid() != 0:
        raise NotAllowedError(
            "the embedded host makes network and mount namespaces, which takes root",
            hint="sudo vcli host up",
        )
    needed = _NEEDED | {program: package for x in addons for program, package in x.packages.items()}
    missing = {package for program, package in needed.items() if not shutil.which(program, path=SYSTEM_PATH)}
    plugins = next((x for x in CNI_PLUGINS if Path(x, "ptp").is_file()), None)
    if plugins is None:
        missing.add("containernetworking-plugins")
    if missing:
        names = " ".join(sorted(missing))
        raise NotAllowedError(
            f"the embedded host needs programs of these packages of Debian, which are not installed: {names}",
            hint=f"apt-get install -y --no-install-recommends {names}",
        )
    return Prerequisites(
        runc=str(shutil.which("runc", path=SYSTEM_PATH)),
        busybox=Path(str(shutil.which("busybox", path=SYSTEM_PATH))).resolve(),
        cni_plugins=str(plugins),
    )


def boot(
    instance: Instance,
    listener: socket.socket,
    *,
    binaries: Binaries,
    store: Path,
    have: Prerequisites,
    egress: Egress,
    nodes: int = 1,
    addons: Sequence[Addon] = (),
    archives: Sequence[Path] = (),
    audited: bool = False,
) -> None:
    """Start the nodes, for which `readiness.wait` waits. The caller holds the lock and has called `clear`.

    Args:
        instance: nothing of it exists.
        listener: from `listen`.
        binaries: all there.
        store: images, from `image_store`.
        have: from `check`.
        egress: what it may reach beyond itself.
        nodes: how many, the first one included.
        addons: those asked for.
        archives: of their images.
        audited: whether its API server writes an audit log.

    Raises:
        VcliError: a node did not come to life.
    """
    members = [instance.node(x) for x in range(1, nodes + 1)]
    name_server = None if egress is Egress.NONE else NAME_SERVER
    for node in members:
        node.root.mkdir(parents=True, exist_ok=True, mode=0o711)
        node.run.mkdir(exist_ok=True, mode=0o700)
        components.write_config(
            node, runc=have.runc, cni_plugins=have.cni_plugins, name_server=name_server, nodes=nodes
        )
    if audited:
        audit.write_policy(instance)
    write_pki(
        instance,
        port=listener.getsockname()[1],
        further=members[1:],
        # For all: who is asked for later only needs rights.
        users=[y for x in OPTIONAL if not x.every_node for y in x.users],
        users_everywhere=[y for x in OPTIONAL if x.every_node for y in x.users],
    )
    programs = [
        *([egress_component()] if name_server else []),
        *components.components(instance, binaries, nodes=nodes, audited=audited),
    ]
    facts = Facts(node=instance.name, several=nodes > 1, name_server=bool(name_server), programs=binaries)
    for node in members:
        image_store.clone(store, node.root / "containerd")
        cgroups.create(node.cgroup)
        first = node is instance
        here = [x for x in addons if x.is_on(node)]
        launch.plan(
            node,
            binaries,
            [
                *(programs if first else components.of_further_node(node, binaries)),
                *(y for x in here for y in x.components(node, binaries)),
            ],
            network=network.commands(node, [x for x in members if x is not node], egress),
            addons=to_create([*ALWAYS, *here], facts) if first else [],
            images=archives if first else [],
            optional=[x.name for x in here],
        ).write(node.plan)
        if first:
            launch.launch(instance, listener)
        else:
            further.launch(instance, node)


def lacks(instance: Instance, addons: Sequence[Addon]) -> list[Addon]:
    """Which of the add-ons a running host does not have."""
    has = Plan.read(instance.plan).optional
    return [x for x in addons if x.name not in has]


def extend(
    instance: Instance, addons: Sequence[Addon], *, binaries: Binaries, archives: Sequence[Path]
) -> None:
    """Have a running host set up more add-ons, for which `readiness.wait` waits. The caller holds the lock.

    A node that is stopped does its part when it boots, one that is cut off when it is back.

    Args:
        instance: a running one.
        addons: what it `lacks`.
        binaries: all there.
        archives: of their images.
    """
    nodes = instance.nodes()
    name_server = any(x.name == EGRESS for x in Plan.read(instance.plan).components)
    facts = Facts(node=instance.name, several=len(nodes) > 1, name_server=name_server, programs=binaries)
    # The first one last, which `lacks` reads: interrupted in between, all of it is done again.
    for node in reversed(nodes):
        plan, first = Plan.read(node.plan), node.number == 1
        here = [x for x in addons if x.is_on(node) and x.name not in plan.optional]
        if not here:
            continue
        images = [str(x) for x in archives if str(x) not in plan.images] if first else []
        replace(
            plan,
            components=[*plan.components, *(y for x in here for y in x.components(node, binaries))],
            images=[*plan.images, *images],
            addons=[*plan.addons, *(to_create(here, facts) if first else [])],
            optional=[*plan.optional, *(x.name for x in here)],
        ).write(node.plan)
        if (pid := process.node_pid(node)) is not None:
            os.kill(pid, signal.SIGHUP)


def listen(port: int) -> socket.socket:
    """A socket on the machine's loopback, bound here so that a port that is taken shows at once.

    Raises:
        ConflictError: it is taken.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen(1024)
    except OSError as error:
        listener.close()
        raise ConflictError(
            f"port {port} of 127.0.0.1 is taken, so the host's API server can't listen there",
            hint="choose another one: vcli host up --port PORT",
        ) from error
    return listener
