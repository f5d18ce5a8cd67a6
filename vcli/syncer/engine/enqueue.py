"""From what happens in a cache to names in a queue."""

from collections.abc import Callable, Iterable

from vcli.kube.informer import Informer
from vcli.kube.types import Object
from vcli.syncer.engine.context import name_of
from vcli.syncer.engine.queue import WorkQueue
from vcli.syncer.engine.schedule import INITIAL, NORMAL, Key
from vcli.syncer.translate.metadata import virtual_name_of
from vcli.syncer.translate.names import VirtualName
from vcli.syncer.translate.scope import Scope

Change = Callable[[Object | None, Object | None], bool]
"""Of an object as it was and as it is; either may be None."""


def enqueue_on(
    informer: Informer,
    queue: WorkQueue[Key],
    keys: Callable[[Object], Iterable[Key]],
    *,
    predicate: Change | None = None,
    priority: Callable[[Object | None, Object | None], int] | None = None,
) -> None:
    """Queue the keys of every object that is created, changed or deleted.

    What the first list brings goes in at low priority.

    Args:
        informer: the cache to listen to.
        queue: where the keys go.
        keys: the keys that an object concerns.
        predicate: whether a change matters; by default each does.
        priority: of a change that comes by the watch.
    """

    def changed(old: Object | None, new: Object | None) -> None:
        if predicate is not None and not predicate(old, new):
            return
        place = INITIAL if not informer.synced else priority(old, new) if priority is not None else NORMAL
        for obj in (new, old):
            if obj is not None:
                for key in keys(obj):
                    queue.add(key, priority=place)

    informer.subscribe(changed)


def enqueue_on_virtual(informer: Informer, queue: WorkQueue[VirtualName]) -> None:
    """Queue the names of virtual objects."""
    enqueue_on(informer, queue, lambda obj: (name_of(obj),))


def enqueue_on_host(
    informer: Informer,
    queue: WorkQueue[VirtualName],
    *,
    kind: str,
    scope: Scope,
    priority: Callable[[Object | None, Object | None], int] | None = None,
) -> None:
    """Queue the virtual names of host objects of ours."""

    def owner(obj: Object) -> Iterable[VirtualName]:
        name = virtual_name_of(obj, scope=scope, kind=kind)
        return () if name is None else (name,)

    enqueue_on(informer, queue, owner, priority=priority)


def created_or_deleted(old: Object | None, new: Object | None) -> bool:
    """For `enqueue_on`: what merely changed does not matter."""
    return old is None or new is None
