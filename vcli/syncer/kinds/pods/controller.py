"""Pods: each virtual pod runs as a pod on the host, and the status of that is its status.

A reconcile looks at the virtual pod and its host pod, takes the steps that the table names, and is called
again when the effect shows in a cache. No step depends on which event came first, or on whether this
process saw it.

| virtual pod | host pod | steps |
|---|---|---|
| any | deleted without a kubelet | delete it again: the request was cut between its two writes |
| gone | there | delete the host pod, with its own grace |
| another uid | there | delete the host pod at once: the old virtual pod was forced out, its name is free |
| terminating | none | finish the deletion, as a kubelet does when all containers have ended |
| had started | none | the same: a pod runs once |
| had started, removed by pausing, without a controller | none | as if it had not started |
| not started | none | wait for what it refers to, then create |
| terminating | there | pass the grace on, sync status |
| alive | terminating | if it had started, delete the virtual pod with the same grace |
| alive | there | bind, sync status, sync updates |
"""

from typing import Final

from vcli.kube.resources import PODS
from vcli.kube.types import is_terminating, uid
from vcli.syncer.engine.budget import WriteLaterError
from vcli.syncer.engine.context import Object, SyncContext
from vcli.syncer.engine.controller import Controller, RequeueAfter, Waiting
from vcli.syncer.kinds.configs import Configs
from vcli.syncer.kinds.indexes import config_names_of, configs_changed, is_finished
from vcli.syncer.kinds.pods.binding import Nodes, PodBinding
from vcli.syncer.kinds.pods.context import PodContexts
from vcli.syncer.kinds.pods.creation import PodCreation
from vcli.syncer.kinds.pods.deletion import PodDeletion
from vcli.syncer.kinds.pods.maps import PodConfigMaps
from vcli.syncer.kinds.pods.needs import PodNeeds
from vcli.syncer.kinds.pods.paused import Paused
from vcli.syncer.kinds.pods.state import PodState, PodStates
from vcli.syncer.kinds.pods.status import PodStatus, has_started
from vcli.syncer.kinds.pods.tokens import Tokens
from vcli.syncer.kinds.pods.triggers import PodTriggers
from vcli.syncer.kinds.pods.updates import PodUpdates
from vcli.syncer.sync.references import ReferenceIndex
from vcli.syncer.translate.names import VirtualName

_WORKERS: Final = 32
_SLOTS: Final = 3
"""Pods that the host gets before the tokens of the first are there. Of 40 created at once on two cores, 35
met their kubelet without tokens when this had no bound, 15 with six, 6 with three."""


class Pods:
    """The controller of pods.

    Args:
        ctx: both clusters.
        nodes: creates the virtual Nodes that pods are bound to.
        references: counts the ConfigMaps and Secrets that pods refer to.

    Attributes:
        controller: reconciles pods.
        configs: syncs the ConfigMaps and Secrets that pods refer to.
        tokens: syncs the service account tokens of pods.
        starting: the pods whose containers the host creates now.
        states: what is remembered of each pod.
        paused: when pausing has removed pods.
    """

    def __init__(self, ctx: SyncContext, nodes: Nodes, references: ReferenceIndex) -> None:
        self._ctx = ctx
        self.controller: Controller[VirtualName] = Controller("pods", self._reconcile, workers=_WORKERS)
        queue = self.controller.queue
        self.states = PodStates(ctx.scope, slots=_SLOTS, retry=queue.add)
        self.starting = self.states.starting
        self.paused = Paused()
        self._triggers = PodTriggers(ctx, queue, self.states)
        references.register(PODS, config_names_of, predicate=configs_changed)
        self.configs = Configs(ctx, references, on_synced=self._triggers.enqueue_waiting_for)
        self.tokens = Tokens(ctx, self.states, on_synced=self._tokens_synced)
        self._contexts = PodContexts(ctx)
        self._status = PodStatus(ctx, self.starting)
        self._binding = PodBinding(ctx, nodes, self.tokens, self.states.admission)
        needs = PodNeeds(ctx, self.configs, self.tokens, self._contexts)
        self._maps = PodConfigMaps(ctx, self._contexts)
        self._creation = PodCreation(ctx, needs, self._contexts, self.states, self._maps)
        self._deletion = PodDeletion(ctx, self._status)
        self._updates = PodUpdates(ctx, self._contexts, self._maps)

    def addons_applied(self) -> None:
        """From here on a cluster without kube-dns is one whose tenant wants none."""
        self._contexts.expects_dns = False
        self._triggers.enqueue_all_not_on_host()

    async def _reconcile(self, name: VirtualName) -> RequeueAfter | Waiting | None:
        virtual, host = self._ctx.in_virtual(PODS, name), self._ctx.on_host(PODS, name)
        if virtual is None:
            self.states.drop(name)
            if host is not None:
                await self._deletion.delete_orphan(host, None)
            await self._maps.delete(name)
            return None
        state = self.states.of(name, uid(virtual))
        if host is None:
            ran = _had_started(virtual, state) and not self.paused.removed(virtual)
            if is_terminating(virtual) or ran:
                return await self._deletion.finish(virtual, state)
            return await self._creation.create(virtual, state)
        if await self._deletion.delete_orphan(host, virtual):
            return None
        return await self._sync(virtual, host, state)

    async def _sync(self, virtual: Object, host: Object, state: PodState) -> RequeueAfter | None:
        """Both pods are there, and correspond to each other."""
        if is_terminating(virtual):
            await self._deletion.pass_grace_on(virtual, host)
            return await self._status.update_virtual_status(virtual, host, state)
        if is_terminating(host):
            await self._deletion.follow(virtual, host, state)
            return None
        if not await self._binding.sync(virtual, host, state):
            return None
        again = await self._status.update_virtual_status(virtual, host, state)
        if not is_finished(virtual):
            try:
                await self._updates.sync(virtual, host, state)
            except WriteLaterError as later:  # the status does not wait for that
                return again or RequeueAfter(later.seconds)
        return again

    def _tokens_synced(self, name: VirtualName) -> None:
        self.states.admission.release(name)
        if self._ctx.on_host(PODS, name) is None:
            self.controller.queue.add(name)


def _had_started(virtual: Object, state: PodState) -> bool:
    """Whether a pod without a host pod ran there: a pod runs once."""
    last = state.final_host_pod
    return has_started(virtual) or (last is not None and has_started(last))
