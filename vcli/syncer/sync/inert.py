"""Objects without effect on the host, as their kind is not synced: each gets one Warning event.

Of their kinds no more is kept than what the event takes. Of a kind that is synced, and that the host
refuses to list, `vcli.syncer.sync.to_host` says so.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Final

from vcli.kube.informer import Informer
from vcli.kube.resources import Resource
from vcli.kube.types import is_terminating, uid
from vcli.syncer.engine.context import Object, SyncContext, name_of
from vcli.syncer.engine.controller import Controller
from vcli.syncer.engine.enqueue import enqueue_on
from vcli.syncer.engine.memory import intern
from vcli.syncer.translate.names import VirtualName

REASON: Final = "NotSynced"
_KEPT: Final = ("name", "namespace", "uid", "resourceVersion", "deletionTimestamp")

Key = tuple[Resource, VirtualName]


@dataclass(frozen=True, slots=True, kw_only=True)
class InertKind:
    """A kind that is not synced.

    Attributes:
        resource: the kind.
        message: that its objects have no effect, and which value gives them one, if any does.
        label_selector: the objects that this is said of; None for all.
        field_selector: the same.
    """

    resource: Resource
    message: str
    label_selector: str | None = None
    field_selector: str | None = None


class InertObjects:
    """Says of each object that it has no effect; as a `Runnable`, it keeps the caches for that.

    Args:
        ctx: both clusters.
        kinds: what is not synced.

    Attributes:
        controller: makes the events.
    """

    name = "inert objects"
    needs_leadership = True

    def __init__(self, ctx: SyncContext, kinds: Iterable[InertKind]) -> None:
        self._ctx = ctx
        self.controller: Controller[Key] = Controller("inert", self._reconcile, workers=1)
        self._messages: dict[Resource, str] = {}
        self._informers: dict[Resource, Informer] = {}
        for kind in kinds:
            informer = self._informers[kind.resource] = Informer(
                ctx.virtual.client,
                kind.resource,
                label_selector=kind.label_selector,
                field_selector=kind.field_selector,
                transform=_metadata_alone,
            )
            self._messages[kind.resource] = kind.message
            enqueue_on(informer, self.controller.queue, partial(_keys, kind.resource), predicate=_is_new)

    async def run(self) -> None:
        """Follow the kinds that are not synced, until cancelled."""
        async with asyncio.TaskGroup() as group:
            for informer in self._informers.values():
                group.create_task(informer.run(), name=f"inert {informer.resource.plural}")

    async def _reconcile(self, key: Key) -> None:
        resource, name = key
        obj = self._informers[resource].get(name.namespace or None, name.name)
        if obj is not None and not is_terminating(obj):
            message = self._messages[resource]
            await self._ctx.recorder.warn_once(resource, obj, reason=REASON, message=message)


def _keys(resource: Resource, obj: Object) -> tuple[Key]:
    return ((resource, name_of(obj)),)


def _is_new(old: Object | None, new: Object | None) -> bool:
    return new is not None and (old is None or uid(old) != uid(new))


def _metadata_alone(obj: Object) -> Object:
    metadata = obj["metadata"]
    kept: Object = intern({"metadata": {field: metadata[field] for field in _KEPT if field in metadata}})
    return kept
