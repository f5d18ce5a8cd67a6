"""What a run of the program in a test must not do: boot a machine, build or wait for minutes, fill a disk."""

from pathlib import Path


def harmless() -> None:
    """Replace that in this process."""
    from vcli.host.state import ComponentStatus, HostStatus, NodeStatus  # noqa: PLC0415
    from vcli.operations import (  # noqa: PLC0415
        authority_rotation,
        certificate_rotation,
        host,
        host_node,
        host_programs,
        image,
    )

    here = Path("here")
    component = ComponentStatus(name="etcd", pid=None, restarts=0, last_exit=None, log=here, node="x")
    up = host.HostUp(
        name="x", server="https://x", context="x", kubeconfig=here, kubectl=here, version="v1",
        created=True, seconds=1)  # fmt: skip
    found = HostStatus(
        name="x", ready=True, node_ready=True, version="v1", server="https://x", port=1, pid=1,
        kubeconfig=here, kubectl=here, components=[component], nodes=[],
    )  # fmt: skip
    node = NodeStatus(name="x", state="cut", ready=False, address="x", pod_cidr="x", zone="x", pid=1)

    async def shown(*_: object, **__: object) -> bool:
        return True

    for module in (certificate_rotation, authority_rotation):
        vars(module)["wait_served"] = shown
    host.up = lambda **_: up
    host_programs.build = lambda **_: here
    host.down = lambda **_: True
    host.status = lambda **_: found
    host_node.nodes = lambda **_: [node]
    for verb in ("stop", "start", "cut", "heal"):
        setattr(host_node, verb, lambda *_, **__: True)
    image.build = lambda **_: image.Built(name="x", archive=here, digest="sha256:0", size=1)
