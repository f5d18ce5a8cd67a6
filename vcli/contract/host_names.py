"""Host names for virtual names.

``NAME-x-NAMESPACE-x-VC`` wherever that is a name of at most 63 characters and nothing else could have made
it; otherwise its first 52 characters, ``-`` and ten hex digits of the sha256 of the parts. Names of the
first form never end like the second, so no two virtual names ever meet on one host name. Going back is by
annotation, never by parsing.
"""

import hashlib
import re
from functools import lru_cache
from typing import Final, NamedTuple, NewType

HostName = NewType("HostName", str)
"""The name of an object on the host."""


class VirtualName(NamedTuple):
    """An object in the virtual cluster; the namespace is empty for a cluster-scoped one."""

    namespace: str
    name: str


_SEPARATOR: Final = "-x-"
_LONGEST: Final = 63
_KEPT: Final = 52
_DIGITS: Final = 10
_OVERLAPPING_SEPARATORS: Final = re.compile(rf"(?={_SEPARATOR})")
_LOOKS_HASHED: Final = re.compile(rf"(?:^|-)[0-9a-f]{{{_DIGITS}}}$")


def host_name(name: VirtualName, cluster: str) -> HostName:
    """The host name of a namespaced virtual object.

    Valid wherever the virtual name is: for a DNS label, a DNS subdomain, and for what must start with a
    letter.
    """
    return _joined("", name.name, name.namespace, cluster)


def derived_name(name: VirtualName, cluster: str, *, role: str) -> HostName:
    """The name of a further host object made for ``name``, which no virtual object's host name can be."""
    return _joined(role, name.name, name.namespace, cluster)


def host_cluster_name(name: str, host_namespace: str, cluster: str) -> HostName:
    """The host name of a cluster-scoped virtual object: ``vcli-NAME-x-HOSTNAMESPACE-x-VC``."""
    return _joined("", f"vcli-{name}", host_namespace, cluster)


@lru_cache(maxsize=2048)  # each event of an object asks for its name several times
def _joined(role: str, *parts: str) -> HostName:
    plain = _SEPARATOR.join(parts)
    if not role and len(plain) <= _LONGEST and _is_unambiguous(plain, separators=len(parts) - 1):
        return HostName(plain)
    digest = hashlib.sha256("/".join((role, *parts)).encode()).hexdigest()[:_DIGITS]
    # Cut at a dot or dash, the name would be no DNS name: "a.-1b2c".
    return HostName(f"{plain[:_KEPT].rstrip('.-')}-{digest}")


def _is_unambiguous(plain: str, *, separators: int) -> bool:
    # One more separator than we put in, overlapping ones included (a-x + x-b), and the parts could be cut
    # elsewhere.
    return len(_OVERLAPPING_SEPARATORS.findall(plain)) == separators and not _LOOKS_HASHED.search(plain)
