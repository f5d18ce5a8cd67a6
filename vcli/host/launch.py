"""Starting the first process of a node."""

import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from vcli.errors import VcliError
from vcli.host.binaries import Binaries
from vcli.host.instance import API_PORT, NODE_IP, Instance
from vcli.host.plan import ApiObject, Component, Plan

SYSTEM_PATH = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"
_PACKAGE = Path(__file__).parents[1]
_LOG_LINES = 5


def plan(
    instance: Instance,
    binaries: Binaries,
    components: Sequence[Component],
    *,
    network: Sequence[Sequence[str]] = (),
    addons: Sequence[ApiObject] = (),
    images: Sequence[Path] = (),
    optional: Sequence[str] = (),
) -> Plan:
    """A plan for the node's first process; see `Plan`."""
    root = instance.root
    return Plan(
        name=instance.name,
        root=str(root),
        run=str(instance.run),
        hide={
            "/run": "",
            "/tmp": str(root / "tmp"),  # noqa: S108 - the volumes of the host-path provisioner are made there
            "/var/lib": str(root / "var-lib"),
            "/var/log": str(root / "var-log"),
        },
        keep=_needed_folders(instance, binaries),
        resolv_conf=str(root / "resolv.conf"),
        path=[*binaries.folders(), *SYSTEM_PATH.split(":")],
        network=network,
        components=components,
        images=[str(x) for x in images],
        ctr=[str(binaries["ctr"]), "--address", str(instance.containerd), "--namespace", "k8s.io"],
        containerd=str(instance.containerd),
        addons=addons,
        pki=str(instance.pki),
        api_host="127.0.0.1" if instance.number == 1 else NODE_IP,
        api_port=API_PORT,
        api_user="admin" if instance.number == 1 else "node",
        kubernetes=binaries.version["kubernetes"],
        optional=optional,
    )


def _needed_folders(instance: Instance, binaries: Binaries) -> list[str]:
    """What has to stay visible inside the node: our folders, the cache, the interpreter, this package."""
    # All of the cache: what is set up later has programs and images of its own.
    cache = {Path(x).parents[1] for x in binaries.folders()}
    folders = [instance.root, instance.run, _PACKAGE, *cache]
    folders += [Path(x) for x in (sys.prefix, sys.base_prefix, sys.exec_prefix)]
    return [str(x.resolve()) for x in folders]


def launch(instance: Instance, listener: socket.socket | None = None, *, host_pid: int | None = None) -> None:
    """Run `vcli.host.node` with the plan of the instance; returns when it is on record.

    Args:
        instance: its folders exist and its plan is written.
        listener: what the machine's loopback port listens on, for the relay of the first node.
        host_pid: the first process of the first node, which is set up, for a further node.

    Raises:
        VcliError: it did not get so far.
    """
    environment = {
        "PATH": SYSTEM_PATH,
        "PYTHONPATH": str(_PACKAGE.resolve().parent),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": "/root",
        "LC_ALL": "C.UTF-8",
    }
    network = Path(f"/proc/{host_pid}/ns/net" if host_pid else os.devnull)
    with (
        (instance.logs / "node.log").open("wb") as log,
        Path(os.devnull).open("rb") as nothing,
        network.open("rb") as host_network,
    ):
        given = [(listener or nothing).fileno(), host_network.fileno()]
        started = subprocess.run(
            [sys.executable, "-P", "-m", "vcli.host.node", *map(str, given), str(instance.plan)],
            pass_fds=given,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment,
            cwd="/",
            start_new_session=True,
            check=False,
        )
    if started.returncode != 0:
        raise VcliError(f"{instance} did not start{tail(instance, 'node')}")


def tail(instance: Instance, log: str) -> str:
    """The last lines of a component's log, each on a line of its own, to end an error message with."""
    try:
        lines = (instance.logs / f"{log}.log").read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return ""
    return "".join(f"\n  {x[:300]}" for x in lines[-_LOG_LINES:])
