"""Objects of the host that the values name, and what they are called in the virtual cluster."""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

ANY: Final = "*"
"""In place of a name: all objects of the namespace."""
NAMESPACE: Final = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
NAME: Final = r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?"

_ON_HOST: Final = re.compile(rf"(({NAMESPACE})?/({NAME}|\*))?")
_ALL_INSIDE: Final = re.compile(rf"{NAMESPACE}(/\*)?")
_ONE_INSIDE: Final = re.compile(rf"{NAMESPACE}/{NAME}")


class NameMapping(NamedTuple):
    """One entry of ``mappings.byName``.

    Attributes:
        host_namespace: empty for that of the virtual cluster.
        host_name: of the object, or `ANY`.
        namespace: in the virtual cluster.
        name: there; `ANY` where ``host_name`` is, and then the names are the host's.
    """

    host_namespace: str
    host_name: str
    namespace: str
    name: str

    @property
    def is_for_all(self) -> bool:
        """Whether it is about all objects of a namespace."""
        return self.host_name == ANY

    @property
    def target(self) -> str:
        """What it makes, as the values have it."""
        return f"{self.namespace}/{self.name}"

    def target_of(self, host_name: str) -> tuple[str, str] | None:
        """Namespace and name in the virtual cluster of an object in ``host_namespace``, if it is meant."""
        if self.is_for_all:
            return self.namespace, host_name
        return (self.namespace, self.name) if host_name == self.host_name else None

    def source_of(self, namespace: str, name: str) -> str | None:
        """The name in ``host_namespace`` of what is shown under a virtual name; None if it shows nothing."""
        if namespace != self.namespace or (not self.is_for_all and name != self.name):
            return None
        return name if self.is_for_all else self.host_name


def parse(on_host: str, inside: str) -> NameMapping:
    """One entry: what the host has, and what it is called in the virtual cluster.

    Args:
        on_host: ``NAMESPACE/NAME``, ``NAMESPACE/*``; ``/NAME`` and the empty string, which is all of them,
            for the namespace of the virtual cluster.
        inside: ``NAMESPACE/NAME``; for all of a namespace ``NAMESPACE/*`` or ``NAMESPACE``.

    Raises:
        ValueError: it is none.
    """
    if not _ON_HOST.fullmatch(on_host):
        raise ValueError(f"{on_host!r} is not NAMESPACE/NAME, NAMESPACE/*, /NAME or the empty string")
    host_namespace, _, host_name = (on_host or "/*").partition("/")
    namespace, _, name = inside.partition("/")
    if host_name == ANY:
        if not _ALL_INSIDE.fullmatch(inside):
            raise ValueError(f"{inside!r} is not NAMESPACE/* or NAMESPACE")
        return NameMapping(host_namespace, ANY, namespace, ANY)
    if not _ONE_INSIDE.fullmatch(inside):
        raise ValueError(f"{inside!r} is not NAMESPACE/NAME")
    return NameMapping(host_namespace, host_name, namespace, name)


def parse_all(by_name: Mapping[str, str]) -> list[NameMapping]:
    """All entries: first those of one object, each in the order of the host's names.

    Raises:
        ValueError: one of them is none.
    """
    found = [parse(on_host, inside) for on_host, inside in sorted(by_name.items())]
    return sorted(found, key=lambda each: each.is_for_all)
