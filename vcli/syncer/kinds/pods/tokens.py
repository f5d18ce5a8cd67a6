"""Service account tokens: requested in the virtual cluster, mounted by the pod from a Secret on the host.

One Secret a pod, one key a projected source. A token is requested when the pod is bound, because only then
the API server writes the node into it (claim `kubernetes.io.node`, `authentication.kubernetes.io/node-name`
in a TokenReview). That is mostly done before the kubelet first looks. Where it isn't, the kubelet looks again
half a second later: rather that than a container that starts with a token which says less.
"""

import time
from collections.abc import Callable, Sequence
from datetime import datetime

from vcli.kube.errors import Forbidden, Invalid, NotFound
from vcli.kube.resources import PODS, SECRETS, SERVICEACCOUNTS
from vcli.kube.types import uid
from vcli.syncer.engine.context import Object, SyncContext, name_of
from vcli.syncer.engine.controller import Controller, RequeueAfter
from vcli.syncer.engine.enqueue import enqueue_on, enqueue_on_host
from vcli.syncer.engine.schedule import HIGH
from vcli.syncer.kinds.indexes import is_finished, needed_by
from vcli.syncer.kinds.pods.state import PodState, PodStates
from vcli.syncer.sync.rejections import emit_warning, warn_on_rejection
from vcli.syncer.translate.configs import Token, renewals_in, token_secret, tokens_in
from vcli.syncer.translate.metadata import POD_TOKENS, virtual_name_of, virtual_uid_of
from vcli.syncer.translate.names import VirtualName, derived_name
from vcli.syncer.translate.pods import TokenSource


class Tokens:
    """Keeps the tokens of pods fresh.

    Args:
        ctx: both clusters.
        states: what is remembered of each pod.
        on_synced: called with the name of each pod that has got all its tokens.
    """

    def __init__(
        self, ctx: SyncContext, states: PodStates, *, on_synced: Callable[[VirtualName], None]
    ) -> None:
        self._ctx = ctx
        self._states = states
        self._on_synced = on_synced
        self.controller: Controller[VirtualName] = Controller("tokens", self._reconcile, workers=16)
        enqueue_on(ctx.virtual[PODS], self.controller.queue, lambda pod: (name_of(pod),), predicate=_matters)
        enqueue_on_host(ctx.host[SECRETS], self.controller.queue, kind=POD_TOKENS, scope=ctx.scope)

    def are_ready(self, pod: Object, state: PodState) -> bool:
        """Whether there is no token to wait for before the host pod is created.

        A pod that is bound already may have its tokens first. Any other gets them when it is bound.
        """
        sources = needed_by(pod).tokens
        if not sources or not (pod["spec"].get("nodeName") or state.bound):
            return True
        held = self._held(pod, self._secret(name_of(pod)))
        return all(source.key in held for source in sources)

    def bound(self, pod: Object, state: PodState) -> None:
        """The pod has just been bound; its cache will say so in a moment, its kubelet won't wait so long."""
        state.bound = True
        self.controller.queue.add(name_of(pod), priority=HIGH)

    async def _reconcile(self, name: VirtualName) -> RequeueAfter | None:
        pod, secret = self._ctx.in_virtual(PODS, name), self._secret(name)
        if pod is None:
            if secret is not None:
                await self._ctx.host.writer.delete(SECRETS, secret)
            return None
        state, sources = self._states.of(name, uid(pod)), needed_by(pod).tokens
        bound = pod["spec"].get("nodeName") or state.bound  # the cache may not know it yet
        if not sources or is_finished(pod) or not bound:
            if secret is not None and virtual_uid_of(secret) != uid(pod):  # a former pod of this name
                await self._ctx.host.writer.delete(SECRETS, secret)
            return None
        held, now = self._held(pod, secret), time.time()
        due = [source for source in sources if held.get(source.key, 0.0) <= now]
        if due:
            tokens = await self._issue(pod, due, state, now)
            if secret is not None and len(due) < len(sources):
                tokens = {**await self._saved(secret, sources), **tokens}
            desired = token_secret(pod, tokens, scope=self._ctx.scope)
            async with warn_on_rejection(self._ctx, PODS, pod):
                await self._ctx.host.writer.create_or_replace(SECRETS, desired, current=secret)
            state.unsaved_tokens = None
            self._on_synced(name)
            held = {key: token.renew_at for key, token in tokens.items()}
        return RequeueAfter(max(1.0, min(held[source.key] for source in sources) - now))

    async def _issue(
        self, pod: Object, due: Sequence[TokenSource], state: PodState, now: float
    ) -> dict[str, Token]:
        """A token for each source: a new one, or one that the host rejected the last time."""
        tokens = dict(state.unsaved_tokens or {})
        for source in due:
            if source.key not in tokens or tokens[source.key].renew_at <= now:
                tokens[source.key] = await self._request(pod, source)
                state.unsaved_tokens = tokens
        return {source.key: tokens[source.key] for source in due}

    async def _saved(self, secret: Object, sources: Sequence[TokenSource]) -> dict[str, Token]:
        """The tokens that are on the host: a cache keeps none."""
        metadata = secret["metadata"]
        there = await self._ctx.host.client.get(SECRETS, metadata["name"], namespace=metadata["namespace"])
        found = tokens_in(there)
        return {source.key: found[source.key] for source in sources if source.key in found}

    async def _request(self, pod: Object, source: TokenSource) -> Token:
        body = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {
                "audiences": [source.audience] if source.audience else [],
                "expirationSeconds": source.expiration_seconds,
                "boundObjectRef": {
                    "apiVersion": "v1",
                    "kind": "Pod",
                    "name": pod["metadata"]["name"],
                    "uid": uid(pod),
                },
            },
        }
        account = pod["spec"].get("serviceAccountName") or "default"
        issued = time.time()
        try:
            answer = await self._ctx.virtual.client.create_subresource(
                SERVICEACCOUNTS, account, "token", body, namespace=pod["metadata"]["namespace"]
            )
        except (NotFound, Forbidden, Invalid) as error:
            await emit_warning(self._ctx, PODS, pod, f"no service account token: {error.message}")
            raise
        status = answer["status"]
        expires = datetime.fromisoformat(status["expirationTimestamp"]).timestamp()
        return Token(value=status["token"], issued=issued, expires=expires)

    def _held(self, pod: Object, secret: Object | None) -> dict[str, float]:
        """When each token that the pod has must be renewed, Unix seconds."""
        return renewals_in(secret) if secret is not None and virtual_uid_of(secret) == uid(pod) else {}

    def _secret(self, name: VirtualName) -> Object | None:
        host_name = derived_name(name, self._ctx.scope.cluster, role="tokens")
        found = self._ctx.host[SECRETS].get(self._ctx.namespace, host_name)
        if found is None or virtual_name_of(found, scope=self._ctx.scope, kind=POD_TOKENS) != name:
            return None
        return found


def _matters(old: Object | None, new: Object | None) -> bool:
    """A pod is bound, replaced or deleted: no other has tokens to come or to go."""
    if new is None or (old is not None and uid(old) != uid(new)):
        return True
    return "nodeName" in new["spec"] and (old is None or "nodeName" not in old["spec"])
