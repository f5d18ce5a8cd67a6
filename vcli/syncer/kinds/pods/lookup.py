"""What is known of a virtual pod on the host."""

from collections.abc import Callable
from dataclasses import dataclass

from vcli.kube.resources import PODS
from vcli.kube.types import uid
from vcli.syncer.engine.context import SyncContext
from vcli.syncer.translate.metadata import virtual_uid_of
from vcli.syncer.translate.names import HostName, VirtualName


@dataclass(frozen=True, slots=True, kw_only=True)
class HostPod:
    """A pod of this virtual cluster as it runs on the host.

    Attributes:
        name: of the host pod.
        uid: the uid of the *virtual* pod.
        node: the node that it is bound to; the same name on the host and in the virtual cluster.
        containers: the names of all containers of the virtual pod, init and ephemeral ones included. What the
            host has injected beside them is no part of the tenant's pod.
    """

    name: HostName
    uid: str
    node: str
    containers: frozenset[str]


Lookup = Callable[[VirtualName], HostPod | None]
"""Finds the host pod of a virtual pod: ours, and bound to a node; else None."""


def find_pod(ctx: SyncContext, name: VirtualName) -> HostPod | None:
    """Find the host pod of a virtual pod: ours, created for this very pod, and bound to a node."""
    virtual = ctx.in_virtual(PODS, name)
    host = ctx.on_host(PODS, name)
    if virtual is None or host is None or virtual_uid_of(host) != uid(virtual):
        return None
    node = host["spec"].get("nodeName")
    if not node:
        return None
    spec = virtual["spec"]
    containers = (
        container["name"]
        for group in ("initContainers", "containers", "ephemeralContainers")
        for container in spec.get(group) or ()
    )
    return HostPod(
        name=HostName(host["metadata"]["name"]),
        uid=uid(virtual),
        node=node,
        containers=frozenset(containers),
    )
