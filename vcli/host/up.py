"""Booting an embedded host."""

import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from vcli.errors import ConflictError, NotAllowedError, TimedOutError, VcliError
from vcli.host import cgroups, components, image_store, launch, network, process, state
from vcli.host.addons import ALWAYS, OPTIONAL, to_create
from vcli.host.addons.addon import Addon, Facts
from vcli.host.addons.cluster_dns import CLUSTER_DNS
from vcli.host.api import Api, ApiRefusedError
from vcli.host.binaries import Binaries, Say
from vcli.host.egress import NAME_SERVER, Egress
from vcli.host.egress import component as egress_component
from vcli.host.instance import Instance
from vcli.host.launch import SYSTEM_PATH, tail
from vcli.host.pki import write_pki
from vcli.host.plan import Plan, State

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
_FAILURES_OF_A_HOPELESS_ONE = 4


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
    addons: Sequence[Addon] = (),
    archives: Sequence[Path] = (),
) -> None:
    """Start the node; `wait` tells when it is ready. The caller holds the lock and has removed an older one.

    Args:
        instance: nothing of it exists.
        listener: from `listen`.
        binaries: all there.
        store: images, from `image_store`.
        have: from `check`.
        egress: what it may reach beyond itself.
        addons: those asked for.
        archives: of their images.

    Raises:
        VcliError: the node did not come to life.
    """
    instance.root.mkdir(parents=True, exist_ok=True, mode=0o711)
    name_server = None if egress is Egress.NONE else NAME_SERVER
    components.write_config(instance, runc=have.runc, cni_plugins=have.cni_plugins, name_server=name_server)
    # For all: who is asked for later only needs rights.
    write_pki(instance, port=listener.getsockname()[1], users=[user for x in OPTIONAL for user in x.users])
    image_store.clone(store, instance.root / "containerd")
    cgroups.create(instance.cgroup)
    launch.plan(
        instance,
        binaries,
        [
            *([egress_component()] if name_server else []),
            *components.components(instance, binaries),
            *(y for x in addons for y in x.components(instance, binaries)),
        ],
        network=network.commands(egress),
        addons=to_create([*ALWAYS, *addons], Facts(name_server=bool(name_server))),
        images=archives,
        optional=[x.name for x in addons],
    ).write(instance.plan)
    launch.launch(instance, listener)


def lacks(instance: Instance, addons: Sequence[Addon]) -> list[Addon]:
    """Which of the add-ons a running host does not have."""
    has = Plan.read(instance.plan).optional
    return [x for x in addons if x.name not in has]


def extend(
    instance: Instance, addons: Sequence[Addon], *, binaries: Binaries, archives: Sequence[Path]
) -> None:
    """Have a running host set up more add-ons; `wait` tells when they are ready. The caller holds the lock.

    Args:
        instance: a running one.
        addons: what it `lacks`.
        binaries: all there.
        archives: of their images.
    """
    plan = Plan.read(instance.plan)
    replace(
        plan,
        components=[*plan.components, *(y for x in addons for y in x.components(instance, binaries))],
        images=[*plan.images, *(str(x) for x in archives if str(x) not in plan.images)],
        addons=[*plan.addons, *to_create(addons, Facts())],
        optional=[*plan.optional, *(x.name for x in addons)],
    ).write(instance.plan)
    pid = process.node_pid(instance)
    if pid is not None:
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


def wait(instance: Instance, *, addons: Sequence[Addon] = (), timeout: float, say: Say) -> None:
    """Until the node is Ready, cluster DNS answers, all images are there and the add-ons work.

    Args:
        instance: a booted one.
        addons: those asked for.
        timeout: seconds.
        say: is told what is still awaited.

    Raises:
        TimedOutError: not in time.
        VcliError: it will never be; the message has the last lines of the component's log.
    """
    deadline = time.monotonic() + timeout
    api = Api(instance.pki, state.port(instance))
    while (awaited := _awaited(instance, api, addons)) is not None:
        say(awaited)
        _fail_early(instance)
        if time.monotonic() > deadline:
            raise TimedOutError(
                f"host {instance.name} is not ready after {timeout:.0f}s: {awaited}",
                hint=f"the components' logs are in {instance.logs}",
            )
        time.sleep(0.1)


def _awaited(instance: Instance, api: Api, addons: Sequence[Addon]) -> str | None:
    said = State.read(instance.state)
    if said is None or said.phase == "booting":
        return "kube-apiserver"
    try:
        nodes = api.get("/api/v1/nodes")["items"]
        if not any(state.is_true(x, "Ready") for x in nodes):
            return "node"
        if not state.works(api, CLUSTER_DNS):
            return "cluster DNS"
        api.get("/api/v1/namespaces/default/serviceaccounts/default")
        missing = (x.name for x in addons if x.name not in said.addons or not state.works(api, x))
        return "images" if said.phase != "running" else next(missing, None)
    except (OSError, ApiRefusedError):
        return "kube-apiserver"


def _fail_early(instance: Instance) -> None:
    if process.node_pid(instance) is None:
        raise VcliError(f"the first process of host {instance.name} ended{tail(instance, 'node')}")
    said = State.read(instance.state)
    if said is None:
        return
    if said.phase == "failed":
        raise VcliError(f"host {instance.name} failed to boot: {said.error}{tail(instance, 'import')}")
    for name, component in said.components.items():
        if component.pid is None and component.failures >= _FAILURES_OF_A_HOPELESS_ONE:
            raise VcliError(
                f"{name} of host {instance.name} does not stay up ({component.exit}){tail(instance, name)}",
                hint=f"its log is {instance.logs / name}.log;"
                f" vcli host down --name {instance.name} removes what is there",
            )
