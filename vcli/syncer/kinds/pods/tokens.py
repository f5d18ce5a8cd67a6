"""Service account tokens: asked for in the virtual cluster, carried to the pod by a Secret on the host.

One Secret a pod, one key a projected source. A token is asked for when the pod is bound, because only then
the API server writes the node into it (claim `kubernetes.io.node`, `authentication.kubernetes.io/node-name`
in a TokenReview). That is mostly done before the kubelet first looks. Where it isn't, the kubelet looks again
half a second later: rather that than a container that starts with a token which says less.
"""

import time
from collections.abc import Callable, Iterable
from datetime import datetime

from vcli.kube.errors import Forbidden, Invalid, NotFound
from vcli.kube.resources import PODS, SECRETS, SERVICEACCOUNTS
from vcli.syncer.engine.context import Object, SyncContext, name_of, uid_of
from vcli.syncer.engine.controller import Controller, RequeueAfter
from vcli.syncer.engine.enqueue import enqueue_on, enqueue_on_host
from vcli.syncer.engine.schedule import HIGH
from vcli.syncer.kinds.indexes import is_finished, needed_by
from vcli.syncer.kinds.refusals import emit_warning, warn_on_rejection
from vcli.syncer.translate.configs import Token, renewals_in, token_secret, tokens_in
from vcli.syncer.translate.metadata import POD_TOKENS, virtual_name_of, virtual_uid_of
from vcli.syncer.translate.names import VirtualName, derived_name
from vcli.syncer.translate.pods import TokenSource


class Tokens:
    """Keeps the tokens of pods fresh.

    Args:
        ctx: both clusters.
        on_settled: called with the name of each pod that has got all its tokens.
    """

    def __init__(self, ctx: SyncContext, *, on_settled: Callable[[VirtualName], None]) -> None:
        self._ctx = ctx
        self._on_settled = on_settled
        self._bound: dict[VirtualName, str] = {}
        self._unsaved: dict[VirtualName, tuple[str, dict[str, Token]]] = {}
        self.controller: Controller[VirtualName] = Controller("tokens", self._reconcile, workers=16)
        enqueue_on(ctx.virtual[PODS], self.controller.queue, _own_name, predicate=_matters)
        enqueue_on_host(ctx.host[SECRETS], self.controller.queue, kind=POD_TOKENS, scope=ctx.scope)

    def is_settled(self, pod: Object) -> bool:
        """Whether there is no token to wait for before the host pod is made.

        A pod that is bound already may have its tokens first. Any other gets them when it is bound.
        """
        sources = needed_by(pod).tokens
        if not sources or not self.is_bound(pod):
            return True
        secret = self._secret(name_of(pod))
        if secret is None or virtual_uid_of(secret) != uid_of(pod):
            return False
        held = renewals_in(secret)
        return all(source.key in held for source in sources)

    def bound(self, pod: Object) -> None:
        """The pod has just been bound; its cache will say so in a moment, its kubelet won't wait so long."""
        name = name_of(pod)
        self._bound[name] = uid_of(pod)
        self.controller.queue.add(name, priority=HIGH)

    async def _reconcile(self, name: VirtualName) -> RequeueAfter | None:
        pod, secret = self._ctx.in_virtual(PODS, name), self._secret(name)
        if pod is None:
            self._bound.pop(name, None)
            self._unsaved.pop(name, None)
            if secret is not None:
                await self._ctx.host.writer.delete(SECRETS, secret)
            return None
        sources = needed_by(pod).tokens
        if not sources or is_finished(pod) or not self.is_bound(pod):
            if secret is not None and virtual_uid_of(secret) != uid_of(pod):  # a former pod of this name
                await self._ctx.host.writer.delete(SECRETS, secret)
            return None
        held = renewals_in(secret) if secret is not None and virtual_uid_of(secret) == uid_of(pod) else {}
        now = time.time()
        due = [source for source in sources if held.get(source.key, 0.0) <= now]
        if due:
            tokens = await self._tokens(pod, due, now)
            if secret is not None and len(due) < len(sources):
                tokens = {**await self._still_good(secret, sources), **tokens}
            desired = token_secret(pod, tokens, scope=self._ctx.scope)
            async with warn_on_rejection(self._ctx, PODS, pod):
                await self._ctx.host.writer.create_or_replace(SECRETS, desired, current=secret)
            self._unsaved.pop(name, None)
            self._on_settled(name)
            held = {key: token.renew_at for key, token in tokens.items()}
        return RequeueAfter(max(1.0, min(held[source.key] for source in sources) - now))

    async def _tokens(self, pod: Object, due: Iterable[TokenSource], now: float) -> dict[str, Token]:
        """A token for each source: a new one, or one that the host has refused to take."""
        uid, unsaved = self._unsaved.get(name_of(pod), ("", {}))
        tokens = dict(unsaved) if uid == uid_of(pod) else {}
        for source in due:
            if source.key not in tokens or tokens[source.key].renew_at <= now:
                key, tokens[key] = await self._request(pod, source)
                self._unsaved[name_of(pod)] = uid_of(pod), tokens
        return {source.key: tokens[source.key] for source in due}

    async def _still_good(self, secret: Object, sources: Iterable[TokenSource]) -> dict[str, Token]:
        """The tokens that are on the host: a cache keeps none."""
        metadata = secret["metadata"]
        there = await self._ctx.host.client.get(SECRETS, metadata["name"], namespace=metadata["namespace"])
        found = tokens_in(there)
        return {source.key: found[source.key] for source in sources if source.key in found}

    def is_bound(self, pod: Object) -> bool:
        """Whether the pod is bound, even if the cache does not know it yet."""
        return bool(pod["spec"].get("nodeName")) or self._bound.get(name_of(pod)) == uid_of(pod)

    async def _request(self, pod: Object, source: TokenSource) -> tuple[str, Token]:
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
                    "uid": uid_of(pod),
                },
            },
        }
        account = pod["spec"].get("serviceAccountName") or "default"
        asked = time.time()
        try:
            answer = await self._ctx.virtual.client.create_subresource(
                SERVICEACCOUNTS, account, "token", body, namespace=pod["metadata"]["namespace"]
            )
        except (NotFound, Forbidden, Invalid) as error:
            await emit_warning(self._ctx, PODS, pod, f"no service account token: {error.message}")
            raise
        status = answer["status"]
        expires = datetime.fromisoformat(status["expirationTimestamp"]).timestamp()
        return source.key, Token(value=status["token"], issued=asked, expires=expires)

    def _secret(self, name: VirtualName) -> Object | None:
        host_name = derived_name(name, self._ctx.scope.cluster, role="tokens")
        found = self._ctx.host[SECRETS].get(self._ctx.namespace, host_name)
        if found is None or virtual_name_of(found, scope=self._ctx.scope, kind=POD_TOKENS) != name:
            return None
        return found


def _own_name(pod: Object) -> Iterable[VirtualName]:
    return (name_of(pod),)


def _matters(old: Object | None, new: Object | None) -> bool:
    """A pod that appears, goes, is bound or is replaced; its status never matters here."""
    return old is None or new is None or _stage(old) != _stage(new)


def _stage(pod: Object) -> tuple[str, bool]:
    return uid_of(pod), "nodeName" in pod["spec"]
