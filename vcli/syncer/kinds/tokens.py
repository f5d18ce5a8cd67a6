"""Service account tokens: asked for in the virtual cluster, carried to the pod by a Secret on the host.

One Secret a pod, one key a projected source. A token is asked for once the pod is bound to its Node,
because only then the API server writes the node into it (claim `kubernetes.io.node`,
`authentication.kubernetes.io/node-name` in a TokenReview). The host's kubelet sees the pod at the same
moment as we do and mounts its volumes a tenth of a second later, so the Secret is nearly always there in
time; where it isn't, the kubelet tries again.
"""

import asyncio
import time
from collections.abc import Iterable
from datetime import datetime

from vcli.kube.resources import PODS, SECRETS, SERVICEACCOUNTS
from vcli.syncer.engine.controller import Controller, RequeueAfter
from vcli.syncer.engine.feed import feed, feed_host
from vcli.syncer.engine.world import Object, World, name_of, uid_of
from vcli.syncer.engine.writing import apply, delete
from vcli.syncer.kinds.indexes import is_finished
from vcli.syncer.translate.configs import Token, token_secret, tokens_in
from vcli.syncer.translate.metadata import POD_TOKENS, virtual_name_of, virtual_uid_of
from vcli.syncer.translate.names import VirtualName, derived_name
from vcli.syncer.translate.pods import TokenSource, references


class Tokens:
    """Keeps the tokens of running pods fresh."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.controller: Controller[VirtualName] = Controller("tokens", self._reconcile, workers=16)
        feed(world.virtual[PODS], self.controller.queue, _own_name, when=_matters)
        feed_host(world.host[SECRETS], self.controller.queue, kind=POD_TOKENS, scope=world.scope)

    async def _reconcile(self, name: VirtualName) -> RequeueAfter | None:
        pod, secret = self._world.in_virtual(PODS, name), self._secret(name)
        if pod is None:
            if secret is not None:
                await delete(self._world.host, SECRETS, secret)
            return None
        sources = references(pod).tokens
        if not sources or not pod["spec"].get("nodeName") or is_finished(pod):
            return None
        held = tokens_in(secret) if secret is not None and virtual_uid_of(secret) == uid_of(pod) else {}
        now = time.time()
        due = [s for s in sources if s.key not in held or held[s.key].renew_at <= now]
        if due:
            fresh = await asyncio.gather(*(self._request(pod, source) for source in due))
            held = {**{s.key: held[s.key] for s in sources if s.key in held}, **dict(fresh)}
            desired = token_secret(pod, held, scope=self._world.scope)
            await apply(self._world.host, SECRETS, desired, current=secret)
        return RequeueAfter(max(1.0, min(token.renew_at for token in held.values()) - now))

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
        answer = await self._world.virtual.client.create_subresource(
            SERVICEACCOUNTS, account, "token", body, namespace=pod["metadata"]["namespace"]
        )
        status = answer["status"]
        expires = datetime.fromisoformat(status["expirationTimestamp"]).timestamp()
        return source.key, Token(value=status["token"], issued=asked, expires=expires)

    def _secret(self, name: VirtualName) -> Object | None:
        host_name = derived_name(name, self._world.scope.cluster, role="tokens")
        found = self._world.host[SECRETS].get(self._world.namespace, host_name)
        if found is None or virtual_name_of(found, scope=self._world.scope, kind=POD_TOKENS) != name:
            return None
        return found


def _own_name(pod: Object) -> Iterable[VirtualName]:
    return (name_of(pod),)


def _matters(old: Object | None, new: Object | None) -> bool:
    """A pod that appears, goes, is bound or is replaced; its status never matters here."""
    return old is None or new is None or _stage(old) != _stage(new)


def _stage(pod: Object) -> tuple[str, bool]:
    return uid_of(pod), "nodeName" in pod["spec"]
