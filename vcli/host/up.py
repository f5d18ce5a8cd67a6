"""Booting an embedded host."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import vcli
from vcli.errors import ConflictError, NotAllowedError, TimedOutError, VcliError
from vcli.host import addons, cgroups, components, down, images, network, process
from vcli.host.api import Api, ApiRefusedError
from vcli.host.binaries import Binaries, Say
from vcli.host.instance import API_PORT, Instance
from vcli.host.node import LISTENER
from vcli.host.plan import Plan, State
from vcli.host.pki import write_pki

CNI_PLUGINS = ("/usr/lib/cni", "/opt/cni/bin")
_NEEDED = {
    "runc": "runc",
    "ip": "iproute2",
    "nft": "nftables",
    "iptables": "iptables",
    "conntrack": "conntrack",
    "mount": "mount",
    "busybox": "busybox-static",
}
_SBIN = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"
_RESTARTS_OF_A_HOPELESS_ONE = 3
_LOG_LINES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Prerequisites:
    """What the host uses of the machine."""

    runc: str
    busybox: Path
    cni_plugins: str


def check() -> Prerequisites:
    """Find what the machine has to have; all problems in one error.

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
    missing = {package for program, package in _NEEDED.items() if not shutil.which(program, path=_SBIN)}
    plugins = next((x for x in CNI_PLUGINS if Path(x, "ptp").is_file()), None)
    if plugins is None:
        missing.add("containernetworking-plugins")
    if missing:
        names = " ".join(sorted(missing))
        raise NotAllowedError(
            f"the embedded host needs programs of these Debian packages: {names}",
            hint=f"apt-get install -y --no-install-recommends {names}",
        )
    return Prerequisites(
        runc=str(shutil.which("runc", path=_SBIN)),
        busybox=Path(str(shutil.which("busybox", path=_SBIN))).resolve(),
        cni_plugins=str(plugins),
    )


def boot(instance: Instance, *, port: int, binaries: Binaries, archives: list[Path], have: Prerequisites) -> None:
    """Start the node; `wait` tells when it is ready. The caller holds the lock and has removed an older one.

    Raises:
        ConflictError: the port is taken.
        VcliError: the node did not come to life.
    """
    with listen(port) as listener:
        instance.root.mkdir(parents=True, exist_ok=True, mode=0o711)
        instance.run.mkdir(parents=True, exist_ok=True, mode=0o700)
        components.write_config(instance, runc=have.runc, cni_plugins=have.cni_plugins)
        write_pki(instance, port=port)
        cgroups.create(instance.cgroup)
        _plan(instance, binaries, archives).write(instance.plan)
        _launch(instance, listener)


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
            f"port {port} of 127.0.0.1 is taken, so the host's API server can not be offered there",
            hint="choose another one: vcli host up --port PORT",
        ) from error
    return listener


def wait(instance: Instance, *, port: int, timeout: float, say: Say) -> None:
    """Until the node is Ready, cluster DNS answers and all images are there.

    Args:
        instance: a booted one.
        port: of its API server on the machine's loopback.
        timeout: seconds.
        say: is told what is still awaited.

    Raises:
        TimedOutError: not in time.
        VcliError: it will never be; the message has the last lines of the component's log.
    """
    deadline = time.monotonic() + timeout
    api = Api(instance.pki, port)
    while (awaited := _awaited(instance, api)) is not None:
        say(awaited)
        _fail_early(instance)
        if time.monotonic() > deadline:
            raise TimedOutError(
                f"host {instance.name} is not ready after {timeout:.0f}s: {awaited}",
                hint=f"the components' logs are in {instance.logs}",
            )
        time.sleep(0.1)


