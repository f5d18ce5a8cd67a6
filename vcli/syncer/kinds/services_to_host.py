"""Virtual Services that the host namespace has by a second name, for pods of the host."""

from collections.abc import Iterable, Mapping
from typing import Final

from vcli.kube.errors import AlreadyExists
from vcli.kube.resources import SERVICES
from vcli.kube.types import is_terminating
from vcli.syncer.engine.context import Object, SyncContext, name_of
from vcli.syncer.engine.controller import Controller, RequeueAfter
from vcli.syncer.engine.enqueue import enqueue_on
from vcli.syncer.engine.writer import stamped
from vcli.syncer.sync.rejections import IGNORED, emit_warning, warn_on_rejection
from vcli.syncer.translate import replicated_services as translate
from vcli.syncer.translate import traffic
from vcli.syncer.translate.names import VirtualName
from vcli.syncer.translate.services import is_on_host

_KEY: Final = "networking.replicateServices.toHost"
_LOOK_AGAIN: Final = 60.0
"""Seconds until a name that another Service has is tried again: that one is not watched."""


class ServicesToHost:
    """The controller of these host Services; its keys are their names.

    Args:
        ctx: both clusters.
        names: by the name on the host, which virtual Service.
    """

    def __init__(self, ctx: SyncContext, names: Mapping[str, VirtualName]) -> None:
        self._ctx = ctx
        self._names = names
        self.controller: Controller[str] = Controller("services-to-host", self._reconcile, workers=1)
        enqueue_on(ctx.virtual[SERVICES], self.controller.queue, self._names_of)
        enqueue_on(ctx.host[SERVICES], self.controller.queue, self._own_name)

    async def _reconcile(self, name: str) -> RequeueAfter | None:
        ctx = self._ctx
        virtual = ctx.in_virtual(SERVICES, self._names[name])
        host = self._replica(name)
        if virtual is None or not await self._is_wanted(virtual, name):
            await self._delete(host)
            return None
        desired = translate.to_host(virtual, name, scope=ctx.scope)
        desired = traffic.for_host(desired, newer=ctx.host_version.at_least(traffic.SINCE))
        if host is not None and translate.is_headless(host) != translate.is_headless(desired):
            await self._delete(host)  # when it is gone, that brings the name here again
        elif host is not None:
            async with warn_on_rejection(ctx, SERVICES, virtual):
                await ctx.host.writer.apply(SERVICES, desired, current=host)
        elif not is_terminating(virtual):
            return await self._create(virtual, name, desired)
        return None

    async def _create(self, virtual: Object, name: str, desired: Object) -> RequeueAfter | None:
        async with warn_on_rejection(self._ctx, SERVICES, virtual):
            try:
                await self._ctx.host.writer.create(SERVICES, stamped(desired))
            except AlreadyExists:
                text = f"not on the host as {name}: another Service has that name there, and stays"
                await self._warn(virtual, text)
                return RequeueAfter(_LOOK_AGAIN)
        return None

    async def _is_wanted(self, virtual: Object, name: str) -> bool:
        """Whether a Service can be replicated; if not, an event says so."""
        if is_on_host(virtual) and virtual["spec"].get("selector"):
            return True
        reason = "it has no selector" if is_on_host(virtual) else "the host has nothing of it"
        await self._warn(virtual, f"not on the host as {name}: {reason}")
        return False

    async def _warn(self, virtual: Object, text: str) -> None:
        await emit_warning(self._ctx, SERVICES, virtual, f"{_KEY}: {text}", reason=IGNORED)

    def _replica(self, name: str) -> Object | None:
        """The host Service of this name, if it is one of these."""
        found = self._ctx.host[SERVICES].get(self._ctx.namespace, name)
        return found if found is not None and translate.is_replica(found) else None

    async def _delete(self, host: Object | None) -> None:
        if host is not None and not is_terminating(host):
            await self._ctx.host.writer.delete(SERVICES, host)

    def _names_of(self, virtual: Object) -> Iterable[str]:
        own = name_of(virtual)
        return [name for name, service in self._names.items() if service == own]

    def _own_name(self, host: Object) -> Iterable[str]:
        name: str = host["metadata"]["name"]
        return (name,) if name in self._names else ()
