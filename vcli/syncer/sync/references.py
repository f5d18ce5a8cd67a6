"""Which ConfigMaps and Secrets the host needs: those that a synced object refers to, of whatever kind."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from vcli.kube.resources import Resource
from vcli.syncer.engine.caches import Caches
from vcli.syncer.engine.context import Object
from vcli.syncer.engine.enqueue import Change
from vcli.syncer.engine.schedule import INITIAL, NORMAL
from vcli.syncer.translate.names import VirtualName


class ConfigName(NamedTuple):
    """A virtual ConfigMap or Secret."""

    kind: str
    name: VirtualName


class ReferenceIndex:
    """Counts, for each ConfigMap and Secret, the objects that refer to it.

    Args:
        virtual: the virtual cluster, where those objects are.
    """

    def __init__(self, virtual: Caches) -> None:
        self._virtual = virtual
        self._count: dict[ConfigName, int] = {}
        self._handlers: list[Callable[[ConfigName, int], None]] = []

    def register(
        self,
        resource: Resource,
        references: Callable[[Object], Iterable[ConfigName]],
        *,
        predicate: Change | None = None,
    ) -> None:
        """Count the references of all objects of a kind, which must have a cache, from now on.

        Args:
            resource: the kind.
            references: what an object refers to; the same each time for the same object.
            predicate: False for a change that leaves the references as they are: where that is cheaper.
        """
        informer = self._virtual[resource]

        def changed(old: Object | None, new: Object | None) -> None:
            if predicate is not None and not predicate(old, new):
                return
            before, after = (set(references(obj)) if obj is not None else set() for obj in (old, new))
            priority = NORMAL if informer.synced else INITIAL
            for name in after - before:
                self._add(name, 1, priority)
            for name in before - after:
                self._add(name, -1, priority)

        informer.subscribe(changed)

    def forget(self, resource: Resource, references: Callable[[Object], Iterable[ConfigName]]) -> None:
        """Count the references of a kind no more; its cache must have stopped to change."""
        for obj in self._virtual[resource].items():
            for name in set(references(obj)):
                self._add(name, -1, NORMAL)

    def is_referenced(self, name: ConfigName) -> bool:
        """Whether any object refers to it."""
        return name in self._count

    def subscribe(self, handler: Callable[[ConfigName, int], None]) -> None:
        """Call ``handler(name, priority)`` when the first reference comes, and when the last one goes."""
        self._handlers.append(handler)

    def _add(self, name: ConfigName, change: int, priority: int) -> None:
        before = self._count.get(name, 0)
        after = before + change
        if after:
            self._count[name] = after
        else:
            self._count.pop(name, None)
        if bool(before) != bool(after):
            for handler in self._handlers:
                handler(name, priority)
