"""CustomResourceDefinitions: the virtual cluster has the host's of the custom resources that are synced.

A copy stays when the host has lost it, or its kind is turned off: the objects of tenants would go with it.
One that a tenant has made is the tenant's, and used where it can replace the host's.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

from vcli.kube.errors import ApiError
from vcli.kube.informer import Informer
from vcli.kube.resources import CRDS
from vcli.syncer.engine.context import Object, SyncContext
from vcli.syncer.engine.controller import Controller
from vcli.syncer.engine.enqueue import enqueue_on
from vcli.syncer.engine.writer import stamped
from vcli.syncer.sync.from_host import mirror
from vcli.syncer.sync.rejections import IGNORED, UNAVAILABLE, rejection
from vcli.syncer.translate import definitions as translate
from vcli.syncer.translate.mirrors import is_mirror

_WORKERS: Final = 1


class Definitions:
    """Copies them, and follows the host's.

    Args:
        ctx: both clusters; gets a cache of each definition on both sides.
        names: of the definitions.

    Attributes:
        controller: does it; its keys are the names.
    """

    def __init__(self, ctx: SyncContext, names: Iterable[str]) -> None:
        self._ctx = ctx
        self.controller: Controller[str] = Controller("definitions", self._reconcile, workers=_WORKERS)
        for name in names:
            for cluster in (ctx.host, ctx.virtual):
                # By name: so a right to these alone will do.
                cache = cluster.watch(
                    CRDS,
                    key=_key(name),
                    title=f"{CRDS.plural} {name}",
                    field_selector=f"metadata.name={name}",
                    optional=True,
                )
                enqueue_on(cache, self.controller.queue, lambda obj: (obj["metadata"]["name"],))
                cache.subscribe_availability(partial(self._look_again, name))

    def _look_again(self, name: str, _: ApiError | None) -> None:
        self.controller.queue.add(name)

    def may_be_read(self, name: str) -> bool:
        """Whether the host does not refuse to show one."""
        return self._on_host(name).refusal is None

    def subscribe(self, name: str, changed: Callable[[], None]) -> None:
        """Call `changed` when one has changed, in either cluster."""
        for cluster in (self._ctx.host, self._ctx.virtual):
            cluster[_key(name)].subscribe(lambda _, __: changed())

    def _on_host(self, name: str) -> Informer:
        return self._ctx.host[_key(name)]

    async def _reconcile(self, name: str) -> None:
        ctx, in_virtual = self._ctx, self._ctx.virtual[_key(name)]
        if not (self._on_host(name).available and in_virtual.available):
            return
        host, current = self._on_host(name).get(None, name), in_virtual.get(None, name)
        if host is None or not translate.is_served(host):
            return
        if current is not None and not is_mirror(current):
            await self._warn_of_difference(host, current)
            return
        try:
            made = await mirror(ctx, CRDS, stamped(translate.to_virtual(host, current)), current=current)
        except ApiError as error:
            if rejection(error):
                ctx.virtual.availability.changed(f"definition {name}", error)
            raise
        ctx.virtual.availability.changed(f"definition {name}", None)
        if made is not None and (versions := translate.left_out(host)):
            await ctx.recorder.warn_once(CRDS, made, reason=IGNORED, message=_left_out(versions))

    async def _warn_of_difference(self, host: Object, own: Object) -> None:
        if difference := translate.difference(host, own):
            message = f"its objects are not synced, as it is not the host's: {difference}"
            await self._ctx.recorder.warn_once(CRDS, own, reason=UNAVAILABLE, message=message)


def _key(name: str) -> str:
    return f"definition {name}"


def _left_out(versions: Iterable[str]) -> str:
    return f"without versions {', '.join(versions)}: only a webhook of the host can convert them"
