"""What a command has learned of a virtual cluster already, so that connecting does not ask for it again."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

from vcli.controlplane.names import Names
from vcli.kube.types import Object
from vcli.operations.credentials import Credentials, from_secret
from vcli.operations.resolve import VirtualCluster


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A virtual cluster that was created or changed just now.

    Attributes:
        cluster: it.
        credentials: of its administrator; None when they are not known.
        service: the control plane's, as the host answered it; None when it is not known.
    """

    cluster: VirtualCluster
    credentials: Credentials | None = field(default=None, repr=False)
    service: Object | None = field(default=None, repr=False)

    @classmethod
    def of(cls, cluster: VirtualCluster, objects: Iterable[Object]) -> Self:
        """What its objects tell.

        Args:
            cluster: the virtual cluster.
            objects: of its control plane, as the host answered them.
        """
        names = Names(cluster.name, cluster.namespace)
        found = {(each.get("kind"), each["metadata"]["name"]): each for each in objects}
        secret = found.get(("Secret", names.access))
        return cls(
            cluster=cluster,
            credentials=from_secret(secret) if secret else None,
            service=found.get(("Service", names.service)),
        )
