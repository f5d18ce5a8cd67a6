"""Operations on the nodes of an embedded host: what is there, and faults."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

from vcli import inputs
from vcli.errors import ConflictError, NotAllowedError, NotFoundError
from vcli.host import further, process, readiness, state
from vcli.host.further import Node, NodeState
from vcli.host.instance import DEFAULT_NAME, Instance
from vcli.operations import host_logs
from vcli.operations.host import READY_WITHIN, command, existing, need_root
from vcli.operations.steps import NoSteps, Steps


def nodes(*, name: str = DEFAULT_NAME) -> list[state.NodeStatus]:
    """The nodes of a host, in order.

    Raises:
        NotAllowedError: not root.
        NotFoundError: it is not up.
    """
    need_root("node list")
    return state.status_of(existing(name)).nodes


def names(*, name: str = DEFAULT_NAME) -> list[str]:
    """The names of the nodes that faults can be made on, for completion; quick, and none without a host."""
    return [x.name for x in Instance.of(name).nodes() if x.number > 1]


def stop(node: str, *, name: str = DEFAULT_NAME, steps: Steps | None = None) -> bool:
    """End a node as by a power cut. False: it was stopped.

    Args:
        node: its name.
        name: of the host.
        steps: reports progress.

    Raises:
        NotAllowedError: not root, or it is the first node.
        NotFoundError: the host is not up, or has no such node.
    """
    with _node("stop", node, name, steps) as (host, found, progress):
        if found.state is NodeState.STOPPED:
            return False
        with progress.step(f"Stop {found.node}"):
            further.stop(host, found.node)
        return True


def start(
    node: str, *, name: str = DEFAULT_NAME, timeout: float = READY_WITHIN, steps: Steps | None = None
) -> bool:
    """Boot a node that was stopped, and wait until it is Ready. False: it runs.

    Args:
        node: its name.
        name: of the host.
        timeout: seconds until it has to be Ready.
        steps: reports progress.

    Raises:
        NotAllowedError: not root.
        NotFoundError: the host is not up, or has no such node.
        TimedOutError: not ready in time.
        VcliError: it does not boot.
    """
    inputs.timeout(timeout)
    with _node("start", node, name, steps) as (host, found, progress):
        if found.state is not NodeState.STOPPED:
            return False
        since = dt.datetime.now(dt.UTC)
        with host_logs.with_hint(found.node), progress.step(f"Start {found.node}") as step:
            further.start(host, found.node)
            readiness.wait_for_node(
                host, found.node, since=since, booted=True, timeout=timeout, say=step.detail
            )
        return True


def cut(node: str, *, name: str = DEFAULT_NAME, steps: Steps | None = None) -> bool:
    """Cut a node off from the other nodes and the API server; what runs on it goes on. False: it was.

    Args:
        node: its name.
        name: of the host.
        steps: reports progress.

    Raises:
        NotAllowedError: not root, or it is the first node.
        NotFoundError: the host is not up, or has no such node.
        ConflictError: the node is stopped.
    """
    with _node("cut", node, name, steps) as (host, found, progress):
        _running(found, name)
        if found.state is NodeState.CUT:
            return False
        with progress.step(f"Cut off {found.node}"):
            further.cut(host, found.node)
        return True


def heal(
    node: str, *, name: str = DEFAULT_NAME, timeout: float = READY_WITHIN, steps: Steps | None = None
) -> bool:
    """Take back what `cut` did, and wait until the node is Ready. False: it was not cut off.

    Args:
        node: its name.
        name: of the host.
        timeout: seconds until it has to be Ready.
        steps: reports progress.

    Raises:
        NotAllowedError: not root.
        NotFoundError: the host is not up, or has no such node.
        ConflictError: the node is stopped.
        TimedOutError: not ready in time.
    """
    inputs.timeout(timeout)
    with _node("heal", node, name, steps) as (host, found, progress):
        _running(found, name)
        if found.state is not NodeState.CUT:
            return False
        since = dt.datetime.now(dt.UTC)
        with host_logs.with_hint(found.node), progress.step(f"Reconnect {found.node}") as step:
            further.heal(host, found.node)
            readiness.wait_for_node(
                host, found.node, since=since, booted=False, timeout=timeout, say=step.detail
            )
        return True


@contextmanager
def _node(verb: str, node: str, name: str, steps: Steps | None) -> Iterator[tuple[Instance, Node, Steps]]:
    """The host and the node of it, with the host locked."""
    need_root(f"node {verb}")
    host = existing(name)
    steps = steps or NoSteps()
    with process.locked(host, steps.warn):
        found = next((x for x in further.nodes_of(existing(name)) if x.node.name == node), None)
        if found is None:
            raise NotFoundError(f"host {name} has no node {node}", hint=command("node list", name))
        if found.node.number == 1 and verb in {"stop", "cut"}:
            raise NotAllowedError(
                f"{node} is the first node of host {name}: the API server is on it",
                hint=f"choose another one: {command('node list', name)}",
            )
        yield host, found, steps


def _running(found: Node, name: str) -> None:
    if found.state is NodeState.STOPPED:
        raise ConflictError(f"{found.node} is stopped", hint=command(f"node start {found.node.name}", name))
