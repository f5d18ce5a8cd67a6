"""Secrets on the host with kubeconfigs for other programs: `exportKubeConfig` in the values.

They are written again when the key of the administrator is renewed, when a token is due, and when somebody
changes or deletes one; one that the values do not name any more is deleted. A Secret of that name which is
not ours is left alone.
"""

import base64
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from vcli.bootstrap import layout
from vcli.bootstrap.kubeconfigs import User
from vcli.bootstrap.pki import Files
from vcli.contract.labels import access_secret
from vcli.kube.errors import AlreadyExists, Forbidden, NotFound
from vcli.kube.informer import Informer
from vcli.kube.resources import ROLES, SECRETS
from vcli.kube.types import OwnerReference, annotations, is_terminating, labels, uid
from vcli.syncer.accounts import Accounts
from vcli.syncer.engine.context import Object, SyncContext
from vcli.syncer.engine.controller import WAITING, Controller, RequeueAfter, Waiting
from vcli.syncer.engine.enqueue import enqueue_on
from vcli.syncer.engine.writer import FIELD_MANAGER, fingerprint
from vcli.syncer.translate import keys

KIND: Final = "KubeConfig"
"""``vcli.dev/kind`` of such a Secret."""
_PARTS: Final = {"certificate-authority", "client-certificate", "client-key"}
ACCESS: Final = "administrator's kubeconfig"
"""The key of the host's cache of the Secret that all of them are made from."""


Place: TypeAlias = tuple[str, str]
"""Namespace and name of a Secret on the host."""


@dataclass(frozen=True, slots=True)
class _Written:
    """What was written last.

    Attributes:
        of: hash of what it was made from.
        version: the Secret's resourceVersion: another one is somebody else's change.
        due: when it has to be made again, Unix seconds; None for never.
    """

    of: str
    version: str
    due: float | None


def watch(ctx: SyncContext) -> None:
    """Ask for the caches that it takes, where anything is exported."""
    if ctx.settings.exports:
        one = f"metadata.name={access_secret(ctx.settings.cluster)}"
        ctx.host.watch(SECRETS, key=ACCESS, namespace=ctx.namespace, field_selector=one)
    for each in ctx.settings.exports:
        if "namespace" in each:
            ctx.host.watch(
                SECRETS,
                key=_elsewhere((each["namespace"], each["name"])),
                title="secrets for kubeconfigs",
                namespace=each["namespace"],
                field_selector=f"metadata.name={each['name']}",
                keep=_metadata,
                optional=True,
            )


