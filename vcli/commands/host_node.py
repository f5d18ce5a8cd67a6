"""``vcli host node``: the nodes of the embedded host."""

from collections.abc import Callable
from typing import Annotated

import typer

from vcli import inputs
from vcli.cli.completing import complete_host_nodes
from vcli.cli.groups import Group
from vcli.cli.options import Common
from vcli.result import Column, Result

node = Group(
    "List the nodes of the embedded host, and make faults.\n\n"
    "A host has as many nodes as 'vcli host up --nodes' says. The first one has the API server; the others "
    "can be stopped and cut off, to see what becomes of what runs on them."
)

NodeName = Annotated[
    str,
    typer.Argument(
        metavar="NODE",
        help="Name of the node.",
        parser=inputs.label,
        autocompletion=complete_host_nodes,
    ),
]
HostName = Annotated[
    str,
    typer.Option(
        "--name", metavar="NAME", envvar="VCLI_HOST_NAME", help="Which host, when there are several."
    ),
]
_NAME = "vcli-host"


@node.command("list")
def list_nodes(*, name: HostName = _NAME, common: Common) -> Result:  # noqa: ARG001
    """List the nodes, and whether they are running, stopped or cut off."""
    from vcli.operations import host_node as operation  # noqa: PLC0415  imported when it runs, so that --help is quick

    data = [
        {
            "name": x.name,
            "state": x.state,
            "ready": x.ready,
            "address": x.address,
            "podCIDR": x.pod_cidr,
            "zone": x.zone,
            "pid": x.pid,
        }
        for x in operation.nodes(name=name)
    ]
    columns = (
        Column("NAME", "name"),
        Column("STATE", "state"),
        Column("READY", lambda row: "yes" if row["ready"] else "no"),
        Column("ADDRESS", "address"),
        Column("PODS", "podCIDR"),
        Column("ZONE", "zone"),
    )
    return Result(data=data, columns=columns, names=tuple(str(x["name"]) for x in data))


@node.command("stop")
def stop(node: NodeName, *, name: HostName = _NAME, common: Common) -> Result:
    """End a node as by a power cut: its processes are gone, its disk stays.

    Kubernetes notices when its lease has not been renewed for 20 seconds: the Node is NotReady then.
    """
    from vcli.operations import host_node as operation  # noqa: PLC0415

    changed = _ended_by_signals(lambda: operation.stop(node, name=name, steps=common.console))
    return _result(node, changed, "is stopped", "is stopped already")


@node.command("start")
def start(node: NodeName, *, name: HostName = _NAME, common: Common) -> Result:
    """Boot a node that was stopped, and wait until it is Ready."""
    from vcli.operations import host_node as operation  # noqa: PLC0415
    from vcli.operations.host import READY_WITHIN  # noqa: PLC0415

    timeout = common.timeout or READY_WITHIN
    changed = _ended_by_signals(
        lambda: operation.start(node, name=name, timeout=timeout, steps=common.console)
    )
    return _result(node, changed, "is ready", "runs already")


@node.command("cut")
def cut(node: NodeName, *, name: HostName = _NAME, common: Common) -> Result:
    """Cut a node off from the other nodes and the API server; what runs on it goes on."""
    from vcli.operations import host_node as operation  # noqa: PLC0415

    changed = _ended_by_signals(lambda: operation.cut(node, name=name, steps=common.console))
    return _result(node, changed, "is cut off", "is cut off already")


@node.command("heal")
def heal(node: NodeName, *, name: HostName = _NAME, common: Common) -> Result:
    """Reconnect a node that was cut off, and wait until it is Ready."""
    from vcli.operations import host_node as operation  # noqa: PLC0415
    from vcli.operations.host import READY_WITHIN  # noqa: PLC0415

    timeout = common.timeout or READY_WITHIN
    changed = _ended_by_signals(
        lambda: operation.heal(node, name=name, timeout=timeout, steps=common.console)
    )
    return _result(node, changed, "is ready", "is not cut off")


def _ended_by_signals(work: Callable[[], bool]) -> bool:
    from vcli.cli.signals import ended_by_signals  # noqa: PLC0415

    with ended_by_signals():
        return work()


def _result(node: str, changed: bool, done: str, as_it_was: str) -> Result:
    message = f"node {node} {done if changed else as_it_was}"
    return Result(data={"name": node, "changed": changed}, text="", messages=(message,))
