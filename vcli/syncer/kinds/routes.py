"""Routes of the Gateway API: on the host where a Gateway lets them in; a module for each kind uses this."""

from collections.abc import Iterator

from vcli.kube.resources import GATEWAYCLASSES, GATEWAYS, Resource
from vcli.syncer.engine.context import Object, SyncContext, name_of
from vcli.syncer.engine.enqueue import created_or_deleted
from vcli.syncer.kinds.gateway_api import (
    by_grants,
    by_namespaces,
    is_respecified,
    judge,
    now,
    referrer,
    warn_of_refused,
    warn_of_unknown,
)
from vcli.syncer.sync.rejections import emit_warning
from vcli.syncer.sync.to_host import ToHost, Trigger, update_virtual_status
from vcli.syncer.translate import route_status
from vcli.syncer.translate import routes as translate
from vcli.syncer.translate.gateway_refs import Target, sentence
from vcli.syncer.translate.metadata import host_name_for
from vcli.syncer.translate.names import VirtualName, host_name
from vcli.syncer.translate.route_parents import Parent, gateways_of


def route_kind(resource: Resource) -> ToHost:
    """One kind of route."""
    return _Route(resource).sync


class _Route:
    def __init__(self, resource: Resource) -> None:
        self._resource = resource
        self.sync = ToHost(
            translate=self._translate,
            wanted=self._is_wanted,
            status=lambda ctx, virtual, host: self._status(ctx, virtual, host, judge(ctx).parents(virtual)),
            after=self._say_what_differs,
            triggers=(
                Trigger(GATEWAYS, self._attached_to, is_respecified),
                Trigger(GATEWAYCLASSES, self._all, created_or_deleted),
                by_grants(resource),
                by_namespaces(resource),
            ),
        )

    def _translate(self, ctx: SyncContext, virtual: Object, _: Object | None) -> Object:
        resource = self._resource
        parents = [ref for each in judge(ctx).parents(virtual) for ref in each.on_host]
        own = referrer(ctx, resource, virtual)
        return translate.to_host(virtual, parents, own, version=resource.api_version, kind=resource.kind)

    async def _is_wanted(self, ctx: SyncContext, virtual: Object, host: Object | None) -> bool:
        """Whether any of its parents is on the host, and lets it in; else its status says why not."""
        if unknown := translate.unknown(virtual):
            await warn_of_unknown(ctx, self._resource, virtual, unknown)
            return False
        parents = judge(ctx).parents(virtual)
        if any(each.on_host for each in parents):
            return True
        if host is not None or any(each.reason for each in parents):
            status = self._status(ctx, virtual, None, parents)
            await update_virtual_status(ctx, self._resource, virtual, status)
        await self._warn_of_parents(ctx, virtual, parents)
        return False

    def _status(
        self, ctx: SyncContext, virtual: Object, host: Object | None, parents: list[Parent]
    ) -> Object:
        refused = self._refused(ctx, virtual)
        return route_status.virtual_status(
            virtual,
            host,
            parents,
            refused=sentence(refused) if refused else "",
            names=self._names(ctx, virtual),
            scope=ctx.scope,
            now=now(),
        )

    def _names(self, ctx: SyncContext, virtual: Object) -> dict[str, str]:
        """Host names that a status may hold, to virtual ones."""
        own = name_of(virtual)
        found = {host_name_for(own, kind=self._resource.kind, scope=ctx.scope): own.name}
        targets = translate.targets(virtual, referrer(ctx, self._resource, virtual))
        for name in (*gateways_of(virtual), *(each.name for each in targets)):
            found[host_name(name, ctx.scope.cluster)] = name.name
        return {str(on_host): name for on_host, name in found.items()}

    def _refused(self, ctx: SyncContext, virtual: Object) -> list[Target]:
        own = referrer(ctx, self._resource, virtual)
        return [each for each in translate.targets(virtual, own) if not own.may_refer_to(each)]

    async def _say_what_differs(
        self, ctx: SyncContext, virtual: Object, before: Object | None, made: Object
    ) -> None:
        if made is not before:
            await self._warn_of_parents(ctx, virtual, judge(ctx).parents(virtual))
            await warn_of_refused(ctx, self._resource, virtual, self._refused(ctx, virtual))

    async def _warn_of_parents(self, ctx: SyncContext, virtual: Object, parents: list[Parent]) -> None:
        for each in parents:
            if each.reason:
                await emit_warning(ctx, self._resource, virtual, each.message, reason=each.reason)

    def _attached_to(self, ctx: SyncContext, gateway: Object) -> Iterator[VirtualName]:
        name = name_of(gateway)
        return (name_of(each) for each in ctx.virtual[self._resource].items() if name in gateways_of(each))

    def _all(self, ctx: SyncContext, _: Object) -> Iterator[VirtualName]:
        return map(name_of, ctx.virtual[self._resource].items())