class Exports:
    """Keeps the Secrets as they are to be.

    Args:
        ctx: both clusters.

    Attributes:
        controller: its keys are namespaces and names of Secrets on the host.
    """

    def __init__(self, ctx: SyncContext) -> None:
        self._ctx = ctx
        self._exports: dict[Place, Object] = {
            (each.get("namespace", ctx.namespace), each["name"]): each for each in ctx.settings.exports
        }
        self._accounts = Accounts(ctx, self._exports.values())
        self._written: dict[Place, _Written] = {}
        self.controller: Controller[Place] = Controller("exports", self._reconcile, workers=1)
        enqueue_on(ctx.host[SECRETS], self.controller.queue, _exported)
        for place in self._exports:
            if place[0] != ctx.namespace:
                enqueue_on(self._cache(place), self.controller.queue, _place)
        if self._exports:
            enqueue_on(ctx.host[ACCESS], self.controller.queue, lambda _: self._exports)

    def _cache(self, place: Place) -> Informer:
        return self._ctx.host[SECRETS if place[0] == self._ctx.namespace else _elsewhere(place)]

    def _is_ours(self, secret: Object) -> bool:
        """Whether it was made here; elsewhere another virtual cluster may have some."""
        if secret["metadata"]["namespace"] == self._ctx.namespace:
            return any(_exported(secret))
        ours = self._labels(secret["metadata"]["namespace"]).items()
        return any(_exported(secret)) and ours <= labels(secret).items()

    async def _reconcile(self, place: Place) -> RequeueAfter | Waiting | None:
        ctx, export = self._ctx, self._exports.get(place)
        found = self._cache(place).get(*place)
        secret = found if found is not None and self._is_ours(found) else None
        if export is None:
            if secret is not None and not is_terminating(secret):
                await ctx.host.writer.delete(SECRETS, secret)
                await self._accounts.remove_unwanted()
            return None
        access = ctx.host[ACCESS].get(ctx.namespace, access_secret(ctx.settings.cluster))
        data, written = (access or {}).get("data") or {}, self._written.get(place)
        if not data.keys() >= _PARTS:
            return WAITING
        source = fingerprint({"export": export, "data": data})
        if secret is None or written is None or not _is_good(written, secret, source):
            written = self._written[place] = await self._write(place, data, secret, source)
        return None if written.due is None else RequeueAfter(max(1.0, written.due - time.time()))

    async def _write(self, place: Place, data: Object, secret: Object | None, source: str) -> _Written:
        ctx, export, due = self._ctx, self._exports[place], None
        if "serviceAccount" in export:
            token = await self._accounts.token(export["serviceAccount"])
            user, due = User(token=token.value), token.renew_at
        else:
            certificate, key = (base64.b64decode(data[each]) for each in ("client-certificate", "client-key"))
            user = User(certificate=certificate, key=key)
        files = layout.access(
            server=export["server"],
            on_host=f"https://{ctx.settings.service}.{ctx.namespace}.svc",
            authority=base64.b64decode(data["certificate-authority"]),
            user=user,
            context=export["context"],
            insecure=export["insecure"],
        )
        title = f"host secret for kubeconfig {list(self._exports).index(place) + 1}"
        try:
            desired = self._secret(place, files, await self._owner(export))
            if secret is None:
                made = await ctx.host.client.create(SECRETS, desired)
            else:
                made = await ctx.host.client.apply(SECRETS, desired, field_manager=FIELD_MANAGER)
        except (AlreadyExists, Forbidden, NotFound) as error:
            ctx.host.availability.changed(title, error)
            raise
        self._cache(place).store(made)
        ctx.host.availability.changed(title, None)
        return _Written(source, made["metadata"]["resourceVersion"], due)

    async def _owner(self, export: Object) -> OwnerReference:
        """What a Secret goes with: in another namespace, the Role that gives the rights to it."""
        if "role" not in export:
            return self._ctx.scope.owner
        role = await self._ctx.host.client.get(ROLES, export["role"], namespace=export["namespace"])
        return {"apiVersion": ROLES.api_version, "kind": ROLES.kind, "name": export["role"], "uid": uid(role)}

    def _labels(self, namespace: str) -> dict[str, str]:
        ours = {keys.MANAGED_BY: self._ctx.settings.cluster}
        return (
            ours if namespace == self._ctx.namespace else {**ours, keys.HOST_NAMESPACE: self._ctx.namespace}
        )

    def _secret(self, place: Place, files: Files, owner: OwnerReference) -> Object:
        namespace, name = place
        return {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": name,
                "namespace": namespace,
                "labels": self._labels(namespace),
                "annotations": {keys.KIND: KIND},
                "ownerReferences": [owner],
            },
            "type": "Opaque",
            "data": {key: base64.b64encode(value).decode() for key, value in files.items()},
        }


def _is_good(written: _Written, secret: Object, source: str) -> bool:
    """Whether a Secret is what was written last, and that is what is wanted."""
    is_unchanged = secret["metadata"]["resourceVersion"] == written.version and not is_terminating(secret)
    return is_unchanged and written.of == source and (written.due is None or time.time() < written.due)


def _elsewhere(place: Place) -> str:
    """The key of the host's cache of one Secret in another namespace."""
    return f"kubeconfig {'/'.join(place)}"


def _metadata(secret: Object) -> Object:
    return {"metadata": secret["metadata"]}


def _place(secret: Object) -> Iterator[Place]:
    yield secret["metadata"]["namespace"], secret["metadata"]["name"]


def _exported(secret: Object) -> Iterator[Place]:
    if annotations(secret).get(keys.KIND) == KIND:
        yield from _place(secret)
