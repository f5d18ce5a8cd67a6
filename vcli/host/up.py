"""Booting an embedded host."""

import datetime as dt
import os
import shutil
import socket
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from vcli.errors import ConflictError, NotAllowedError, TimedOutError, VcliError
from vcli.host import addons, cgroups, components, further, image_store, launch, network, process, state
from vcli.host.api import Api, ApiRefusedError, is_true
from vcli.host.binaries import Binaries, Say
from vcli.host.egress import NAME_SERVER, Egress
from vcli.host.egress import component as egress_component
from vcli.host.instance import Instance
from vcli.host.launch import SYSTEM_PATH, tail
from vcli.host.pki import write_pki
from vcli.host.plan import State

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
    missing = {package for program, package in _NEEDED.items() if not shutil.which(program, path=SYSTEM_PATH)}
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
) -> None:
    """Start the nodes; `wait` returns when they are ready. The caller holds the lock and has called `clear`.

    Args:
        instance: nothing of it exists.
        listener: from `listen`.
        binaries: all there.
        store: images, from `image_store`.
        have: from `check`.
        egress: what it may reach beyond itself.
        nodes: how many, the first one included.

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
    write_pki(instance, port=listener.getsockname()[1], further=members[1:])
    programs = [
        *([egress_component()] if name_server else []),
        *components.components(instance, binaries, nodes=nodes),
    ]
    objects = addons.addons(node=instance.name, name_server=bool(name_server), local=nodes > 1)
    for node in members:
        image_store.clone(store, node.root / "containerd")
        cgroups.create(node.cgroup)
        first = node is instance
        launch.plan(
            node,
            binaries,
            programs if first else components.of_further_node(node, binaries),
            network=network.commands(node, [x for x in members if x is not node], egress),
            addons=objects if first else [],
        ).write(node.plan)
        if first:
            launch.launch(instance, listener)
        else:
            further.launch(instance, node)


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


def wait(instance: Instance, *, timeout: float, say: Say) -> None:
    """Until all nodes that run are Ready, cluster DNS answers and all images are there.

    Args:
        instance: a booted one.
        timeout: seconds.
        say: takes what is still awaited.

    Raises:
        TimedOutError: not in time.
        VcliError: it will never be; the message has the last lines of the component's log.
    """
    api = Api(instance.pki, state.port(instance))
    # A node that was stopped or cut off is so on purpose.
    expected = [x.node for x in further.look(instance) if x.state is further.NodeState.RUNNING]
    late = f"host {instance.name} is not ready after {timeout:.0f}s"
    _poll(
        lambda: _awaited(instance, api, expected),
        expected,
        late=lambda awaited: f"{late}: {awaited}",
        logs=instance.logs,
        timeout=timeout,
        say=say,
    )


def wait_for_node(
    instance: Instance, node: Instance, *, since: dt.datetime, booted: bool, timeout: float, say: Say
) -> None:
    """Until a node that was away is Ready again.

    Args:
        instance: the host.
        node: one of it that runs.
        since: when it came back; what is known from before does not count.
        booted: whether it was booted, so that its status is written again; otherwise its Lease is renewed.
        timeout: seconds.
        say: takes what is still awaited.

    Raises:
        TimedOutError: not in time.
        VcliError: it will never be.
    """
    api = Api(instance.pki, state.port(instance))
    late = f"{node} is not ready after {timeout:.0f}s"
    _poll(
        lambda: None if _is_back(api, node.name, since, booted=booted) else str(node),
        [node],
        late=lambda _: late,
        logs=node.logs,
        timeout=timeout,
        say=say,
    )


def _poll(
    awaited: Callable[[], str | None],
    nodes: Sequence[Instance],
    *,
    late: Callable[[str], str],
    logs: Path,
    timeout: float,
    say: Say,
) -> None:
    """Ask until nothing is awaited any longer; `late` is the message when the time is over."""
    deadline = time.monotonic() + timeout
    while (missing := awaited()) is not None:
        say(missing)
        for node in nodes:
            fail_early(node)
        if time.monotonic() > deadline:
            raise TimedOutError(late(missing), hint=f"the components' logs are in {logs}")
        time.sleep(0.1)


def _is_back(api: Api, name: str, since: dt.datetime, *, booted: bool) -> bool:
    try:
        found = api.get(f"/api/v1/nodes/{name}")
        if booted:
            heartbeat = next(
                x["lastHeartbeatTime"] for x in found["status"]["conditions"] if x["type"] == "Ready"
            )
        else:
            lease = api.get(f"/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/{name}")
            heartbeat = lease["spec"]["renewTime"]
    except (OSError, ApiRefusedError, KeyError, StopIteration):
        return False
    # Heartbeats are in whole seconds.
    return is_true(found, "Ready") and dt.datetime.fromisoformat(heartbeat) >= since.replace(microsecond=0)


def _awaited(instance: Instance, api: Api, expected: Sequence[Instance]) -> str | None:
    said = State.read(instance.state)
    if said is None or said.phase == "booting":
        return "kube-apiserver"
    try:
        ready = {x["metadata"]["name"] for x in api.get("/api/v1/nodes")["items"] if is_true(x, "Ready")}
        if missing := [x.name for x in expected if x.name not in ready]:
            return f"node {missing[0]}" if len(expected) > 1 else "node"
        dns = api.get("/apis/apps/v1/namespaces/kube-system/deployments?fieldSelector=metadata.name=coredns")
        if not any(is_true(x, "Available") for x in dns["items"]):
            return "cluster DNS"
        api.get("/api/v1/namespaces/default/serviceaccounts/default")
    except (OSError, ApiRefusedError):
        return "kube-apiserver"
    return None if said.phase == "running" else "images"


def fail_early(instance: Instance) -> None:
    """Raise what is known to keep a node from becoming ready.

    Raises:
        VcliError: it has ended, failed to boot, or a program of it does not stay up.
    """
    if process.node_pid(instance) is None:
        raise VcliError(f"the first process of {instance} ended{tail(instance, 'node')}")
    said = State.read(instance.state)
    if said is None:
        return
    if said.phase == "failed":
        raise VcliError(f"{instance} failed to boot: {said.error}{tail(instance, 'import')}")
    for name, component in said.components.items():
        if component.pid is None and component.failures >= _FAILURES_OF_A_HOPELESS_ONE:
            raise VcliError(
                f"{name} of {instance} does not stay up ({component.exit}){tail(instance, name)}",
                hint=f"its log is {instance.logs / name}.log;"
                f" vcli host down --name {instance.host} removes what is there",
            )
