"""Where a virtual cluster lives on its host."""

from dataclasses import dataclass

from vcli.kube.types import OwnerReference
from vcli.syncer.translate.allowed import Allowed


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """One virtual cluster in one host namespace.

    Attributes:
        cluster: its name.
        host_namespace: the namespace that all its host objects are in.
        owner: ownerReference to the Service of its control plane, on every object that we make:
            deleting that one Service removes everything.
        allowed: the labels and annotations of tenants that pass to the host; None: all do.
    """

    cluster: str
    host_namespace: str
    owner: OwnerReference
    allowed: Allowed | None = None