def _awaited(instance: Instance, api: Api) -> str | None:
    state = State.read(instance.state)
    if state is None or state.phase == "booting":
        return "kube-apiserver"
    try:
        nodes = api.get("/api/v1/nodes")["items"]
        if not any(_is_true(x, "Ready") for x in nodes):
            return "node"
        dns = api.get("/apis/apps/v1/namespaces/kube-system/deployments?fieldSelector=metadata.name=coredns")
        if not any(_is_true(x, "Available") for x in dns["items"]):
            return "cluster DNS"
        api.get("/api/v1/namespaces/default/serviceaccounts/default")
    except (OSError, ApiRefusedError):
        return "kube-apiserver"
    return None if state.phase == "running" else "images"


def _is_true(item: Mapping[str, "object"], kind: str) -> bool:
    status = item.get("status")
    conditions = status.get("conditions") or [] if isinstance(status, dict) else []
    return any(x["type"] == kind and x["status"] == "True" for x in conditions)


def _fail_early(instance: Instance) -> None:
    if process.node_pid(instance) is None:
        raise VcliError(f"the first process of host {instance.name} ended{_tail(instance, 'node')}")
    state = State.read(instance.state)
    if state is None:
        return
    if state.phase == "failed":
        raise VcliError(f"host {instance.name} failed to boot: {state.error}{_tail(instance, 'import')}")
    for name, component in state.components.items():
        if component.restarts >= _RESTARTS_OF_A_HOPELESS_ONE:
            raise VcliError(
                f"{name} of host {instance.name} does not stay up ({component.exit}){_tail(instance, name)}",
                hint=f"its log is {instance.logs / name}.log; vcli host down removes what is there",
            )


def _tail(instance: Instance, log: str) -> str:
    try:
        lines = (instance.logs / f"{log}.log").read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return ""
    return "".join(f"\n  {x[:300]}" for x in lines[-_LOG_LINES:])


def _plan(instance: Instance, binaries: Binaries, archives: list[Path]) -> Plan:
    root = instance.root
    return Plan(
        name=instance.name,
        root=str(root),
        run=str(instance.run),
        cgroup=instance.cgroup,
        hide={
            "/run": "",
            "/tmp": str(root / "tmp"),  # noqa: S108 - hostPath volumes of the provisioner land there
            "/var/lib": str(root / "var-lib"),
            "/var/log": str(root / "var-log"),
        },
        keep=_needed_folders(instance, binaries, archives),
        path=[*binaries.folders(), *_SBIN.split(":")],
        sysctls=network.SYSCTLS,
        network=network.commands(),
        components=components.components(instance, binaries),
        images=[str(x) for x in archives],
        ctr=[str(binaries["ctr"]), "--address", str(instance.containerd), "--namespace", "k8s.io"],
        containerd=str(instance.containerd),
        addons=addons.addons(),
        pki=str(instance.pki),
        api_port=API_PORT,
    )


def _needed_folders(instance: Instance, binaries: Binaries, archives: list[Path]) -> list[str]:
    """What has to stay visible inside the node wherever it lies: our folders, the cache, the interpreter, this package."""
    folders = [instance.root, instance.run, Path(vcli.__file__).parent, *map(Path, binaries.folders())]
    folders += [x.parent for x in archives]
    folders += [Path(x) for x in (sys.prefix, sys.base_prefix, sys.exec_prefix)]
    return [str(x.resolve()) for x in folders]


def _launch(instance: Instance, listener: socket.socket) -> None:
    package = Path(vcli.__file__).resolve().parent.parent
    environment = {
        "PATH": _SBIN,
        "PYTHONPATH": str(package),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": "/root",
        "LC_ALL": "C.UTF-8",
    }
    with (instance.logs / "node.log").open("wb") as log:
        # dup2 in the child: the number that `node` expects, whatever this process has it as.
        started = subprocess.run(
            [
                "/bin/sh",
                "-c",
                f'exec "$@" {LISTENER}<&{listener.fileno()}',
                "vcli-host",
                sys.executable,
                "-P",
                "-m",
                "vcli.host.node",
                str(instance.plan),
            ],
            pass_fds=[listener.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment,
            cwd="/",
            start_new_session=True,
            check=False,
        )
    if started.returncode != 0:
        raise VcliError(f"host {instance.name} did not start{_tail(instance, 'node')}")
