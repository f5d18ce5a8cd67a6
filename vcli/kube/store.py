"""The objects of an informer: by name, by index, and the rules for which of two versions wins.

Three sources write here and race: the watch (in order, late), lists, and answers to our own writes (early).
All carry resourceVersions, which Kubernetes promises to be comparable integers since 1.35, and which etcd
made so all along. No asyncio here, so each rule can be tested by itself.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from vcli.kube.types import Object

Key = tuple[str, str]  # namespace ("" for cluster-scoped), name
Change = tuple[Object | None, Object | None]  # old, new
Indexer = Callable[[Object], Iterable[str]]


class Store:
    """Objects by key. Every method that changes something returns what changed."""

    def __init__(self, indexers: Mapping[str, Indexer]) -> None:
        self._objects: dict[Key, Object] = {}
        self._indexers = indexers
        self._indexes: dict[str, dict[str, dict[Key, None]]] = {name: {} for name in indexers}
        self._seen = 0

    def get(self, key: Key) -> Object | None:
        """The object under this key."""
        return self._objects.get(key)

    def items(self) -> list[Object]:
        """All of them."""
        return list(self._objects.values())

    def by_index(self, index: str, value: str) -> list[Object]:
        """Those that an indexer filed under a value."""
        return [self._objects[key] for key in self._indexes[index].get(value, ())]

    def put(self, obj: Object) -> list[Change]:
        """An ADDED or MODIFIED event; one that our own write overtook changes nothing."""
        self._seen = max(self._seen, _version(obj))
        return self._set(obj)

    def delete(self, obj: Object) -> list[Change]:
        """A DELETED event, whose object carries the version of the deletion.

        One older than what is here is about a former object of that name, which our own write replaced.
        """
        self._seen = max(self._seen, _version(obj))
        old = self._objects.get(_key(obj))
        if old is None or _version(old) > _version(obj):
            return []
        return [self._remove(_key(obj), old)]

    def seen(self, version: str) -> list[Change]:
        """A bookmark: all events up to this version have been seen."""
        self._seen = max(self._seen, int(version))
        return []

    def write_through(self, obj: Object) -> list[Change]:
        """An answer to our own write: taken only if it is newer than all that has been seen."""
        return self._set(obj) if _version(obj) > self._seen else []

    def replace(self, items: Iterable[Object], *, version: str) -> list[Change]:
        """A whole list, as of ``version``.

        What is here and newer than the list came from our own write after the list was made, and stays. A
        list older than what was seen means that the store behind the API was restored from a backup: then
        the list alone is true.
        """
        listed = int(version)
        restored = listed < self._seen
        self._seen = listed
        changes: list[Change] = []
        gone = dict(self._objects)
        for obj in items:
            gone.pop(_key(obj), None)
            changes += self._set(obj, force=restored)
        changes += [
            self._remove(key, old) for key, old in gone.items() if restored or _version(old) <= listed
        ]
        return changes

    def _set(self, obj: Object, *, force: bool = False) -> list[Change]:
        key = _key(obj)
        old = self._objects.get(key)
        if old is not None:
            older = _version(obj) - _version(old)
            if older == 0 or (older < 0 and not force):
                return []
            self._unfile(key, old)
        self._objects[key] = obj
        for name, indexer in self._indexers.items():
            for value in _values(indexer, obj):
                self._indexes[name].setdefault(value, {})[key] = None
        return [(old, obj)]

    def _remove(self, key: Key, old: Object) -> Change:
        self._unfile(key, old)
        del self._objects[key]
        return old, None

    def _unfile(self, key: Key, obj: Object) -> None:
        for name, indexer in self._indexers.items():
            index = self._indexes[name]
            for value in _values(indexer, obj):
                keys = index.get(value)
                if keys is not None:
                    keys.pop(key, None)
                    if not keys:
                        del index[value]


def _values(indexer: Indexer, obj: Object) -> list[str]:
    """Where an object is filed: nowhere, where a field of it is of another type than the API gives it."""
    try:
        found: Iterable[Any] = indexer(obj)
        return [value for value in found if isinstance(value, str)]
    except (AttributeError, LookupError, TypeError, ValueError):
        return []


def _key(obj: Object) -> Key:
    metadata = obj["metadata"]
    return metadata.get("namespace") or "", metadata["name"]


def _version(obj: Object) -> int:
    return int(obj["metadata"]["resourceVersion"])
