"""What may change in a pod that runs, brought from the virtual pod to the host pod."""

from typing import Any

from vcli.kube.errors import ApiError, Forbidden, Invalid, NotFound
from vcli.kube.resources import PODS
from vcli.syncer.engine.world import Object, World, name_of, uid_of
from vcli.syncer.kinds.pod_context import PodContexts
from vcli.syncer.kinds.refusals import told
from vcli.syncer.translate import pods as translate
from vcli.syncer.translate.names import VirtualName
from vcli.syncer.translate.pods import pod_names


class PodUpdates:
    """Keeps host pods like their virtual ones.

    Status changes come ten times as often as changes of the pod itself: what was brought already is
    remembered, so that they don't cost a translation each.
    """

    def __init__(self, world: World, contexts: PodContexts) -> None:
        self._world = world
        self._contexts = contexts
        self._brought: dict[VirtualName, tuple[Any, ...]] = {}

    def forget(self, name: VirtualName) -> None:
        """The pod is gone."""
        self._brought.pop(name, None)

    async def bring(self, virtual: Object, host: Object) -> None:
        """Make the host pod what the virtual one asks for.

        Raises:
            ApiError: what the host refused; a Warning event says so as well.
        """
        name = name_of(virtual)
        await self._bring_conditions(virtual, host)
        wanted = self._wanted(virtual)
        if wanted is not None and self._brought.get(name) == wanted:
            return
        context = self._contexts.of(virtual)
        desired = translate.to_host(virtual, context)
        async with told(self._world, PODS, virtual, names=pod_names(virtual, self._world.scope)):
            refused = await self._bring_resize(host, desired)
            patch = translate.mutable_patch(host, desired, resized=refused is None)
            if patch is not None:
                await self._patch(host, patch)
            await self._bring_ephemeral(host, translate.ephemeral_containers(virtual, context))
            if refused is not None:
                raise refused
        if wanted is not None:
            self._brought[name] = wanted

    def _wanted(self, virtual: Object) -> tuple[Any, ...] | None:
        """What a translation depends on and that can change; None where the API counts no generations."""
        metadata = virtual["metadata"]
        if "generation" not in metadata:
            return None
        return (
            metadata["uid"],
            metadata["generation"],
            metadata.get("labels"),
            metadata.get("annotations"),
            metadata.get("ownerReferences"),
            self._contexts.namespace_labels(metadata["namespace"]),
        )

    async def _bring_resize(self, host: Object, desired: Object) -> ApiError | None:
        """Resize in place; gives the refusal instead of raising it, so that all else goes on."""
        patch = translate.resize_patch(host, desired)
        if patch is None:
            return None
        try:
            await self._patch(host, patch, subresource="resize")
        except (Forbidden, Invalid, NotFound) as error:
            return error
        return None

    async def _bring_ephemeral(self, host: Object, wanted: list[Object]) -> None:
        """Ephemeral containers are added, and never change or go."""
        there = {each["name"] for each in host["spec"].get("ephemeralContainers") or ()}
        if any(each["name"] not in there for each in wanted):
            await self._patch(
                host, {"spec": {"ephemeralContainers": wanted}}, subresource="ephemeralcontainers"
            )

    async def _bring_conditions(self, virtual: Object, host: Object) -> None:
        """The conditions of readiness gates, which the tenant's controllers set."""
        patch = translate.host_status_patch(host, virtual)
        if patch is not None:
            await self._patch(host, patch, subresource="status")

    async def _patch(self, host: Object, patch: Object, *, subresource: str | None = None) -> None:
        metadata = {**(patch.get("metadata") or {}), "uid": uid_of(host)}
        answer = await self._world.host.client.patch(
            PODS,
            host["metadata"]["name"],
            {**patch, "metadata": metadata},
            namespace=host["metadata"]["namespace"],
            subresource=subresource,
            strategy="strategic",
        )
        self._world.host[PODS].store(answer)
