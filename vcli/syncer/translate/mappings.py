"""Which objects of the host are mirrored in a namespace, and as what: ``mappings.byName`` of the values."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from vcli.syncer.translate.names import VirtualName

_ALL: Final = "*"


class HostObject(NamedTuple):
    """An object of the host, in a namespace."""

    namespace: str
    name: str


class Mappings:
    """Host objects to virtual ones: ``infra/gateway: web/gateway``, ``infra/*: web/*``.

    On the host a namespace that is left out is that of the virtual cluster, and ``""`` all objects in it. A
    name goes before a ``*``.

    Args:
        by_name: as in the values.
        own: the host namespace of the virtual cluster.
    """

    def __init__(self, by_name: Mapping[str, str], *, own: str) -> None:
        self._objects: dict[HostObject, VirtualName] = {}
        self._namespaces: dict[str, str] = {}
        for host, virtual in by_name.items():
            (there, name), (namespace, shown) = _parts(host), _parts(virtual)
            if name == _ALL:
                self._namespaces[there or own] = namespace
            else:
                self._objects[HostObject(there or own, name)] = VirtualName(namespace, shown)

    @property
    def host_namespaces(self) -> set[str]:
        """The namespaces of the host that any of the objects are in."""
        return {*self._namespaces, *(each.namespace for each in self._objects)}

    def to_virtual(self, host: HostObject) -> VirtualName | None:
        """As what an object of the host is mirrored; None: it is not."""
        if host in self._objects:
            return self._objects[host]
        namespace = self._namespaces.get(host.namespace)
        return None if namespace is None else VirtualName(namespace, host.name)

    def to_host(self, virtual: VirtualName) -> Iterator[HostObject]:
        """The objects of the host that may be mirrored as this one; the first one that is there counts."""
        for host, name in self._objects.items():
            if name == virtual:
                yield host
        for there, namespace in self._namespaces.items():
            host = HostObject(there, virtual.name)
            if namespace == virtual.namespace and host not in self._objects:
                yield host


def _parts(text: str) -> tuple[str, str]:
    """Namespace and name; ``""`` has neither: all."""
    namespace, _, name = text.partition("/")
    return namespace, name or _ALL
