"""Events of host objects, for the virtual ones: FailedScheduling, Pulled, Unhealthy and so on.

No cache: an event is passed on as it comes, and forgotten. The virtual Event has the same name each time,
so a repeated one raises the count of the one that is there.
"""

import asyncio
import time
from collections.abc import Sized
from contextlib import aclosing, suppress
from datetime import datetime
from functools import partial
from typing import Final

from vcli.catalog import kinds_on
from vcli.errors import VcliError
from vcli.kube.errors import AlreadyExists
from vcli.kube.resources import EVENTS, Resource
from vcli.kube.types import uid
from vcli.kube.watch import Pace, list_watch
from vcli.syncer.engine.context import Object, SyncContext
from vcli.syncer.engine.controller import Controller, RequeueAfter
from vcli.syncer.engine.log import Log
from vcli.syncer.engine.recorder import COMPONENT
from vcli.syncer.engine.schedule import INITIAL, NORMAL
from vcli.syncer.translate.events import is_of_the_host, to_virtual
from vcli.syncer.translate.metadata import virtual_name_of, virtual_uid_of
from vcli.syncer.translate.pods import pod_names

log = Log("vcli.syncer.events")

_PACE: Final = 0.2
"""Seconds from one event to the next, after the first ``_BURST``; warnings go before the others."""
_BURST: Final = 20
_MANY: Final = 8
"""Pods that are being started at once: then Normal events wait until they run, but not for ever."""
_PAUSE: Final = 4.0
_LONGEST_PAUSE: Final = 12.0
_MOST: Final = 2000
"""Events that wait. Further Normal events are dropped, as a kubelet drops them beyond its rate."""
_RECENT: Final = 600.0
"""Seconds. Of what happened while no syncer ran, this much is synced."""
_WATCH: Final = Pace(lifetime=120)
"""Events come without bookmarks: where nothing happens, a healthy watch must end before it counts
as broken."""


class Events:
    """Passes events on.

    Args:
        ctx: both clusters.
        starting: pods whose containers the host creates now.
    """

    name = "events of the host"
    needs_leadership = True

    def __init__(self, ctx: SyncContext, *, starting: Sized) -> None:
        self._ctx = ctx
        self._starting = starting
        self._kinds: dict[str, Resource] = {
            kind.resource.kind: kind.resource for kind in kinds_on(ctx.settings.kinds) if kind.forwards_events
        }
        self._custom: dict[tuple[str, str], Resource] = {}
        self._pending: dict[str, tuple[Object, float]] = {}
        self._free_at = 0.0
        self.controller: Controller[str] = Controller("events", self._reconcile, workers=1)

    def forward(self, resource: Resource) -> None:
        """Pass on the events of a custom resource, from now on."""
        self._custom[resource.group, resource.kind] = resource

    def stop_forwarding(self, resource: Resource) -> None:
        """Pass them on no more."""
        self._custom.pop((resource.group, resource.kind), None)

    async def run(self) -> None:
        """Follow the host's events until cancelled. The caches must be full."""
        ctx = self._ctx
        stream = list_watch(
            ctx.host.client,
            EVENTS,
            namespace=ctx.namespace,
            transform=self._kept,
            pace=_WATCH,
            refused=partial(ctx.host.changed, EVENTS),
        )
        async with aclosing(stream):
            async for change in stream:
                if change.type == "LISTED":
                    ctx.host.changed(EVENTS, None)
                    for event in change.object["items"]:
                        if _age(event) < _RECENT:
                            self._add(event, priority=INITIAL)
                elif change.type in ("ADDED", "MODIFIED"):
                    self._add(change.object, priority=INITIAL + 1 if _is_normal(change.object) else NORMAL)

    def _kept(self, event: Object) -> Object:
        return event if self._resource_of(event["involvedObject"]) is not None else _empty(event)

    def _resource_of(self, about: Object) -> Resource | None:
        """The kind of what an event is about; kinds of custom resources may be called like others."""
        kind, group = about.get("kind", ""), about.get("apiVersion", "").rpartition("/")[0]
        return self._custom.get((group, kind)) or self._kinds.get(kind)

    def _add(self, event: Object, *, priority: int) -> None:
        if not event.get("involvedObject"):
            return
        name = event["metadata"]["name"]
        if len(self._pending) < _MOST or name in self._pending or not _is_normal(event):
            self._pending[name] = event, _now()
            self.controller.queue.add(name, priority=priority)

    async def _turn(self) -> None:
        """Wait until the next event may be written, so that a burst of pods has the API server for itself."""
        now = _now()
        self._free_at = max(self._free_at + _PACE, now - _BURST * _PACE)
        await asyncio.sleep(max(0.0, self._free_at - now))

    async def _reconcile(self, name: str) -> RequeueAfter | None:
        event, since = self._pending.pop(name, (None, 0.0))
        virtual = self._involved(event) if event is not None else None
        scope = self._ctx.scope
        if event is None or virtual is None or is_of_the_host(event, virtual, scope=scope):
            return None
        in_burst = len(self._starting) > _MANY
        if in_burst and _is_normal(event) and _now() - since < _LONGEST_PAUSE:
            self._pending[name] = event, since
            return RequeueAfter(_PAUSE)
        names = pod_names(virtual, scope) if event["involvedObject"]["kind"] == "Pod" else None
        translated = to_virtual(event, virtual, scope=scope, names=names)
        try:
            await self._write(translated)
        except VcliError as error:
            # Never worth standing in the way of the next one; a terminating namespace rejects all.
            log.debug("event not written", event=name, error=error)
        return None

    async def _write(self, event: Object) -> None:
        await self._turn()
        client = self._ctx.virtual.client
        if event.get("count", 1) == 1:
            with suppress(AlreadyExists):  # as after a restart; then it may have become more meanwhile
                await client.create(EVENTS, event)
                return
        await client.apply(EVENTS, event, field_manager=COMPONENT)

    def _involved(self, event: Object) -> Object | None:
        """The virtual object that a host event is about, if it is ours and still the same one."""
        about = event["involvedObject"]
        resource = self._resource_of(about)
        if resource is None:  # a custom resource that has gone meanwhile
            return None
        host = self._ctx.host[resource].get(self._ctx.namespace, about.get("name", ""))
        if host is None or about.get("uid") not in (None, "", uid(host)):
            return None
        name = virtual_name_of(host, scope=self._ctx.scope, kind=resource.kind)
        virtual = self._ctx.in_virtual(resource, name) if name is not None else None
        if virtual is None or virtual_uid_of(host) != uid(virtual):
            return None
        return virtual


def _empty(event: Object) -> Object:
    """What is kept of an event about a kind of no interest: what a watch needs to go on."""
    return {
        "metadata": {
            "name": event["metadata"]["name"],
            "resourceVersion": event["metadata"]["resourceVersion"],
        }
    }


def _now() -> float:
    return asyncio.get_running_loop().time()


def _is_normal(event: Object) -> bool:
    return event.get("type") != "Warning"


def _age(event: Object) -> float:
    """Seconds since it last happened."""
    metadata = event.get("metadata") or {}
    last = event.get("lastTimestamp") or event.get("eventTime") or metadata.get("creationTimestamp")
    if not last:
        return _RECENT
    return time.time() - datetime.fromisoformat(last).timestamp()
