"""Secrets on the host with kubeconfigs for other programs: `exportKubeConfig` in the values.

They are written again when the key of the administrator is renewed, when a token is due, and when somebody
changes or deletes one; one that the values do not name any more is deleted. A Secret of that name which is
not ours is left alone.
"""

import base64
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from vcli.bootstrap import layout
from vcli.bootstrap.kubeconfigs import User
from vcli.bootstrap.pki import Files
from vcli.contract.labels import access_secret
from vcli.kube.errors import AlreadyExists
from vcli.kube.resources import SECRETS
from vcli.kube.types import annotations, is_terminating
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
    """Ask for the cache that it takes, where anything is exported."""
    if ctx.settings.exports:
        one = f"metadata.name={access_secret(ctx.settings.cluster)}"
        ctx.host.watch(SECRETS, key=ACCESS, namespace=ctx.namespace, field_selector=one)


class Exports:
    """Keeps the Secrets as they are to be.

    Args:
        ctx: both clusters.

    Attributes:
        controller: its keys are names of Secrets on the host.
    """

    def __init__(self, ctx: SyncContext) -> None:
        self._ctx = ctx
        self._exports: dict[str, Object] = {each["name"]: each for each in ctx.settings.exports}
        self._accounts = Accounts(ctx, self._exports.values())
        self._written: dict[str, _Written] = {}
        self.controller: Controller[str] = Controller("exports", self._reconcile, workers=1)
        enqueue_on(ctx.host[SECRETS], self.controller.queue, _exported)
        if self._exports:
            enqueue_on(ctx.host[ACCESS], self.controller.queue, lambda _: self._exports)

    async def _reconcile(self, name: str) -> RequeueAfter | Waiting | None:
        ctx, export = self._ctx, self._exports.get(name)
        found = ctx.host[SECRETS].get(ctx.namespace, name)
        secret = found if found is not None and any(_exported(found)) else None
        if export is None:
            if secret is not None and not is_terminating(secret):
                await ctx.host.writer.delete(SECRETS, secret)
                await self._accounts.remove_unwanted()
            return None
        access = ctx.host[ACCESS].get(ctx.namespace, access_secret(ctx.settings.cluster))
        data, written = (access or {}).get("data") or {}, self._written.get(name)
        if not data.keys() >= _PARTS:
            return WAITING
        source = fingerprint({"export": export, "data": data})
        if secret is None or written is None or not _is_good(written, secret, source):
            written = self._written[name] = await self._write(export, data, secret, source)
        return None if written.due is None else RequeueAfter(max(1.0, written.due - time.time()))

    async def _write(self, export: Object, data: Object, secret: Object | None, source: str) -> _Written:
        ctx, due = self._ctx, None
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
        desired = self._secret(export["name"], files)
        title = f"host secret for kubeconfig {list(self._exports).index(export['name']) + 1}"
        if secret is None:
            try:
                made = await ctx.host.writer.create(SECRETS, desired)
            except AlreadyExists as error:
                ctx.host.availability.changed(title, error)
                raise
        else:
            made = await ctx.host.client.apply(SECRETS, desired, field_manager=FIELD_MANAGER)
            ctx.host.store(SECRETS, made)
        ctx.host.availability.changed(title, None)
        return _Written(source, made["metadata"]["resourceVersion"], due)

    def _secret(self, name: str, files: Files) -> Object:
        ctx = self._ctx
        return {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": name,
                "namespace": ctx.namespace,
                "labels": {keys.MANAGED_BY: ctx.settings.cluster},
                "annotations": {keys.KIND: KIND},
                "ownerReferences": [ctx.scope.owner],
            },
            "type": "Opaque",
            "data": {key: base64.b64encode(value).decode() for key, value in files.items()},
        }


def _is_good(written: _Written, secret: Object, source: str) -> bool:
    """Whether a Secret is what was written last, and that is what is wanted."""
    is_unchanged = secret["metadata"]["resourceVersion"] == written.version and not is_terminating(secret)
    return is_unchanged and written.of == source and (written.due is None or time.time() < written.due)


def _exported(secret: Object) -> Iterator[str]:
    if annotations(secret).get(keys.KIND) == KIND:
        yield secret["metadata"]["name"]
