"""What rendering must know of the host, found out by the operations."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """The StorageClass that the claim will get.

    Attributes:
        name: of the class, empty when it is the host's default or that of a claim that is there already.
    """

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The host, as far as the control plane's objects depend on it.

    Attributes:
        storage: the class that a claim gets, None if a claim would get none.
        features: names of those in `vcli.controlplane.rights` whose rights can be given to the syncer.
        closed: other namespaces in which the syncer can't be given rights.
        api_ports: of the host's API server, if they could be read and the values ask for them.
    """

    storage: Storage | None = None
    features: frozenset[str] = frozenset()
    api_ports: tuple[int, ...] = ()
    closed: frozenset[str] = frozenset()
