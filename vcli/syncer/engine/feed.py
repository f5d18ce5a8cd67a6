"""From what happens in a cache to names in a queue."""

from collections.abc import Callable, Iterable
from typing import Any

from vcli.kube.informer import Informer
from vcli.syncer.engine.queue import WorkQueue
from vcli.syncer.engine.schedule import INITIAL, NORMAL, URGENT, Key
from vcli.syncer.engine.world import name_of
from vcli.syncer.translate.metadata import virtual_name_of
from vcli.syncer.translate.names import VirtualName
from vcli.syncer.translate.scope import Scope

Object = dict[str, Any]


def feed(
    informer: Informer,
    queue: WorkQueue[Key],
    keys: Callable[[Object], Iterable[Key]],
    *,
    when: Callable[[Object | None, Object | None], bool] | None = None,
    urgent: Callable[[Object | None, Object | None], bool] | None = None,
) -> None:
    """Queue the keys of every object that appears, changes or goes.

    What the first list brings goes in at low priority.

    Args:
        informer: the cache to listen to.
        queue: where the keys go.
        keys: the keys that an object concerns.
        when: whether a change from old to new (either may be None) matters; by default each does.
        urgent: whether it goes before the others.
    """

    def changed(old: Object | None, new: Object | None) -> None:
        if when is not None and not when(old, new):
            return
        priority = NORMAL if informer.synced else INITIAL
        if urgent is not None and urgent(old, new):
            priority = URGENT
        if new is not None:
            for key in keys(new):
                queue.add(key, priority=priority)
        if old is not None:
            for key in keys(old):
                queue.add(key, priority=priority)

    informer.subscribe(changed)


def feed_virtual(informer: Informer, queue: WorkQueue[VirtualName]) -> None:
    """Queue the names of virtual objects."""
    feed(informer, queue, lambda obj: (name_of(obj),))


def feed_host(
    informer: Informer,
    queue: WorkQueue[VirtualName],
    *,
    kind: str,
    scope: Scope,
    urgent: Callable[[Object | None, Object | None], bool] | None = None,
) -> None:
    """Queue the virtual names of host objects of ours."""

    def owner(obj: Object) -> Iterable[VirtualName]:
        name = virtual_name_of(obj, scope=scope, kind=kind)
        return () if name is None else (name,)

    feed(informer, queue, owner, urgent=urgent)


def appeared_or_gone(old: Object | None, new: Object | None) -> bool:
    """For `feed`: what merely changed does not matter."""
    return old is None or new is None
