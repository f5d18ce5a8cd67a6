"""What must be on the host before a pod is: what it refers to, and the cluster's resolver."""

from datetime import UTC, datetime
from typing import Final

from vcli.kube.errors import NotFound
from vcli.kube.resources import PODS, PVCS, RESOURCECLAIMS, RUNTIMECLASSES, Resource
from vcli.kube.types import is_terminating, uid
from vcli.syncer.engine.context import Object, SyncContext
from vcli.syncer.engine.controller import WAITING, RequeueAfter, Waiting
from vcli.syncer.kinds.configs import KINDS, Configs
from vcli.syncer.kinds.indexes import configs_of, needed_by
from vcli.syncer.kinds.pods.classes import is_waited_for, named_by
from vcli.syncer.kinds.pods.context import PodContexts
from vcli.syncer.kinds.pods.state import PodState
from vcli.syncer.kinds.pods.tokens import Tokens
from vcli.syncer.kinds.selection import may_use, refusal
from vcli.syncer.sync.references import ConfigName
from vcli.syncer.sync.rejections import emit_warning
from vcli.syncer.translate.metadata import virtual_uid_of
from vcli.syncer.translate.names import VirtualName
from vcli.syncer.translate.pods import claim_names, ephemeral_claims

_LATE: Final = 2.0
"""Seconds. A namespace's `kube-root-ca.crt` is created a moment after it, and a first pod is quick."""
_LOOK_AGAIN: Final = 0.1


class PodNeeds:
    """Knows whether a pod can be created on the host yet.

    What exists in neither cluster is not waited for: the host's kubelet then says what is missing, and
    starts the pod when it comes, just as it would on a plain cluster.
    """

    def __init__(self, ctx: SyncContext, configs: Configs, tokens: Tokens, contexts: PodContexts) -> None:
        self._ctx = ctx
        self._tokens = tokens
        self._configs = configs
        self._contexts = contexts

    async def wait(self, pod: Object, state: PodState) -> RequeueAfter | Waiting | None:
        """Whether the pod has to wait, and for what: an event that will come, or time. None: go on."""
        if not await self._has_class(pod) or not await self._has_resource_claims(pod):
            return WAITING
        namespace = pod["metadata"]["namespace"]
        needed = needed_by(pod)
        optional = {("ConfigMap", name): may for name, may in needed.config_maps.items()}
        optional |= {("Secret", name): may for name, may in needed.secrets.items()}
        ready = self._tokens.are_ready(pod, state) and not self._contexts.waits_for_dns(pod)
        late = False
        for kind, name in configs_of(pod):
            key = ConfigName(kind, VirtualName(namespace, name))
            found = await self._look_up(KINDS[kind], key.name)
            if found is not None and not is_terminating(found):
                ready &= self._configs.is_synced(key)
            else:
                late |= not optional[kind, name]
        if needed.claims and not self._ctx.host[PVCS].available:
            await self._warn(pod, "the host does not let this cluster have PersistentVolumeClaims")
            return WAITING
        for resource, own in named_by(self._ctx, pod):
            named = await self._look_up(resource, own)
            ready &= named is None or not is_waited_for(self._ctx, resource, named)
        for name in needed.claims:
            ready &= await self._is_claim_ready(pod, VirtualName(namespace, name))
        if not ready:
            return WAITING
        return RequeueAfter(_LOOK_AGAIN) if late and _age(pod) < _LATE else None

    async def _has_class(self, pod: Object) -> bool:
        """Whether the pod may run under the RuntimeClass that it names."""
        name = pod["spec"].get("runtimeClassName")
        if not name or may_use(self._ctx, RUNTIMECLASSES, name):
            return True
        await emit_warning(self._ctx, PODS, pod, refusal(RUNTIMECLASSES, name))
        return False

    async def _has_resource_claims(self, pod: Object) -> bool:
        """Whether the ResourceClaims that a pod names are on the host; true where they are not synced."""
        ctx, namespace = self._ctx, pod["metadata"]["namespace"]
        if not pod["spec"].get("resourceClaims") or RESOURCECLAIMS not in ctx.host:
            return True
        if not ctx.host[RESOURCECLAIMS].available:
            await self._warn(pod, "the host does not let this cluster have ResourceClaims, or has none")
            return False
        for name in claim_names(pod).values():
            if name is None:  # the virtual cluster's controller manager is about to make it
                return False
            virtual = await self._look_up(RESOURCECLAIMS, VirtualName(namespace, name))
            if virtual is None or is_terminating(virtual):
                found = "not found" if virtual is None else "is being deleted"
                await self._warn(pod, f'resourceclaim "{name}" {found}')
                return False
            host = ctx.on_host(RESOURCECLAIMS, VirtualName(namespace, name))
            if host is None or is_terminating(host) or virtual_uid_of(host) != uid(virtual):
                return False
        return True

    async def _is_claim_ready(self, pod: Object, name: VirtualName) -> bool:
        """Whether a pod may go ahead with a claim of this name, as a scheduler decides it."""
        own = name.name in ephemeral_claims(pod)
        virtual, host = await self._look_up(PVCS, name), self._ctx.on_host(PVCS, name)
        if virtual is None:
            # Its own one the control plane is about to create; and what was of this name must be gone.
            return not own and host is None
        ours = host is not None and virtual_uid_of(host) == uid(virtual)
        if is_terminating(virtual) or (ours and host is not None and is_terminating(host)):
            await self._warn(pod, f'persistentvolumeclaim "{name.name}" is being deleted')
            return False
        if own and not _is_controlled_by(virtual, pod):
            await self._warn(pod, f'PersistentVolumeClaim "{name.name}" was not created for this pod')
            return False
        return ours

    async def _warn(self, pod: Object, message: str) -> None:
        await emit_warning(self._ctx, PODS, pod, message, reason="FailedScheduling")

    async def _look_up(self, resource: Resource, name: VirtualName) -> Object | None:
        """The virtual object. A cache may be behind that of pods, so what it misses is asked for."""
        found = self._ctx.in_virtual(resource, name)
        if found is None:
            try:
                found = await self._ctx.virtual.client.get(resource, name.name, namespace=name.namespace)
            except NotFound:
                return None
            self._ctx.virtual.store(resource, found)
        return found


def _is_controlled_by(obj: Object, owner: Object) -> bool:
    owners = obj["metadata"].get("ownerReferences") or ()
    return any(each.get("controller") and each["uid"] == uid(owner) for each in owners)


def _age(pod: Object) -> float:
    """Seconds since the pod was created, at a resolution of one."""
    created = datetime.fromisoformat(pod["metadata"]["creationTimestamp"])
    return (datetime.now(UTC) - created).total_seconds()
