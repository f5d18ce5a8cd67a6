"""ConfigMaps and Secrets: on the host while a pod refers to them, and hardly longer."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

from vcli.kube.errors import Invalid
from vcli.kube.resources import CONFIGMAPS, PODS, SECRETS, Resource
from vcli.syncer.engine.context import Object, SyncContext, name_of, uid_of
from vcli.syncer.engine.controller import Controller, RequeueAfter
from vcli.syncer.engine.enqueue import created_or_deleted, enqueue_on
from vcli.syncer.kinds.indexes import BY_REFERENCE, configs_of, is_finished, reference_index
from vcli.syncer.kinds.refusals import warn_on_rejection
from vcli.syncer.translate.configs import config_map_to_host, secret_to_host
from vcli.syncer.translate.metadata import virtual_name_of, virtual_uid_of
from vcli.syncer.translate.names import VirtualName

KINDS: Final[Mapping[str, Resource]] = {"ConfigMap": CONFIGMAPS, "Secret": SECRETS}

_LINGER = 10.0
"""Seconds that a copy outlives the last pod that refers to it; the next one then finds it there."""


class ConfigName(NamedTuple):
    """A virtual ConfigMap or Secret."""

    kind: str
    name: VirtualName


class Configs:
    """Keeps the host's copies of what pods refer to.

    Args:
        ctx: both clusters.
        on_settled: called with each name whose copy is on the host and up to date; pods wait for that.
    """

    def __init__(self, ctx: SyncContext, *, on_settled: Callable[[ConfigName], None]) -> None:
        self._ctx = ctx
        self._on_settled = on_settled
        self._settled: dict[ConfigName, tuple[str, str]] = {}
        self._lingering: dict[ConfigName, float] = {}
        self.controller: Controller[ConfigName] = Controller("configs", self._reconcile, workers=8)
        queue = self.controller.queue
        for kind, resource in KINDS.items():
            enqueue_on(ctx.virtual[resource], queue, _virtual_keys(kind))
            # A copy that changed is one that we have just written.
            enqueue_on(ctx.host[resource], queue, self._host_keys(kind), predicate=created_or_deleted)
        enqueue_on(ctx.virtual[PODS], queue, _pod_keys, predicate=_references_changed)

    def is_settled(self, key: ConfigName) -> bool:
        """Whether the host has this very version; if not, it is seen to now."""
        virtual = self._ctx.in_virtual(KINDS[key.kind], key.name)
        if virtual is not None and self._settled.get(key) == _version(virtual):
            return True
        self.controller.queue.add(key)
        return False

    async def _reconcile(self, key: ConfigName) -> RequeueAfter | None:
        ctx, resource = self._ctx, KINDS[key.kind]
        virtual, host = ctx.in_virtual(resource, key.name), ctx.on_host(resource, key.name)
        if virtual is None or not ctx.virtual[PODS].by_index(
            BY_REFERENCE, reference_index(key.kind, key.name)
        ):
            return await self._retire(key, host, exists=virtual is not None)
        self._lingering.pop(key, None)
        if host is not None and virtual_uid_of(host) != uid_of(virtual):
            await ctx.host.writer.delete(resource, host)
            host = None
        async with warn_on_rejection(ctx, resource, virtual):
            await self._write(resource, virtual, host)
        self._settled[key] = _version(virtual)
        self._on_settled(key)
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
        if exists and key in self._settled and now - since < _LINGER:
            return RequeueAfter(since + _LINGER - now)
        self._forget(key)
        await self._ctx.host.writer.delete(KINDS[key.kind], host)
        return None

    def _forget(self, key: ConfigName) -> None:
        self._settled.pop(key, None)
        self._lingering.pop(key, None)

    def _host_keys(self, kind: str) -> Callable[[Object], Iterable[ConfigName]]:
        def keys(obj: Object) -> Iterable[ConfigName]:
            name = virtual_name_of(obj, scope=self._ctx.scope, kind=kind)
            return () if name is None else (ConfigName(kind, name),)

        return keys


def _version(virtual: Object) -> tuple[str, str]:
    return uid_of(virtual), virtual["metadata"]["resourceVersion"]


def _virtual_keys(kind: str) -> Callable[[Object], Iterable[ConfigName]]:
    return lambda obj: (ConfigName(kind, name_of(obj)),)


def _pod_keys(pod: Object) -> Iterable[ConfigName]:
    namespace = pod["metadata"]["namespace"]
    return [ConfigName(kind, VirtualName(namespace, name)) for kind, name in configs_of(pod)]


def _references_changed(old: Object | None, new: Object | None) -> bool:
    if old is None or new is None:
        return True
    return is_finished(old) != is_finished(new) or (
        old["spec"] != new["spec"] and set(configs_of(old)) != set(configs_of(new))
    )
