"""Both pods of a pair on the same node: the host's scheduler chooses, or one of the tenant's."""

from collections.abc import Sequence
from typing import Protocol

from vcli.kube.resources import NODES, PODS
from vcli.kube.types import annotations, conditions, labels, uid
from vcli.syncer.engine.caches import Caches
from vcli.syncer.engine.context import Object, SyncContext, name_of
from vcli.syncer.kinds.indexes import is_daemon
from vcli.syncer.kinds.pods.burst import AdmissionLimiter
from vcli.syncer.kinds.pods.state import PodState
from vcli.syncer.kinds.pods.status import has_started
from vcli.syncer.kinds.pods.tokens import Tokens
from vcli.syncer.sync.rejections import emit_warning, warn_on_rejection
from vcli.syncer.translate import keys
from vcli.syncer.translate.nodes import is_ours
from vcli.syncer.translate.placement import placement, remembered


class Nodes(Protocol):
    """What pods need of the kind that creates virtual Nodes."""

    async def ensure(self, name: str, *, internal_ips: Sequence[str]) -> None:
        """Make sure that a pod can be bound to a node."""


class PodBinding:
    """Binds pods.

    Args:
        ctx: both clusters.
        nodes: creates the virtual Nodes.
        tokens: are requested when a pod is bound.
        admission: is released by a pod that gets no node for now.
    """

    def __init__(self, ctx: SyncContext, nodes: Nodes, tokens: Tokens, admission: AdmissionLimiter) -> None:
        self._ctx = ctx
        self._nodes = nodes
        self._tokens = tokens
        self._admission = admission

    async def sync(self, virtual: Object, host: Object, state: PodState) -> bool:
        """Bind whichever pod has no node to the node of the other.

        Returns:
            Whether status and updates are to be synced now.

        Raises:
            ApiError: as either API server answers.
        """
        node = host["spec"].get("nodeName")
        if not node:
            return await self._without_node(virtual, host)
        wanted = virtual["spec"].get("nodeName")
        if not wanted and not state.bound:
            await self._nodes.ensure(node, internal_ips=_node_addresses(host))
            await bind(self._ctx.virtual, virtual, node)
            self._tokens.bound(virtual, state)
        elif wanted not in (None, "", node):
            message = f"bound to node {wanted}, but the host chose another one"
            await emit_warning(self._ctx, PODS, virtual, message)
            await self._ctx.host.writer.delete(PODS, host, grace=0)
            return False
        elif has_started(host) and not is_daemon(virtual):
            # Some pods are created with a nodeName, which may be no node at all.
            await self._nodes.ensure(node, internal_ips=_node_addresses(host))
        # Of a pod that was only scheduled, the binding says all there is to say.
        return bool(wanted) or has_started(host)

    async def _without_node(self, virtual: Object, host: Object) -> bool:
        if _is_unschedulable(host):
            self._admission.release(name_of(virtual))
        if self._ctx.settings.scheduler:
            # It is from before pods were scheduled inside: two schedulers would be at odds over it.
            await self._ctx.host.writer.delete(PODS, host, grace=0)
            return False
        if wanted := virtual["spec"].get("nodeName"):  # by a scheduler of the tenant's own
            async with warn_on_rejection(self._ctx, PODS, virtual):
                await bind(self._ctx.host, host, wanted)
        elif self._is_out_of_place(virtual, host):
            # Nothing runs yet: the next host pod is for the nodes as they are now.
            await self._ctx.host.writer.delete(PODS, host, grace=0)
            return False
        return True

    def _is_out_of_place(self, virtual: Object, host: Object) -> bool:
        """Whether a pod that waits for a node was created for nodes as they no longer are."""
        created_for = annotations(host).get(keys.PLACEMENT, "")
        return created_for != remembered(placement_of(virtual, self._ctx))


def placement_of(virtual: Object, ctx: SyncContext) -> Object | None:
    """Where the tenant wants a pod, by what the virtual Nodes are now."""
    nodes = [node for node in ctx.virtual[NODES].items() if is_ours(node)]
    return placement(virtual, nodes, only=ctx.settings.node_labels)


async def bind_to_any(ctx: SyncContext, virtual: Object) -> None:
    """Bind a pod that the host rejects for want of its RuntimeClass.

    A plain cluster schedules a pod whose nodes lack the handler; it is the kubelet that can't start it.
    Running it without would be worse: it may have asked for a sandbox.
    """
    if virtual["spec"].get("nodeName"):
        return
    selector = (virtual["spec"].get("nodeSelector") or {}).items()
    for node in ctx.virtual[NODES].items():
        if selector <= labels(node).items() and not (node.get("spec") or {}).get("unschedulable"):
            await bind(ctx.virtual, virtual, node["metadata"]["name"])
            return


async def bind(caches: Caches, pod: Object, node: str) -> None:
    """Bind a pod of either cluster to a node.

    Raises:
        ApiError: as the server answers.
    """
    metadata = pod["metadata"]
    name, namespace = metadata["name"], metadata["namespace"]
    binding = {
        "apiVersion": "v1",
        "kind": "Binding",
        "metadata": {"name": name, "namespace": namespace, "uid": uid(pod)},
        "target": {"apiVersion": "v1", "kind": "Node", "name": node},
    }
    await caches.client.create_subresource(PODS, name, "binding", binding, namespace=namespace)


def _node_addresses(host: Object) -> list[str]:
    return [each["ip"] for each in (host.get("status") or {}).get("hostIPs") or ()]


def _is_unschedulable(host: Object) -> bool:
    return any(each["type"] == "PodScheduled" and each["status"] == "False" for each in conditions(host))
