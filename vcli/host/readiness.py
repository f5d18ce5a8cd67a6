"""Waiting for an embedded host and its nodes.

Where the logs are is for the caller to say, who knows whether they stay.
"""

import datetime as dt
import time
from collections.abc import Callable, Sequence

from vcli.errors import TimedOutError, VcliError
from vcli.host import further, process, state
from vcli.host.addons.addon import Addon
from vcli.host.addons.cluster_dns import CLUSTER_DNS
from vcli.host.api import Api, ApiRefusedError
from vcli.host.binaries import Say
from vcli.host.instance import Instance
from vcli.host.launch import tail
from vcli.host.plan import State
from vcli.kube.types import Object, is_true

_FAILURES_OF_A_HOPELESS_ONE = 4
_NOT_READY = "node.kubernetes.io/not-ready"
# What a kubelet says where all inotify instances that a user may have are taken: each node has about ten, and
# each virtual cluster. The number is the machine's, often 128.
_NO_INOTIFY = "inotify_init: too many open files"
_MORE_INOTIFY = (
    "all inotify instances of this machine are taken: allow more with"
    " sysctl -w fs.inotify.max_user_instances=1024, or remove hosts and clusters"
)


def wait(instance: Instance, *, addons: Sequence[Addon] = (), timeout: float, say: Say) -> None:
    """Until all nodes that run are Ready, cluster DNS answers, all images are there and the add-ons work.

    Args:
        instance: a booted one.
        addons: those asked for.
        timeout: seconds.
        say: takes what is still awaited.

    Raises:
        TimedOutError: not in time.
        VcliError: it will never be; the message has the last lines of the component's log.
    """
    api = Api(instance.pki, state.port(instance))
    # A node that was stopped or cut off is so on purpose.
    expected = [x.node for x in further.nodes_of(instance) if x.state is further.NodeState.RUNNING]
    late = f"host {instance.name} is not ready after {timeout:.0f}s"
    _poll(
        lambda: _awaited(instance, api, expected, addons),
        expected,
        late=lambda awaited: f"{late}: {awaited}",
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
        lambda: None if _is_back(api, node, since, booted=booted) else str(node),
        [node],
        late=lambda _: late,
        timeout=timeout,
        say=say,
    )


def _poll(
    awaited: Callable[[], str | None],
    nodes: Sequence[Instance],
    *,
    late: Callable[[str], str],
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
            raise TimedOutError(late(missing))
        time.sleep(0.1)


def _is_back(api: Api, node: Instance, since: dt.datetime, *, booted: bool) -> bool:
    if booted and ((said := State.read(node.state)) is None or said.phase != "running"):
        return False
    try:
        found = api.get(f"/api/v1/nodes/{node.name}")
        if booted:
            heartbeat = next(
                x["lastHeartbeatTime"] for x in found["status"]["conditions"] if x["type"] == "Ready"
            )
        else:
            lease = api.get(f"/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/{node.name}")
            heartbeat = lease["spec"]["renewTime"]
    except (OSError, ApiRefusedError, KeyError, StopIteration):
        return False
    # Heartbeats are in whole seconds.
    return is_true(found, "Ready") and dt.datetime.fromisoformat(heartbeat) >= since.replace(microsecond=0)


def _awaited(
    instance: Instance, api: Api, expected: Sequence[Instance], addons: Sequence[Addon]
) -> str | None:
    said = State.read(instance.state)
    if said is None or said.phase == "booting":
        return "kube-apiserver"
    try:
        ready = {x["metadata"]["name"] for x in api.get("/api/v1/nodes")["items"] if takes_pods(x)}
        if missing := [x.name for x in expected if x.name not in ready]:
            return f"node {missing[0]}" if len(expected) > 1 else "node"
        if not state.works(api, CLUSTER_DNS):
            return "cluster DNS"
        api.get("/api/v1/namespaces/default/serviceaccounts/default")
        if said.phase != "running":
            return "images"
        lacking = (x.name for x in addons if not state.is_set_up(x, expected) or not state.works(api, x))
        return next(lacking, None)
    except (OSError, ApiRefusedError):
        return "kube-apiserver"


def takes_pods(node: Object) -> bool:
    """Whether a Node is Ready and has lost the taint of new ones, which goes a moment later."""
    taints = node["spec"].get("taints") or ()
    return is_true(node, "Ready") and all(taint["key"] != _NOT_READY for taint in taints)


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
            last = tail(instance, name)
            raise VcliError(
                f"{name} of {instance} does not stay up ({component.exit}){last}",
                hint=_MORE_INOTIFY if _NO_INOTIFY in last else None,
            )
