"""ConfigMaps and Secrets: on the host while a synced object refers to them, and hardly longer."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from vcli.kube.errors import Invalid
from vcli.kube.resources import CONFIGMAPS, SECRETS, Resource
from vcli.kube.types import annotations, uid
from vcli.syncer.engine.context import Object, SyncContext, name_of
from vcli.syncer.engine.controller import Controller, RequeueAfter
from vcli.syncer.engine.enqueue import enqueue_on
from vcli.syncer.sync.references import ConfigName, ReferenceIndex
from vcli.syncer.sync.rejections import warn_on_rejection
from vcli.syncer.translate import keys
from vcli.syncer.translate.configs import config_map_to_host, secret_to_host
from vcli.syncer.translate.metadata import virtual_name_of, virtual_uid_of

KINDS: Final[Mapping[str, Resource]] = {"ConfigMap": CONFIGMAPS, "Secret": SECRETS}

_LINGER = 10.0
"""Seconds that a copy outlives the last object that refers to it; the next one then finds it there."""


class Configs:
    """Keeps the host's copies of what synced objects refer to.

    Args:
        ctx: both clusters.
        references: knows which ones that are.
        on_synced: called with each name whose copy is on the host and up to date; pods wait for that.
    """

    def __init__(
        self, ctx: SyncContext, references: ReferenceIndex, *, on_synced: Callable[[ConfigName], None]
    ) -> None:
        self._ctx = ctx
        self._references = references
        self._on_synced = on_synced
        self._synced: dict[ConfigName, tuple[str, str]] = {}
        self._lingering: dict[ConfigName, float] = {}
        self.controller: Controller[ConfigName] = Controller("configs", self._reconcile, workers=8)
        queue = self.controller.queue
        for kind, resource in KINDS.items():
            enqueue_on(ctx.virtual[resource], queue, _virtual_keys(kind))
            enqueue_on(ctx.host[resource], queue, self._host_keys(kind), predicate=_by_another_client)
        references.subscribe(lambda name, priority: queue.add(name, priority=priority))

    def is_synced(self, key: ConfigName) -> bool:
        """Whether the host has this very version; if not, it is seen to now."""
        virtual = self._ctx.in_virtual(KINDS[key.kind], key.name)
        if virtual is not None and self._synced.get(key) == _version(virtual):
            return True
        self.controller.queue.add(key)
        return False

    async def _reconcile(self, key: ConfigName) -> RequeueAfter | None:
        ctx, resource = self._ctx, KINDS[key.kind]
        virtual, host = ctx.in_virtual(resource, key.name), ctx.on_host(resource, key.name)
        if virtual is None or not self._references.is_referenced(key):
            return await self._retire(key, host, exists=virtual is not None)
        self._lingering.pop(key, None)
        if host is not None and virtual_uid_of(host) != uid(virtual):
            await ctx.host.writer.delete(resource, host)
            host = None
        async with warn_on_rejection(ctx, resource, virtual):
            await self._write(resource, virtual, host)
        self._synced[key] = _version(virtual)
        self._on_synced(key)
        return None

    async def _write(self, resource: Resource, virtual: Object, host: Object | None) -> None:
        translate = config_map_to_host if resource is CONFIGMAPS else secret_to_host
        desired = translate(virtual, scope=self._ctx.scope)
        try:
            await self._ctx.host.writer.apply(resource, desired, current=host)
        except Invalid:
            if host is None:
                raise
            # The type of a Secret and what is immutable can't change in place: it must be another object.
            await self._ctx.host.writer.delete(resource, host)
            await self._ctx.host.writer.apply(resource, desired, current=None)

    async def _retire(self, key: ConfigName, host: Object | None, *, exists: bool) -> RequeueAfter | None:
        now = asyncio.get_running_loop().time()
        if host is None:
            self._forget(key)
            return None
        since = self._lingering.setdefault(key, now)
        if exists and key in self._synced and now - since < _LINGER:
            return RequeueAfter(since + _LINGER - now)
        self._forget(key)
        await self._ctx.host.writer.delete(KINDS[key.kind], host)
        return None

    def _forget(self, key: ConfigName) -> None:
        self._synced.pop(key, None)
        self._lingering.pop(key, None)

    def _host_keys(self, kind: str) -> Callable[[Object], Iterable[ConfigName]]:
        def keys(obj: Object) -> Iterable[ConfigName]:
            name = virtual_name_of(obj, scope=self._ctx.scope, kind=kind)
            return () if name is None else (ConfigName(kind, name),)

        return keys


def _by_another_client(old: Object | None, new: Object | None) -> bool:
    """Whether a copy came or went, or was changed otherwise than by us: we say what was applied."""
    return (
        old is None or new is None or annotations(old).get(keys.APPLIED) == annotations(new).get(keys.APPLIED)
    )


def _version(virtual: Object) -> tuple[str, str]:
    return uid(virtual), virtual["metadata"]["resourceVersion"]


def _virtual_keys(kind: str) -> Callable[[Object], Iterable[ConfigName]]:
    return lambda obj: (ConfigName(kind, name_of(obj)),)
