"""Which objects of the host are mirrored in a namespace, and as what: ``mappings.byName`` of the values."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from vcli.contract.mappings import parse_all
from vcli.syncer.translate.names import VirtualName


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
        self._entries = [
            each._replace(host_namespace=each.host_namespace or own) for each in parse_all(by_name)
        ]

    @property
    def host_namespaces(self) -> set[str]:
        """The namespaces of the host that any of the objects are in."""
        return {each.host_namespace for each in self._entries}

    def to_virtual(self, host: HostObject) -> VirtualName | None:
        """As what an object of the host is mirrored; None: it is not."""
        for each in self._entries:
            target = each.target_of(host.name) if each.host_namespace == host.namespace else None
            if target is not None:
                return VirtualName(*target)
        return None

    def to_host(self, virtual: VirtualName) -> Iterator[HostObject]:
        """The objects of the host that may be mirrored as this one; the first one that is there counts."""
        for each in self._entries:
            name = each.source_of(*virtual)
            if name is not None:
                host = HostObject(each.host_namespace, name)
                if self.to_virtual(host) == virtual:
                    yield host
